"""Where something is counted: in which spans of time, and for whom."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.analytics.domain.facts import EVERYBODY
from services.analytics.domain.span import Span

# The streams keep messages for 30 days; what claims to be older, or to come, has a wrong clock.
OLDEST = timedelta(days=35)
NEWEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span of time, for one user or for everybody."""

    user_id: str
    # The value of a Span: text, so that places can be sorted.
    span: str
    start: datetime


def minute_of(time: datetime | None, *, now: datetime) -> datetime:
    """Returns the minute that something counts in: the present one if its time is absurd."""
    moment = time if time and now - OLDEST <= time <= now + NEWEST else now
    return Span.MINUTE.floor(moment)


def places(minute: datetime, *, user_id: str) -> tuple[Place, ...]:
    """Returns every place where what happened to a user in a minute is counted."""
    return tuple(
        Place(whose, span.value, span.floor(minute))
        for whose in (user_id, EVERYBODY)
        for span in Span
    )
