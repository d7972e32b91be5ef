"""Sessions in Postgres."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    delete,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import ID, REFRESH_TOKENS, SESSIONS
from services.auth.domain.session import RefreshToken, Session
from services.auth.usecases.ports import Position


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
        return RefreshToken(_session(row), row.use_time)

    async def mark_used(self, token_hash: bytes, *, now: datetime) -> None:
        """Says that a refresh token has bought its successor."""
        token = REFRESH_TOKENS.c.token_hash == token_hash
        await self.connection.execute(update(REFRESH_TOKENS).where(token).values(use_time=now))
        its_session = select(REFRESH_TOKENS.c.session_id).where(token).scalar_subquery()
        session = SESSIONS.c.session_id == its_session
        await self.connection.execute(update(SESSIONS).where(session).values(refresh_time=now))

    async def get_for_update(self, session_id: str, *, user_id: str) -> Session | None:
        """Returns a session of a user and keeps others from it until this transaction ends."""
        mine = SESSIONS.c.user_id == user_id
        query = select(SESSIONS).where(mine, SESSIONS.c.session_id == session_id)
        row = (await self.connection.execute(query.with_for_update())).first()
        return _session(row) if row else None

    async def end(self, session_id: str, *, now: datetime) -> None:
        """Ends a session with all its tokens."""
        session = SESSIONS.c.session_id == session_id
        await self.connection.execute(update(SESSIONS).where(session).values(end_time=now))

    async def end_all(self, user_id: str, *, but: str, now: datetime) -> list[str]:
        """Ends a user's sessions, but for one if it is named; returns the ids of those ended."""
        theirs = select(SESSIONS.c.session_id).where(_lasts(user_id, now=now))
        if but:
            theirs = theirs.where(SESSIONS.c.session_id != but)
        # In one order, so that two who do this at once don't wait for each other for ever.
        locked = theirs.order_by(SESSIONS.c.session_id).with_for_update()
        found = (await self.connection.execute(locked)).scalars().all()
        ended = update(SESSIONS).where(SESSIONS.c.session_id.in_(found)).values(end_time=now)
        await self.connection.execute(ended)
        return [*found]

    async def list(
        self, user_id: str, *, now: datetime, after: Position | None, limit: int
    ) -> list[Session]:
        """Returns sessions of a user that have not ended, newest first."""
        table = SESSIONS
        query = select(table).where(_lasts(user_id, now=now))
        if after is not None:
            order = tuple_(table.c.create_time, table.c.session_id)
            # A tuple does not lend its types to the values that it is compared with.
            query = query.where(order < tuple_(after.create_time, literal(after.identifier, ID)))
        query = query.order_by(table.c.create_time.desc(), table.c.session_id.desc()).limit(limit)
        return [_session(row) for row in (await self.connection.execute(query)).all()]


def _lasts(user_id: str, *, now: datetime) -> ColumnElement[bool]:
    table = SESSIONS
    return and_(table.c.user_id == user_id, table.c.end_time.is_(None), table.c.expire_time > now)


def _session(row: Row[Any]) -> Session:
    return Session(
        row.session_id,
        row.user_id,
        row.create_time,
        row.expire_time,
        row.end_time,
        row.refresh_time,
    )
