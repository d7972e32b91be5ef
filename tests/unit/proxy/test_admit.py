"""Who is admitted, what is held, and who is refused."""

import asyncio
import json
from dataclasses import dataclass

import pytest

from services.kernel.errors import (
    InsufficientBalance,
    InvalidCredential,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from services.proxy.domain.lease_book import LeaseBook
from services.proxy.domain.routing import RoutingTable
from services.proxy.domain.verdict import Verdict
from services.proxy.usecases.admit import Admit, Ask
from services.proxy.usecases.fund_account import FundAccount
from tests.unit.proxy.fakes import (
    NOW,
    FakeLender,
    FakeLog,
    FakeRoutes,
    FakeVerdicts,
    FrozenClock,
    target,
)

VERDICT = Verdict("key-1", "user-1", "account-1", frozenset({"inference"}), None)
BODY = json.dumps(
    {"model": "demo-chat", "max_tokens": 100, "messages": [{"content": "hi"}]}
).encode()
# 17 input tokens at most at $0.15 and 100 output tokens at $0.60 per million.
HOLD = 17 * 150 + 100 * 600


@dataclass
class Door:
    admit: Admit
    verdicts: FakeVerdicts
    lender: FakeLender
    log: FakeLog
    book: LeaseBook
    clock: FrozenClock

    async def __call__(self, *, secret: str = "warm", body: bytes = BODY, provider: str = ""):
        return await self.admit(Ask(secret, "/v1/chat/completions", provider, body, json.loads))


def a_door(*, available: int = 10**9, concurrent: int = 100) -> Door:
    verdicts = FakeVerdicts(warm={"warm": VERDICT}, cold={"cold": VERDICT})
    routes = (target("demo"), target("backup"))
    table = RoutingTable(1, {"demo-chat": routes}, frozenset({"demo", "backup", "idle"}))
    book, log, clock, lender = LeaseBook(), FakeLog(), FrozenClock(), FakeLender(available)
    fund = FundAccount(book, lender, log, clock, 600)
    admit = Admit(verdicts, FakeRoutes(table), book, fund, log, clock, concurrent)
    return Door(admit, verdicts, lender, log, book, clock)


async def test_an_admitted_request_holds_the_most_it_can_cost():
    door = a_door()
    admission = await door()
    assert admission.hold.amount == HOLD
    assert [t.provider_id for t in admission.targets] == ["demo", "backup"]
    assert door.log.holds == [admission.hold]


async def test_a_warm_key_and_account_ask_nobody():
    door = a_door()
    await door()
    asked = len(door.lender.calls)
    for _ in range(10):
        await door()
    assert len(door.lender.calls) == asked
    assert door.verdicts.asked == []


async def test_a_cold_key_is_asked_for_once_it_is_needed():
    door = a_door()
    await door(secret="cold")
    assert door.verdicts.asked == ["cold"]
    with pytest.raises(InvalidCredential):
        await door(secret="unknown")


async def test_a_pinned_provider_is_the_only_target():
    door = a_door()
    admission = await door(provider="backup")
    assert [t.provider_id for t in admission.targets] == ["backup"]
    with pytest.raises(NotFound) as refused:
        await door(provider="idle")
    assert refused.value.metadata["resource"] == "model"
    with pytest.raises(NotFound) as refused:
        await door(provider="nobody")
    assert refused.value.metadata["resource"] == "provider"


async def test_a_key_needs_the_scope_and_must_not_have_ended():
    door = a_door()
    door.verdicts.warm["reader"] = Verdict("k", "u", "a", frozenset({"billing.read"}), None)
    door.verdicts.warm["ended"] = Verdict("k", "u", "a", frozenset({"inference"}), NOW.timestamp())
    with pytest.raises(PermissionDenied):
        await door(secret="reader")
    with pytest.raises(InvalidCredential):
        await door(secret="ended")


async def test_a_balance_for_exactly_three_requests_admits_exactly_three():
    door = a_door(available=3 * HOLD + HOLD - 1)
    results = await asyncio.gather(*(door() for _ in range(20)), return_exceptions=True)
    admitted = [result for result in results if not isinstance(result, BaseException)]
    assert len(admitted) == 3
    refusals = [result for result in results if isinstance(result, InsufficientBalance)]
    assert len(refusals) == 17
    assert refusals[-1].metadata["running_requests"] == "3"


async def test_the_lease_serves_while_billing_is_away():
    door = a_door()
    await door()
    door.lender.away = True
    await door()
    with pytest.raises(Unavailable):
        await door(body=BODY.replace(b"100", b"9000000"))


async def test_too_many_requests_at_once_are_refused():
    door = a_door(concurrent=2)
    await door()
    await door()
    with pytest.raises(RateLimited):
        await door()


async def test_refused_requests_hold_nothing():
    door = a_door()
    for body in (b"{}", b'{"model":"none","messages":[{}]}'):
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the refusal is
            await door(body=body)
    assert door.log.holds == []
    assert list(door.book.holds()) == []
