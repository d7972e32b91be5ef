import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from aggregator.analytics.v1 import metrics_service_pb2 as pb2
from aggregator.events.v1.event_pb2 import Event, EventBatch
from aggregator.proxy.v1.proxy_events_pb2 import TokenCounts, UsageBatch, UsageRecorded
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.status import reason_of
from services.kernel.ids import new_id
from tests.contract.analytics.conftest import Analytics, acting

DAY_SECONDS = 24 * 3600


def stamp(seconds: float = 0) -> Timestamp:
    """Returns a time so many seconds from now."""
    return Timestamp(seconds=int(time.time() + seconds))


def a_record(user_id: str, *, ago: float = 0, **fields: Any) -> UsageRecorded:
    ordinary: dict[str, Any] = {
        "request_id": new_id(),
        "model": "demo-chat",
        "provider_id": "demo",
        "http_status": 200,
        "tokens": TokenCounts(input=60, cached_input=40, output=20),
        "amount_nanos": 1_500_000_000,
        "duration_ms": 1000,
        "first_byte_ms": 100,
        "start_time": stamp(-ago),
    }
    return UsageRecorded(user_id=user_id, **(ordinary | fields))


async def metrics(analytics: Analytics, who: str, **fields: Any) -> pb2.GetMetricsResponse:
    request = pb2.GetMetricsRequest(**fields)
    return await analytics.stub.GetMetrics(request, metadata=acting("user", who))


async def summary(analytics: Analytics, who: str, **fields: Any) -> dict[str, int]:
    request = pb2.GetEventsSummaryRequest(**fields)
    answer = await analytics.stub.GetEventsSummary(request, metadata=acting("user", who))
    assert answer.total == sum(event.count for event in answer.events)
    return {event.type: event.count for event in answer.events}


async def test_measures_a_request(analytics: Analytics, user_id: str):
    await analytics.publish("USAGE", UsageBatch(records=[a_record(user_id)]))
    answer = await metrics(analytics, user_id)
    [only] = answer.by_model_and_provider
    assert (only.model, only.provider_id, only.requests, only.errors) == ("demo-chat", "demo", 1, 0)
    assert (only.input_tokens, only.output_tokens) == (100, 20)
    assert (only.cost.currency_code, only.cost.units, only.cost.nanos) == ("USD", 1, 500_000_000)
    assert 1000 <= only.duration.p50_ms <= 1100
    assert 100 <= only.first_byte.p99_ms <= 110
    assert (answer.total.model, answer.total.requests) == ("", 1)


async def test_counts_each_request_once_however_often_it_arrives(
    analytics: Analytics, user_id: str
):
    first, second = a_record(user_id), a_record(user_id, http_status=502)
    once = UsageBatch(records=[first, second, first])
    again = UsageBatch(records=[second, first])
    await analytics.publish("USAGE", once, again)
    before = await metrics(analytics, user_id)
    await analytics.publish("USAGE", again, once, again)
    assert (before.total.requests, before.total.errors) == (2, 1)
    assert await metrics(analytics, user_id) == before
    assert await summary(analytics, user_id) == {"ai_usage": 2}


async def test_adds_up_batches_in_the_same_minute(analytics: Analytics, user_id: str):
    draw = random.Random(7)
    durations = [draw.randint(1, 100_000) for _ in range(200)]
    records = [a_record(user_id, duration_ms=each) for each in durations]
    batches = [UsageBatch(records=records[at : at + 10]) for at in range(0, 200, 10)]
    await analytics.publish("USAGE", *batches)
    total = (await metrics(analytics, user_id)).total
    assert (total.requests, total.input_tokens, total.cost.units) == (200, 20_000, 300)
    ranked = sorted(durations)
    for found, true in (
        (total.duration.p50_ms, ranked[99]),
        (total.duration.p95_ms, ranked[189]),
        (total.duration.p99_ms, ranked[197]),
    ):
        assert true <= found <= true * 1.1


async def test_answers_for_exactly_the_minutes_asked_for(analytics: Analytics, user_id: str):
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    agos = (0, 1, 2, 59, 60, 61, 1439, 1440, 1441, 4000, 10_000)
    starts = [minute - timedelta(minutes=ago) for ago in agos]
    records: list[UsageRecorded] = []
    for start in starts:
        records.append(a_record(user_id))
        records[-1].start_time.FromDatetime(start)
    await analytics.publish("USAGE", UsageBatch(records=records))
    for first, last in ((2, 0), (60, 1), (61, 59), (1441, 60), (4000, 2), (20_000, 1440)):
        since, until = minute - timedelta(minutes=first), minute - timedelta(minutes=last)
        asked: dict[str, Any] = {"start_time": since, "end_time": until}
        expected = sum(since <= start < until for start in starts)
        assert (await metrics(analytics, user_id, **asked)).total.requests == expected
        assert (await summary(analytics, user_id, **asked)).get("ai_usage", 0) == expected


async def test_filters_by_model_and_provider(analytics: Analytics, user_id: str):
    records = [
        a_record(user_id),
        a_record(user_id, model="other"),
        a_record(user_id, provider_id=""),
    ]
    await analytics.publish("USAGE", UsageBatch(records=records))
    every = await metrics(analytics, user_id)
    routes = [(each.model, each.provider_id) for each in every.by_model_and_provider]
    assert routes == [("demo-chat", ""), ("demo-chat", "demo"), ("other", "demo")]
    assert (await metrics(analytics, user_id, model="demo-chat")).total.requests == 2
    assert (await metrics(analytics, user_id, provider_id="demo")).total.requests == 2


async def test_leaves_out_poison_and_counts_the_rest(analytics: Analytics, user_id: str):
    poison = [
        a_record(user_id, request_id=""),
        a_record(user_id, model="nul\0"),
        a_record(user_id, amount_nanos=2**62),
        a_record(user_id, tokens=TokenCounts(input=-5)),
    ]
    absurd_time = a_record(user_id, start_time=Timestamp(seconds=2**61))
    good = UsageBatch(records=[*poison, a_record(user_id), absurd_time])
    await analytics.publish_raw("USAGE", [b"\xff not protobuf", good.SerializeToString()])
    assert (await metrics(analytics, user_id)).total.requests == 2


async def test_summarises_events(analytics: Analytics, user_id: str):
    paid = Event(id=new_id(), type="transaction_created", user_id=user_id, time=stamp())
    batch = EventBatch(
        events=[
            paid,
            Event(id=new_id(), type="login_failed", user_id=user_id, time=stamp()),
            Event(id="", type="transaction_created", user_id=user_id, time=stamp()),
            Event(id=new_id(), type="transaction_created", user_id=user_id, time=stamp()),
        ]
    )
    await analytics.publish("ANALYTICS", batch, EventBatch(events=[paid]), batch)
    found = await summary(analytics, user_id)
    assert list(found.items()) == [("login_failed", 1), ("transaction_created", 2)]


async def test_a_user_cant_tell_another_user_from_none(analytics: Analytics, user_id: str):
    await analytics.publish("USAGE", UsageBatch(records=[a_record(user_id)]))
    for stranger in (user_id, new_id(), "*"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await metrics(analytics, "somebody-else", user_id=stranger)
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND
        assert reason_of(refused.value) == "RESOURCE_NOT_FOUND"
        assert refused.value.details() == f"There is no user {stranger!r}."


async def test_an_operator_sees_one_user_or_everybody(analytics: Analytics, user_id: str):
    model = new_id()
    records = [a_record(user_id, model=model), a_record(new_id(), model=model)]
    await analytics.publish("USAGE", UsageBatch(records=records))
    ask, as_operator = analytics.stub.GetMetrics, acting("operator", "olga")
    every = await ask(pb2.GetMetricsRequest(model=model), metadata=as_operator)
    one = await ask(pb2.GetMetricsRequest(user_id=user_id), metadata=as_operator)
    assert (every.total.requests, one.total.requests) == (2, 1)


async def test_nobody_sees_nothing(analytics: Analytics):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.stub.GetMetrics(pb2.GetMetricsRequest())
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (stamp(), stamp(-60), "start_time"),
        (stamp(-367 * DAY_SECONDS), stamp(), "start_time"),
        (stamp(DAY_SECONDS), None, "start_time"),
        (Timestamp(seconds=2**61), None, "start_time"),
        (None, Timestamp(seconds=-(2**61)), "end_time"),
        (None, Timestamp(nanos=-1), "end_time"),
    ],
)
async def test_refuses_a_window_that_makes_no_sense(
    analytics: Analytics, user_id: str, start: Timestamp | None, end: Timestamp | None, field: str
):
    for ask in (metrics, summary):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ask(analytics, user_id, start_time=start, end_time=end)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert reason_of(refused.value) == "INVALID_FIELD"
        assert field in str(refused.value.details())
