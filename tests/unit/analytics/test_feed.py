from collections.abc import Sequence

import pytest
from aggregator.events.v1.event_pb2 import Event as WireEvent
from aggregator.proxy.v1 import proxy_events_pb2 as wire
from google.protobuf.timestamp_pb2 import Timestamp

from services.analytics.adapters.feed import FACTS_PER_TRANSACTION, Feed
from services.analytics.adapters.wire_facts import to_event, to_request
from tests.unit.analytics.samples import NOON

RECORD = wire.UsageRecorded(
    request_id="1",
    user_id="ann",
    model="demo-chat",
    provider_id="demo",
    amount_nanos=7,
    tokens=wire.TokenCounts(input=60, cached_input=40, output=20, reasoning=5),
    outcome=wire.OUTCOME_SETTLED,
    http_status=200,
    start_time=Timestamp(seconds=int(NOON.timestamp())),
    duration_ms=1000,
    first_byte_ms=200,
)


def changed(**fields: object) -> wire.UsageRecorded:
    record = wire.UsageRecorded()
    record.CopyFrom(RECORD)
    record.MergeFrom(wire.UsageRecorded(**fields))  # type: ignore[arg-type]
    return record


async def test_what_cant_be_counted_is_left_out_and_the_rest_recorded():
    recorded: list[int] = []

    async def record(facts: Sequence[int]) -> None:
        recorded.extend(facts)

    await Feed(int, record)(["1", "poison", "3"])
    assert recorded == [1, 3]


async def test_no_transaction_is_larger_than_its_bound():
    sizes: list[int] = []

    async def record(facts: Sequence[int]) -> None:
        sizes.append(len(facts))

    await Feed(int, record)(["1"] * (FACTS_PER_TRANSACTION + 1))
    assert sizes == [FACTS_PER_TRANSACTION, 1]


def test_cached_tokens_are_input_tokens():
    request = to_request(RECORD)
    assert (request.input_tokens, request.output_tokens, request.cost_nanos) == (100, 20, 7)
    assert (request.time, request.duration_ms, request.first_byte_ms) == (NOON, 1000, 200)


def test_the_duration_of_an_expired_request_is_unknown():
    assert to_request(changed(outcome=wire.OUTCOME_EXPIRED)).duration_ms is None


def test_an_outcome_of_the_future_counts_too():
    assert to_request(changed(outcome=77)).request_id == "1"


def test_no_first_byte_is_no_measurement():
    record = changed()
    record.first_byte_ms = 0
    assert to_request(record).first_byte_ms is None


@pytest.mark.parametrize("seconds", [2**62, -(2**62)])
def test_a_time_that_no_calendar_knows_is_unknown(seconds: int):
    assert to_request(changed(start_time=Timestamp(seconds=seconds))).time is None
    assert to_event(WireEvent(id="1", type="a", time=Timestamp(seconds=seconds))).time is None


def test_an_absent_time_is_unknown():
    assert to_event(WireEvent(id="1", type="a")).time is None
