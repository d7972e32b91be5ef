"""Sessions in Postgres."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import REFRESH_TOKENS, SESSIONS
from services.auth.domain.session import RefreshToken, Session


@dataclass(frozen=True, slots=True)
class SqlSessions:
    """Implements the port Sessions."""

    connection: AsyncConnection

    async def add(self, session: Session) -> None:
        """Adds a session, and forgets those of its user that have ended by themselves."""
        mine = SESSIONS.c.user_id == session.user_id
        over = SESSIONS.c.expire_time <= session.create_time
        await self.connection.execute(delete(SESSIONS).where(mine, over))
        await self.connection.execute(
            insert(SESSIONS).values(
                session_id=session.session_id,
                user_id=session.user_id,
                create_time=session.create_time,
                expire_time=session.expire_time,
            )
        )

    async def add_token(self, token_hash: bytes, *, session: Session, now: datetime) -> None:
        """Adds a refresh token to a session."""
        await self.connection.execute(
            insert(REFRESH_TOKENS).values(
                token_hash=token_hash, session_id=session.session_id, create_time=now
            )
        )

    async def find_token(self, token_hash: bytes) -> RefreshToken | None:
        """Returns a refresh token and keeps others from it until this transaction ends."""
        same = REFRESH_TOKENS.c.session_id == SESSIONS.c.session_id
        query = (
            select(REFRESH_TOKENS.c.use_time, SESSIONS)
            .join_from(REFRESH_TOKENS, SESSIONS, same)
            .where(REFRESH_TOKENS.c.token_hash == token_hash)
            .with_for_update()
        )
        row = (await self.connection.execute(query)).first()
        if row is None:
            return None
        session = Session(
            row.session_id, row.user_id, row.create_time, row.expire_time, row.end_time
        )
        return RefreshToken(session, row.use_time)

    async def mark_used(self, token_hash: bytes, *, now: datetime) -> None:
        """Says that a refresh token has bought its successor."""
        token = REFRESH_TOKENS.c.token_hash == token_hash
        await self.connection.execute(update(REFRESH_TOKENS).where(token).values(use_time=now))

    async def end(self, session_id: str, *, now: datetime) -> None:
        """Ends a session with all its tokens."""
        session = SESSIONS.c.session_id == session_id
        await self.connection.execute(update(SESSIONS).where(session).values(end_time=now))
