from datetime import datetime, timedelta
from typing import Any

import pytest

from services.analytics.domain.facts import EVERYBODY, Event
from services.analytics.domain.measures import Measures, Route, roll_up
from services.analytics.domain.place import Place, minute_of, places
from tests.unit.analytics.samples import NOON, a_request


@pytest.mark.parametrize(
    ("status", "failed"),
    [(200, False), (302, False), (399, False), (400, True), (502, True), (0, True)],
)
def test_a_status_of_400_or_more_or_none_is_a_failure(status: int, *, failed: bool):
    assert a_request(status=status).failed is failed


@pytest.mark.parametrize(
    "broken",
    [
        {"request_id": ""},
        {"request_id": "x" * 201},
        {"model": "a\0b"},
        {"user_id": EVERYBODY},
        {"input_tokens": -1},
        {"output_tokens": 2**62},
        {"cost_nanos": -1},
        {"cost_nanos": 2**62},
        {"duration_ms": -1},
        {"first_byte_ms": -1},
    ],
)
def test_a_request_that_cant_be_counted_is_refused(broken: dict[str, Any]):
    with pytest.raises(ValueError, match=r".+"):
        a_request(**broken)


@pytest.mark.parametrize(
    ("event_id", "kind"), [("", "a"), ("1", ""), ("1", "a\0"), ("1", "a" * 201)]
)
def test_an_event_that_cant_be_counted_is_refused(event_id: str, kind: str):
    with pytest.raises(ValueError, match=r".+"):
        Event(event_id, kind, "ann", NOON)


def test_a_request_and_an_event_with_one_id_are_two_things():
    assert a_request("7").identity != Event("7", "ai_usage", "ann", NOON).identity


def test_a_fact_counts_in_its_minute_hour_and_day_for_its_user_and_for_everybody():
    moment = NOON + timedelta(hours=1, minutes=2, seconds=3)
    day, hour, minute = NOON.replace(hour=0), NOON.replace(hour=13), NOON.replace(hour=13, minute=2)
    assert set(places(minute_of(moment, now=moment), user_id="ann")) == {
        Place(whose, span, start)
        for whose in ("ann", EVERYBODY)
        for span, start in (("minute", minute), ("hour", hour), ("day", day))
    }


@pytest.mark.parametrize(
    "absurd",
    [None, NOON - timedelta(days=36), NOON + timedelta(minutes=11), NOON.replace(year=9999)],
)
def test_an_absurd_time_counts_as_the_present(absurd: datetime | None):
    assert minute_of(absurd, now=NOON + timedelta(seconds=9)) == NOON


def test_measures_add_up_by_place_and_route():
    requests = [
        a_request("1", duration_ms=100, first_byte_ms=50),
        a_request(
            "2", duration_ms=None, first_byte_ms=None, status=0, output_tokens=0, cost_nanos=0
        ),
        a_request("3", provider_id="", status=503),
    ]
    rolled = roll_up(requests, now=NOON)
    minute = Place("ann", "minute", NOON)
    served = rolled[minute, Route("demo-chat", "demo")]
    assert (served.requests, served.errors, served.input_tokens, served.output_tokens) == (
        2,
        1,
        200,
        20,
    )
    assert (served.cost_nanos, served.duration.total, served.first_byte.total) == (7_000, 1, 1)
    unserved = rolled[minute, Route("demo-chat", "")]
    assert (unserved.requests, unserved.errors) == (1, 1)
    assert (
        rolled[Place(EVERYBODY, "day", NOON.replace(hour=0)), Route("demo-chat", "demo")] == served
    )


def test_measuring_in_parts_is_measuring_at_once():
    requests = [a_request(str(number), duration_ms=number) for number in range(5)]
    assert Measures.of(requests[:2]) + Measures.of(requests[2:]) == Measures.of(requests)
