"""Adjusting balances."""

from dataclasses import replace
from typing import Any

import pytest

from services.billing.domain.account import BALANCE_NANOS_MAX
from services.billing.domain.adjustment import AMOUNT_NANOS_MAX, AdjustmentAsk
from services.billing.usecases.create_transaction import CreateTransaction
from services.kernel.caller import Caller, Kind
from services.kernel.clock import SystemClock
from services.kernel.errors import InsufficientBalance, InvalidField, NotFound, RequestIdReused
from services.kernel.ids import new_id
from tests.unit.billing.memory_books import MemoryBooks

BOSS = Caller(Kind.OPERATOR, "boss")
ASK = AdjustmentAsk(new_id(), "ann", 7, "a gift")


@pytest.fixture
def books() -> MemoryBooks:
    return MemoryBooks()


@pytest.fixture
def adjust(books: MemoryBooks) -> CreateTransaction:
    return CreateTransaction(books, SystemClock())


async def test_a_balance_grows_and_shrinks(books: MemoryBooks, adjust: CreateTransaction) -> None:
    given = await adjust(BOSS, ASK)
    assert (given.reason, given.reference) == ("a gift", ASK.request_id)
    await adjust(BOSS, replace(ASK, request_id=new_id(), amount=-5))
    assert books.accounts.rows["ann"].posted == 2
    assert books.accounts.rows["system:adjustments"].posted == -2


async def test_no_more_is_taken_than_is_available(
    books: MemoryBooks, adjust: CreateTransaction
) -> None:
    books.give("ann", 10)
    await books.accounts.lend({"ann": 4})
    with pytest.raises(InsufficientBalance):
        await adjust(BOSS, replace(ASK, amount=-7))
    assert books.accounts.rows["ann"].posted == 10
    await adjust(BOSS, replace(ASK, amount=-6))


async def test_repeating_returns_the_first_result(
    books: MemoryBooks, adjust: CreateTransaction
) -> None:
    assert await adjust(BOSS, ASK) == await adjust(BOSS, ASK)
    assert len(books.ledger.rows) == 1


@pytest.mark.parametrize("other", [{"user_id": "bob"}, {"amount": 8}, {"reason": "x"}], ids=str)
async def test_another_request_with_the_same_id_is_refused(
    books: MemoryBooks, adjust: CreateTransaction, other: dict[str, Any]
) -> None:
    await adjust(BOSS, ASK)
    with pytest.raises(RequestIdReused):
        await adjust(BOSS, replace(ASK, **other))
    assert len(books.ledger.rows) == 1


@pytest.mark.parametrize("amount", [0, AMOUNT_NANOS_MAX + 1, -AMOUNT_NANOS_MAX - 1])
async def test_amounts_that_can_not_be_booked(adjust: CreateTransaction, amount: int) -> None:
    with pytest.raises(InvalidField):
        await adjust(BOSS, replace(ASK, amount=amount))


async def test_a_full_account_takes_no_more(books: MemoryBooks, adjust: CreateTransaction) -> None:
    books.give("ann", BALANCE_NANOS_MAX - 6)
    with pytest.raises(InvalidField):
        await adjust(BOSS, ASK)


async def test_the_platforms_accounts_are_not_adjusted(adjust: CreateTransaction) -> None:
    with pytest.raises(NotFound):
        await adjust(BOSS, replace(ASK, user_id="system:revenue"))
