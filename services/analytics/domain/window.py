"""The range of time that somebody asks about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.analytics.domain.span import Span
from services.kernel.errors import InvalidField

DEFAULT_RANGE = timedelta(hours=24)
LONGEST_RANGE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive spans of one length: from `start` on, before `end`."""

    span: Span
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """From the minute `start` on, before the minute `end`."""

    start: datetime
    end: datetime

    @staticmethod
    def of(start: datetime | None, *, end: datetime | None, now: datetime) -> "Window":
        """Returns the window asked for. Raises InvalidField.

        Without an end it lasts until now, the present minute included; without a start, it is the
        24 hours before its end.
        """
        until = end or Span.MINUTE.floor(now) + Span.MINUTE.length
        since = start or until - DEFAULT_RANGE
        if since >= until:
            raise InvalidField("start_time", "start_time must be before end_time.")
        if until - since > LONGEST_RANGE:
            raise InvalidField("start_time", "start_time must be at most 366 days before end_time.")
        return Window(Span.MINUTE.floor(since), Span.MINUTE.floor(until))

    def pieces(self) -> tuple[Piece, ...]:
        """Splits the window into whole days, and the hours and minutes at its two ends."""
        spans = (Span.DAY, Span.HOUR, Span.MINUTE)
        return tuple(_pieces(self.start, end=self.end, spans=spans))


def _pieces(start: datetime, *, end: datetime, spans: Sequence[Span]) -> list[Piece]:
    if start >= end:
        return []
    span, finer = spans[0], spans[1:]
    first, last = span.ceil(start), span.floor(end)
    if first >= last:
        return _pieces(start, end=end, spans=finer)
    before = _pieces(start, end=first, spans=finer)
    after = _pieces(last, end=end, spans=finer)
    return [*before, Piece(span, first, last), *after]
