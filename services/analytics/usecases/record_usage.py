"""Counts requests that ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.analytics.domain.facts import Request
from services.analytics.domain.measures import roll_up, tally
from services.analytics.usecases.ports import Begin
from services.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class RecordUsage:
    """Counts each request once, however often it arrives."""

    begin: Begin
    clock: Clock

    async def __call__(self, requests: Sequence[Request]) -> None:
        """Counts the requests that are new."""
        now = self.clock.now()
        by_identity = {request.identity: request for request in requests}
        async with self.begin() as tx:
            new = await tx.seen.add(by_identity, at=now)
            counted = [by_identity[identity] for identity in new]
            await tx.usage.add(roll_up(counted, now=now))
            await tx.events.add(tally((each.as_event() for each in counted), now=now))
