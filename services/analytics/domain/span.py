"""Time in minutes, hours and days (UTC), the spans that things are counted in."""

from datetime import datetime, timedelta
from enum import Enum


class Span(Enum):
    """A length of time. Coarse spans make long ranges cheap, minutes make them exact."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    def floor(self, moment: datetime) -> datetime:
        """Returns when the span that holds a moment began."""
        start = moment.replace(second=0, microsecond=0)
        if self is Span.MINUTE:
            return start
        start = start.replace(minute=0)
        return start if self is Span.HOUR else start.replace(hour=0)

    def ceil(self, moment: datetime) -> datetime:
        """Returns the first beginning of a span that is not before a moment."""
        start = self.floor(moment)
        return start if start == moment else start + self.length

    @property
    def length(self) -> timedelta:
        """How long the span is."""
        return _LENGTHS[self]


_LENGTHS = {
    Span.MINUTE: timedelta(minutes=1),
    Span.HOUR: timedelta(hours=1),
    Span.DAY: timedelta(days=1),
}
