"""Lists sessions."""

from dataclasses import dataclass

from services.auth.domain.session import Session
from services.auth.usecases.ports import Begin, Position
from services.kernel.caller import Caller
from services.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ListSessions:
    """Lists the caller's sessions that have not ended, newest first."""

    begin: Begin
    clock: Clock

    async def __call__(
        self, caller: Caller, *, after: Position | None, limit: int
    ) -> list[Session]:
        """Returns at most `limit` sessions that come after a position."""
        now = self.clock.now()
        async with self.begin() as tx:
            return await tx.sessions.list(caller.user_id, now=now, after=after, limit=limit)
