"""Signs a user out everywhere."""

from dataclasses import dataclass

from services.auth.usecases.end_sessions import end_sessions
from services.auth.usecases.ports import Begin
from services.kernel.caller import Caller
from services.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class RevokeAllSessions:
    """Ends every session of the caller's."""

    begin: Begin
    clock: Clock

    async def __call__(self, caller: Caller) -> int:
        """Returns how many sessions have ended."""
        async with self.begin() as tx:
            return await end_sessions(tx, user_id=caller.user_id, now=self.clock.now())
