"""Tells how models and providers are used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain.measures import Measures, Route
from services.analytics.domain.visibility import whose
from services.analytics.domain.window import Window
from services.analytics.usecases.ports import Begin, UsageQuery
from services.kernel.caller import Caller
from services.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class MetricsQuestion:
    """What a caller wants to know. Empty and None mean the widest that makes sense."""

    user_id: str = ""
    start: datetime | None = None
    end: datetime | None = None
    model: str = ""
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The measures of each route, sorted, and of all together."""

    total: Measures
    by_route: Mapping[Route, Measures]


@dataclass(frozen=True, slots=True)
class GetMetrics:
    """Measures requests. Raises InvalidField and NotFound."""

    begin: Begin
    clock: Clock

    async def __call__(self, question: MetricsQuestion, *, caller: Caller) -> Metrics:
        """Answers a caller's question."""
        query = UsageQuery(
            user_id=whose(question.user_id, caller=caller),
            window=Window.of(question.start, end=question.end, now=self.clock.now()),
            model=question.model,
            provider_id=question.provider_id,
        )
        async with self.begin() as tx:
            found = await tx.usage.read(query)
        return Metrics(total=sum(found.values(), Measures()), by_route=dict(sorted(found.items())))
