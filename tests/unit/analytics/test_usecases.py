from datetime import timedelta

import pytest

from services.analytics.domain.facts import Event
from services.analytics.domain.measures import Route
from services.analytics.usecases.forget_seen import ROWS_PER_TRANSACTION, ForgetSeen
from services.analytics.usecases.get_metrics import GetMetrics, MetricsQuestion
from services.analytics.usecases.record_events import RecordEvents
from services.analytics.usecases.record_usage import RecordUsage
from services.analytics.usecases.summarize_events import EventsQuestion, SummarizeEvents
from services.kernel.caller import Caller, Kind
from services.kernel.errors import NotFound
from tests.unit.analytics.memory_store import MemoryStore, SetClock
from tests.unit.analytics.samples import NOON, a_request

ANN = Caller(Kind.USER, "ann")
OPERATOR = Caller(Kind.OPERATOR, "olga")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def record(store: MemoryStore, clock: SetClock) -> RecordUsage:
    return RecordUsage(store.begin, clock)


@pytest.fixture
def metrics(store: MemoryStore, clock: SetClock) -> GetMetrics:
    return GetMetrics(store.begin, clock)


@pytest.fixture
def summary(store: MemoryStore, clock: SetClock) -> SummarizeEvents:
    return SummarizeEvents(store.begin, clock)


async def test_a_replay_changes_nothing(record: RecordUsage, store: MemoryStore, clock: SetClock):
    await record([a_request("1"), a_request("2"), a_request("1")])
    once = store.stored
    clock.time += timedelta(days=1)
    await record([a_request("2"), a_request("1")])
    assert store.stored == once


async def test_totals_are_the_sum_of_what_is_measured_by_route(
    record: RecordUsage, metrics: GetMetrics
):
    await record([a_request("1"), a_request("2", model="other"), a_request("3", status=500)])
    answer = await metrics(MetricsQuestion(), caller=ANN)
    assert list(answer.by_route) == [Route("demo-chat", "demo"), Route("other", "demo")]
    assert [each.requests for each in answer.by_route.values()] == [2, 1]
    assert (answer.total.requests, answer.total.errors, answer.total.input_tokens) == (3, 1, 300)


async def test_metrics_can_be_of_one_model_or_provider(record: RecordUsage, metrics: GetMetrics):
    await record([a_request("1"), a_request("2", model="other"), a_request("3", provider_id="b")])
    only_model = await metrics(MetricsQuestion(model="other"), caller=ANN)
    only_provider = await metrics(MetricsQuestion(provider_id="b"), caller=ANN)
    assert list(only_model.by_route) == [Route("other", "demo")]
    assert list(only_provider.by_route) == [Route("demo-chat", "b")]


async def test_users_see_themselves(record: RecordUsage, metrics: GetMetrics):
    await record([a_request("1"), a_request("2", user_id="bob")])
    for user_id in ("", "me", "ann"):
        answer = await metrics(MetricsQuestion(user_id=user_id), caller=ANN)
        assert answer.total.requests == 1


@pytest.mark.parametrize("user_id", ["bob", "*", "nobody"])
async def test_users_see_nobody_else(metrics: GetMetrics, summary: SummarizeEvents, user_id: str):
    with pytest.raises(NotFound):
        await metrics(MetricsQuestion(user_id=user_id), caller=ANN)
    with pytest.raises(NotFound):
        await summary(EventsQuestion(user_id=user_id), caller=ANN)


async def test_operators_see_everybody_or_one_user(record: RecordUsage, metrics: GetMetrics):
    await record([a_request("1"), a_request("2", user_id="bob"), a_request("3", user_id="")])
    for user_id, requests in (("", 3), ("bob", 1), ("me", 0)):
        answer = await metrics(MetricsQuestion(user_id=user_id), caller=OPERATOR)
        assert answer.total.requests == requests


async def test_an_operators_api_key_sees_only_its_owner(record: RecordUsage, metrics: GetMetrics):
    key = Caller(Kind.OPERATOR, "olga", "key", frozenset({"analytics.read"}))
    await record([a_request("1"), a_request("2", user_id="olga")])
    assert (await metrics(MetricsQuestion(), caller=key)).total.requests == 1
    with pytest.raises(NotFound):
        await metrics(MetricsQuestion(user_id="ann"), caller=key)


async def test_only_what_is_in_the_window_counts(record: RecordUsage, metrics: GetMetrics):
    minutes = timedelta(minutes=1)
    await record([a_request(str(ago), time=NOON - ago * minutes) for ago in (0, 1, 61, 1500)])
    for start, end, requests in (
        (None, None, 3),
        (NOON - 1 * minutes, None, 2),
        (NOON - 1 * minutes, NOON, 1),
        (NOON - 2000 * minutes, NOON - 60 * minutes, 2),
    ):
        answer = await metrics(MetricsQuestion(start=start, end=end), caller=ANN)
        assert answer.total.requests == requests


async def test_a_request_is_also_an_event(
    record: RecordUsage, summary: SummarizeEvents, store: MemoryStore, clock: SetClock
):
    await record([a_request("1"), a_request("2")])
    await RecordEvents(store.begin, clock)(
        [Event("1", "transaction_created", "ann", NOON), Event("2", "login", "bob", NOON)]
    )
    mine = await summary(EventsQuestion(), caller=ANN)
    every = await summary(EventsQuestion(), caller=OPERATOR)
    assert mine == {"ai_usage": 2, "transaction_created": 1}
    assert list(every) == ["ai_usage", "login", "transaction_created"]


async def test_an_event_counts_once(store: MemoryStore, clock: SetClock, summary: SummarizeEvents):
    record = RecordEvents(store.begin, clock)
    for _ in range(2):
        await record([Event("1", "login", "ann", NOON), Event("1", "login", "ann", NOON)])
    assert await summary(EventsQuestion(), caller=ANN) == {"login": 1}


async def test_identities_are_forgotten_when_they_are_old_enough(
    store: MemoryStore, clock: SetClock, record: RecordUsage
):
    forget = ForgetSeen(store.begin, clock, timedelta(days=35))
    await record([a_request("1")])
    clock.time += timedelta(days=1)
    await record([a_request("2")])
    clock.time += timedelta(days=34, seconds=1)
    assert await forget() == 1
    assert list(store.stored.seen) == ["request/2"]


async def test_much_is_forgotten_in_small_transactions(store: MemoryStore, clock: SetClock):
    old = NOON - timedelta(days=36)
    store.stored.seen.update({f"event/{n}": old for n in range(ROWS_PER_TRANSACTION + 1)})
    assert await ForgetSeen(store.begin, clock, timedelta(days=35))() == ROWS_PER_TRANSACTION + 1
    assert store.transactions == 2
