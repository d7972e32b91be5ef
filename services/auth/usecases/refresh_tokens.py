"""Exchanges a refresh token for the next pair."""

from dataclasses import dataclass

from services.auth.domain.revocation import Revocation
from services.auth.domain.session import Judgement, Tokens, hash_refresh_token, judge
from services.auth.usecases.issue_tokens import IssueTokens
from services.auth.usecases.ports import Begin
from services.kernel.clock import Clock
from services.kernel.errors import InvalidCredential


@dataclass(frozen=True, slots=True)
class RefreshTokens:
    """Exchanges a refresh token, once; its second use ends the session."""

    begin: Begin
    issue: IssueTokens
    clock: Clock

    async def __call__(self, refresh_token: str) -> Tokens:
        """Returns the next tokens. Raises InvalidCredential."""
        token_hash = hash_refresh_token(refresh_token)
        now = self.clock.now()
        async with self.begin() as tx:
            token = await tx.sessions.find_token(token_hash)
            judgement = judge(token, now=now)
            if token is not None and judgement is Judgement.ROTATE:
                user = await tx.users.get(token.session.user_id)
                if user is not None:
                    await tx.sessions.mark_used(token_hash, now=now)
                    return await self.issue(tx, session=token.session, user=user, now=now)
            if token is not None and judgement is Judgement.END_SESSION:
                session_id = token.session.session_id
                await tx.sessions.end(session_id, now=now)
                await tx.revocations.append([Revocation(session_id=session_id)], now=now)
        # Only now: an exception inside would undo the session's end.
        raise InvalidCredential
