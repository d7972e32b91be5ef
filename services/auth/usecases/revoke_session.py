"""Ends a session."""

from dataclasses import dataclass, replace

from services.auth.domain.revocation import Revocation
from services.auth.domain.session import Session
from services.auth.usecases.ports import Begin
from services.kernel.caller import Caller
from services.kernel.clock import Clock
from services.kernel.errors import NotFound
from services.kernel.ids import is_id


@dataclass(frozen=True, slots=True)
class RevokeSession:
    """Ends a session of the caller's with all its tokens; doing it again changes nothing."""

    begin: Begin
    clock: Clock

    async def __call__(self, session_id: str, *, caller: Caller) -> Session:
        """Returns the session. Raises NotFound when the caller has no such session."""
        if not is_id(session_id):
            raise NotFound("session", session_id)
        now = self.clock.now()
        async with self.begin() as tx:
            session = await tx.sessions.get_for_update(session_id, user_id=caller.user_id)
            if session is None:
                raise NotFound("session", session_id)
            if session.end_time is not None:
                return session
            await tx.sessions.end(session.session_id, now=now)
            # Last, because revocations wait for each other from here to the commit.
            await tx.revocations.append([Revocation(session_id=session.session_id)], now=now)
        return replace(session, end_time=now)
