"""Acquiring, returning and expiring leases."""

from dataclasses import replace

import pytest

from services.billing.domain.lease import LeaseAsk
from services.billing.usecases.acquire_lease import AcquireLease
from services.billing.usecases.close_expired_leases import CloseExpiredLeases
from services.billing.usecases.return_lease import ReturnLease
from services.kernel.errors import Conflict, InsufficientBalance, NotFound
from tests.unit.billing.memory_books import MemoryBooks

ASK = LeaseAsk("ann", "proxy-0", "", sequence=1, target=100, minimum=50)


@pytest.fixture
def books() -> MemoryBooks:
    books = MemoryBooks()
    books.give("ann", 120)
    return books


async def test_the_first_call_opens_a_lease(books: MemoryBooks) -> None:
    grant = await AcquireLease(books)(ASK)
    assert (grant.lease.granted, grant.account.available) == (100, 20)
    assert books.accounts.rows["ann"].leased == 100


async def test_a_repeated_call_changes_nothing(books: MemoryBooks) -> None:
    first = await AcquireLease(books)(ASK)
    again = await AcquireLease(books)(replace(ASK, target=120))
    assert again == first
    assert books.leases.renewed == {first.lease.lease_id: 1}


async def test_a_late_call_does_not_reopen_what_ended(books: MemoryBooks) -> None:
    lease = (await AcquireLease(books)(ASK)).lease
    await ReturnLease(books)(lease.lease_id, sequence=2, target=0)
    with pytest.raises(Conflict):
        await AcquireLease(books)(ASK)
    assert books.accounts.rows["ann"].leased == 0


async def test_a_refusal_renews_the_lease_and_keeps_its_sequence(books: MemoryBooks) -> None:
    lease = (await AcquireLease(books)(ASK)).lease
    ask = replace(ASK, lease_id=lease.lease_id, sequence=2, target=200, minimum=200)
    with pytest.raises(InsufficientBalance):
        await AcquireLease(books)(ask)
    assert books.leases.rows == {lease.lease_id: lease}
    assert books.leases.renewed == {lease.lease_id: 2}
    books.give("ann", 200)
    assert (await AcquireLease(books)(ask)).lease.granted == 200


async def test_a_refusal_opens_nothing(books: MemoryBooks) -> None:
    with pytest.raises(InsufficientBalance):
        await AcquireLease(books)(replace(ASK, target=200, minimum=121))
    assert books.leases.rows == {}


async def test_an_ended_lease_is_followed_by_another(books: MemoryBooks) -> None:
    ended = (await AcquireLease(books)(ASK)).lease
    books.leases.overdue.add(ended.lease_id)
    grant = await AcquireLease(books)(replace(ASK, lease_id=ended.lease_id, sequence=2))
    assert grant.lease.lease_id != ended.lease_id
    assert (grant.lease.granted, books.accounts.rows["ann"].leased) == (100, 100)


async def test_the_lease_of_another_account_is_not_what_is_counted_from(books: MemoryBooks) -> None:
    books.give("bob", 100)
    other = (await AcquireLease(books)(replace(ASK, account_id="bob"))).lease
    books.leases.rows[other.lease_id] = replace(other, consumed=90)
    grant = await AcquireLease(books)(replace(ASK, lease_id=other.lease_id))
    assert grant.lease.granted == 100


async def test_platform_accounts_are_not_lent_from(books: MemoryBooks) -> None:
    with pytest.raises(NotFound):
        await AcquireLease(books)(replace(ASK, account_id="system:revenue"))


async def test_returning_frees_money_once(books: MemoryBooks) -> None:
    lease = (await AcquireLease(books)(ASK)).lease
    for _ in range(2):
        returned = await ReturnLease(books)(lease.lease_id, sequence=2, target=40)
        assert (returned.granted, books.accounts.rows["ann"].leased) == (40, 40)


async def test_returning_less_than_was_consumed_conflicts(books: MemoryBooks) -> None:
    lease = (await AcquireLease(books)(ASK)).lease
    books.leases.rows[lease.lease_id] = replace(lease, consumed=41)
    with pytest.raises(Conflict):
        await ReturnLease(books)(lease.lease_id, sequence=2, target=40)


async def test_returning_what_nobody_lent(books: MemoryBooks) -> None:
    with pytest.raises(NotFound):
        await ReturnLease(books)("nothing", sequence=2, target=0)


async def test_the_sweeper_frees_what_expired(books: MemoryBooks) -> None:
    lease = (await AcquireLease(books)(ASK)).lease
    assert await CloseExpiredLeases(books)() == 0
    books.leases.overdue.add(lease.lease_id)
    assert await CloseExpiredLeases(books)() == 1
    assert books.accounts.rows["ann"].leased == 0
    assert not books.leases.rows[lease.lease_id].is_open
    assert books.leases.forgot
