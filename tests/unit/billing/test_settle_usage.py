"""Settling batches of usage records."""

import pytest

from services.billing.domain.lease import LeaseAsk
from services.billing.domain.usage import UsageRecord
from services.billing.usecases.acquire_lease import AcquireLease
from services.billing.usecases.ports import Refused
from services.billing.usecases.settle_usage import SettleUsage
from services.kernel.clock import SystemClock
from services.kernel.ids import new_id
from tests.unit.billing.memory_books import MemoryBooks


def record(amount: int, *, account_id: str = "ann", lease_id: str = "") -> UsageRecord:
    return UsageRecord(new_id(), account_id, account_id, lease_id, amount, amount, "", b"")


@pytest.fixture
def books() -> MemoryBooks:
    books = MemoryBooks()
    books.give("ann", 1000)
    return books


@pytest.fixture
def settle(books: MemoryBooks) -> SettleUsage:
    return SettleUsage(books, SystemClock())


async def test_a_charge_moves_account_revenue_and_lease(
    books: MemoryBooks, settle: SettleUsage
) -> None:
    lease = (await AcquireLease(books)(LeaseAsk("ann", "proxy-0", "", 1, 100, 0))).lease
    settlement = await settle([record(30, lease_id=lease.lease_id), record(0)])
    assert settlement.settled == 2
    ann = books.accounts.rows["ann"]
    assert (ann.posted, ann.leased, ann.available) == (970, 70, 900)
    assert books.accounts.rows["system:revenue"].posted == 30
    assert books.leases.rows[lease.lease_id].consumed == 30
    assert len(books.ledger.rows) == 1


async def test_records_count_once(books: MemoryBooks, settle: SettleUsage) -> None:
    one, other = record(1), record(2)
    assert (await settle([one, other, one])).settled == 2
    assert (await settle([other, one])).settled == 0
    assert books.accounts.rows["ann"].posted == 997


async def test_a_lease_of_another_account_stays_as_it_is(
    books: MemoryBooks, settle: SettleUsage
) -> None:
    lease = (await AcquireLease(books)(LeaseAsk("ann", "proxy-0", "", 1, 100, 0))).lease
    await settle([record(30, account_id="bob", lease_id=lease.lease_id)])
    assert books.accounts.rows["ann"].leased == 100
    assert books.accounts.rows["bob"].posted == -30


async def test_a_large_batch_is_settled_in_parts(books: MemoryBooks) -> None:
    settle = SettleUsage(books, SystemClock(), records_max=2)
    assert (await settle([record(1) for _ in range(5)])).settled == 5
    assert books.commits == 3


async def test_what_the_store_refuses_is_found_and_put_aside(
    books: MemoryBooks, settle: SettleUsage
) -> None:
    records = [record(amount) for amount in (1, 2, 4, 8, 16)]
    books.ledger.refused = records[3].request_id
    malformed = record(-1)
    settlement = await settle([malformed, *records])
    assert settlement.settled == 4
    assert books.accounts.rows["ann"].posted == 1000 - 1 - 2 - 4 - 16
    assert [each.record for each in books.usage.dead] == [malformed, records[3]]
    assert settlement.dead == tuple(books.usage.dead)
    assert settlement.dead[1].problem == "it does not fit"


async def test_a_store_that_refuses_even_dead_letters_is_not_ignored(
    books: MemoryBooks, settle: SettleUsage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: object) -> None:
        raise Refused("full")

    monkeypatch.setattr(books.usage, "put_aside", refuse)
    with pytest.raises(Refused):
        await settle([record(-1)])
