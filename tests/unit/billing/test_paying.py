"""Taking payments, with a processor that may fail at any moment."""

from dataclasses import dataclass, field, replace

import pytest

from services.billing.domain.payment import PaymentAsk, PaymentState
from services.billing.usecases.get_balance import GetBalance
from services.billing.usecases.ports import Charged
from services.billing.usecases.process_payment import ProcessPayment
from services.kernel.caller import Caller, Kind
from services.kernel.clock import SystemClock
from services.kernel.errors import (
    InvalidField,
    NotFound,
    PaymentDeclined,
    RequestIdReused,
    Unavailable,
)
from services.kernel.ids import new_id
from services.kernel.money import NANOS_PER_DOLLAR
from tests.unit.billing.memory_books import MemoryBooks

ANN = Caller(Kind.USER, "ann")
ASK = PaymentAsk(new_id(), "me", NANOS_PER_DOLLAR, "card")


@dataclass
class FakeProcessor:
    decline_code: str = ""
    is_away: bool = False
    keys: list[str] = field(default_factory=list[str])

    def knows(self, method: str) -> bool:
        return method == "card"

    async def charge(self, method: str, *, amount: int, idempotency_key: str) -> Charged:
        self.keys.append(idempotency_key)
        if self.is_away:
            raise Unavailable("The payment processor")
        return Charged(self.decline_code)

    async def refund(self, payment_id: str, *, amount: int, idempotency_key: str) -> None:
        raise AssertionError("a payment does not refund")


@pytest.fixture
def books() -> MemoryBooks:
    return MemoryBooks()


@pytest.fixture
def processor() -> FakeProcessor:
    return FakeProcessor()


@pytest.fixture
def pay(books: MemoryBooks, processor: FakeProcessor) -> ProcessPayment:
    return ProcessPayment(books, processor, SystemClock())


async def test_a_payment_is_booked(books: MemoryBooks, pay: ProcessPayment) -> None:
    payment, transaction = await pay(ANN, ASK)
    assert payment.state is PaymentState.SUCCEEDED
    assert transaction.reference == payment.payment_id
    assert books.accounts.rows["ann"].posted == NANOS_PER_DOLLAR
    assert books.accounts.rows["system:payments"].posted == -NANOS_PER_DOLLAR


async def test_repeating_returns_the_first_result_without_charging(
    books: MemoryBooks, pay: ProcessPayment, processor: FakeProcessor
) -> None:
    assert await pay(ANN, ASK) == await pay(ANN, ASK)
    assert len(processor.keys) == len(books.ledger.rows) == 1


async def test_after_a_crash_the_same_charge_is_asked_for_again(
    books: MemoryBooks, pay: ProcessPayment, processor: FakeProcessor
) -> None:
    processor.is_away = True
    with pytest.raises(Unavailable):
        await pay(ANN, ASK)
    assert books.accounts.rows == {}
    processor.is_away = False
    await pay(ANN, ASK)
    assert len(set(processor.keys)) == 1
    assert books.accounts.rows["ann"].posted == NANOS_PER_DOLLAR


async def test_a_copy_that_comes_second_does_not_book_again(
    books: MemoryBooks, pay: ProcessPayment, processor: FakeProcessor
) -> None:
    overtaken = replace(pay, processor=Overtaking(processor, pay))
    payment, _ = await overtaken(ANN, ASK)
    assert len(books.ledger.rows) == 1
    assert payment.transaction_id == books.ledger.rows[0].transaction_id


@dataclass
class Overtaking(FakeProcessor):
    """While it charges, another copy of the request comes to its end."""

    def __init__(self, processor: FakeProcessor, pay: ProcessPayment) -> None:
        super().__init__()
        self._pay = pay

    async def charge(self, method: str, *, amount: int, idempotency_key: str) -> Charged:
        await self._pay(ANN, ASK)
        return Charged()


async def test_a_declined_payment_books_nothing_and_stays_declined(
    books: MemoryBooks, pay: ProcessPayment, processor: FakeProcessor
) -> None:
    processor.decline_code = "expired_card"
    for _ in range(2):
        with pytest.raises(PaymentDeclined):
            await pay(ANN, ASK)
    assert books.ledger.rows == []
    assert len(processor.keys) == 1


async def test_another_request_with_the_same_id_is_refused(
    books: MemoryBooks, pay: ProcessPayment
) -> None:
    await pay(ANN, ASK)
    with pytest.raises(RequestIdReused):
        await pay(ANN, replace(ASK, amount=2 * NANOS_PER_DOLLAR))
    assert len(books.ledger.rows) == 1


async def test_an_unknown_method_stores_nothing(books: MemoryBooks, pay: ProcessPayment) -> None:
    with pytest.raises(InvalidField):
        await pay(ANN, replace(ASK, method="shells"))
    assert books.payments.rows == {}


async def test_a_full_account_is_not_charged(
    books: MemoryBooks, pay: ProcessPayment, processor: FakeProcessor
) -> None:
    books.give("ann", 2**62)
    with pytest.raises(InvalidField):
        await pay(ANN, ASK)
    assert processor.keys == []
    assert books.payments.rows == {}


async def test_balances_of_nobody_yet(books: MemoryBooks) -> None:
    read = GetBalance(books)
    assert (await read(ANN, "me")).available == 0
    with pytest.raises(NotFound):
        await read(Caller(Kind.OPERATOR, "boss"), "ann")
