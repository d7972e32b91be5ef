from datetime import UTC, datetime, timedelta

import pytest

from services.analytics.domain.span import Span
from services.analytics.domain.window import Piece, Window
from services.kernel.errors import InvalidField

NOW = datetime(2026, 3, 4, 12, 34, 56, tzinfo=UTC)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_without_times_it_is_the_last_24_hours_and_the_present_minute():
    window = Window.of(None, end=None, now=NOW)
    assert window == Window(at(3, 12, 35), at(4, 12, 35))
    assert window.start < NOW < window.end


def test_without_a_start_it_is_the_24_hours_before_its_end():
    assert Window.of(None, end=at(2), now=NOW) == Window(at(1), at(2))


def test_it_begins_with_the_minute_of_its_start_and_ends_before_the_minute_of_its_end():
    window = Window.of(
        at(1, 1, 1) + timedelta(seconds=59), end=at(1, 1, 9) + timedelta(seconds=1), now=NOW
    )
    assert window == Window(at(1, 1, 1), at(1, 1, 9))


@pytest.mark.parametrize("start", [at(2), at(2, 0, 1)])
def test_a_start_that_is_not_before_the_end_is_refused(start: datetime):
    with pytest.raises(InvalidField) as refused:
        Window.of(start, end=at(2), now=NOW)
    assert refused.value.field == "start_time"


def test_a_start_in_the_future_is_refused():
    with pytest.raises(InvalidField):
        Window.of(NOW + timedelta(hours=1), end=None, now=NOW)


def test_366_days_are_the_most():
    longest = timedelta(days=366)
    assert Window.of(at(1) - longest, end=at(1), now=NOW).end == at(1)
    with pytest.raises(InvalidField):
        Window.of(at(1) - longest - timedelta(seconds=1), end=at(1), now=NOW)


def test_pieces_are_days_with_hours_and_minutes_at_the_ends():
    assert Window(at(1, 22, 58), at(4, 1, 2)).pieces() == (
        Piece(Span.MINUTE, at(1, 22, 58), at(1, 23)),
        Piece(Span.HOUR, at(1, 23), at(2)),
        Piece(Span.DAY, at(2), at(4)),
        Piece(Span.HOUR, at(4), at(4, 1)),
        Piece(Span.MINUTE, at(4, 1), at(4, 1, 2)),
    )


def test_a_window_within_an_hour_is_minutes():
    assert Window(at(1, 5, 1), at(1, 5, 3)).pieces() == (
        Piece(Span.MINUTE, at(1, 5, 1), at(1, 5, 3)),
    )


def test_an_empty_window_has_no_pieces():
    assert Window(at(1), at(1)).pieces() == ()


@pytest.mark.parametrize("minutes", [1, 59, 60, 61, 1439, 1440, 1441, 4320, 100_000])
@pytest.mark.parametrize("start", [at(1), at(1, 0, 1), at(1, 23, 59), at(2, 12, 30)])
def test_pieces_cover_each_minute_once(start: datetime, minutes: int):
    window = Window(start, start + timedelta(minutes=minutes))
    reached = start
    for piece in window.pieces():
        assert piece.start == reached
        assert piece.start < piece.end
        assert piece.span.floor(piece.start) == piece.start
        assert piece.span.floor(piece.end) == piece.end
        reached = piece.end
    assert reached == window.end
