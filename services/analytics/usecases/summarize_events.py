"""Tells how many events of each type there were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain.visibility import whose
from services.analytics.domain.window import Window
from services.analytics.usecases.ports import Begin
from services.kernel.caller import Caller
from services.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class EventsQuestion:
    """What a caller wants to know. Empty and None mean the widest that makes sense."""

    user_id: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class SummarizeEvents:
    """Counts events by type. Raises InvalidField and NotFound."""

    begin: Begin
    clock: Clock

    async def __call__(self, question: EventsQuestion, *, caller: Caller) -> Mapping[str, int]:
        """Answers a caller's question; types are in alphabetical order."""
        user_id = whose(question.user_id, caller=caller)
        window = Window.of(question.start, end=question.end, now=self.clock.now())
        async with self.begin() as tx:
            found = await tx.events.read(user_id, window=window)
        return dict(sorted(found.items()))
