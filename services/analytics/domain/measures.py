"""What is measured of requests, and how it adds up."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.analytics.domain.facts import Event, Request
from services.analytics.domain.histogram import Histogram
from services.analytics.domain.place import Place, minute_of, places


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """A model at a provider."""

    model: str
    provider_id: str


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of any number of requests."""

    requests: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nanos: int = 0
    duration: Histogram = field(default_factory=Histogram)
    first_byte: Histogram = field(default_factory=Histogram)

    @staticmethod
    def of(requests: Sequence[Request]) -> "Measures":
        """Measures requests."""
        durations = (each.duration_ms for each in requests)
        first_bytes = (each.first_byte_ms for each in requests)
        return Measures(
            requests=len(requests),
            errors=sum(each.failed for each in requests),
            input_tokens=sum(each.input_tokens for each in requests),
            output_tokens=sum(each.output_tokens for each in requests),
            cost_nanos=sum(each.cost_nanos for each in requests),
            duration=Histogram.of(value for value in durations if value is not None),
            first_byte=Histogram.of(value for value in first_bytes if value is not None),
        )

    def __add__(self, other: "Measures") -> "Measures":
        """Measures two sets of requests together."""
        return Measures(
            requests=self.requests + other.requests,
            errors=self.errors + other.errors,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_nanos=self.cost_nanos + other.cost_nanos,
            duration=self.duration + other.duration,
            first_byte=self.first_byte + other.first_byte,
        )


def roll_up(
    requests: Iterable[Request], *, now: datetime
) -> Mapping[tuple[Place, Route], Measures]:
    """Measures requests by the places and routes they count for."""
    alike: defaultdict[tuple[datetime, str, str, str], list[Request]] = defaultdict(list)
    for each in requests:
        minute = minute_of(each.time, now=now)
        alike[minute, each.user_id, each.model, each.provider_id].append(each)
    grouped: defaultdict[tuple[Place, Route], list[Request]] = defaultdict(list)
    for (minute, user_id, model, provider_id), group in alike.items():
        for place in places(minute, user_id=user_id):
            grouped[place, Route(model, provider_id)] += group
    return {key: Measures.of(group) for key, group in grouped.items()}


def tally(events: Iterable[Event], *, now: datetime) -> Mapping[tuple[Place, str], int]:
    """Counts events by the places they count for, and by type."""
    alike = Counter((minute_of(event.time, now=now), event.user_id, event.type) for event in events)
    counts: Counter[tuple[Place, str]] = Counter()
    for (minute, user_id, kind), count in alike.items():
        for place in places(minute, user_id=user_id):
            counts[place, kind] += count
    return counts
