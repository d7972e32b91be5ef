"""Gives a session its next pair of tokens."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.auth.domain.session import (
    ACCESS_LIFE,
    Session,
    Tokens,
    hash_refresh_token,
    new_refresh_token,
)
from services.auth.domain.user import User
from services.auth.usecases.ports import TokenMint, Transaction


@dataclass(frozen=True, slots=True)
class IssueTokens:
    """Adds a refresh token to a session, within its caller's transaction."""

    mint: TokenMint

    async def __call__(
        self, tx: Transaction, *, session: Session, user: User, now: datetime
    ) -> Tokens:
        """Returns the tokens; no access token outlives its session."""
        refresh_token = new_refresh_token()
        await tx.sessions.add_token(hash_refresh_token(refresh_token), session=session, now=now)
        expire_time = min(now + ACCESS_LIFE, session.expire_time)
        caller = replace(user.caller, session_id=session.session_id)
        access_token = self.mint.access(caller, expire_time=expire_time)
        return Tokens(access_token, refresh_token, expire_time, session.expire_time)
