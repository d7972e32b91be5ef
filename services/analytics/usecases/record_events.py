"""Counts events."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.analytics.domain.facts import Event
from services.analytics.domain.measures import tally
from services.analytics.usecases.ports import Begin
from services.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class RecordEvents:
    """Counts each event once, however often it arrives."""

    begin: Begin
    clock: Clock

    async def __call__(self, events: Sequence[Event]) -> None:
        """Counts the events that are new."""
        now = self.clock.now()
        by_identity = {event.identity: event for event in events}
        async with self.begin() as tx:
            new = await tx.seen.add(by_identity, at=now)
            await tx.events.add(tally((by_identity[identity] for identity in new), now=now))
