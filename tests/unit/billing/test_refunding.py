"""Refunding payments, with a processor that may be away."""

from dataclasses import dataclass, field, replace

import pytest

from services.billing.domain.payment import Payment, PaymentState
from services.billing.domain.refund import RefundAsk
from services.billing.usecases.ports import Charged
from services.billing.usecases.refund_payment import RefundPayment
from services.kernel.clock import SystemClock
from services.kernel.errors import (
    Conflict,
    InsufficientBalance,
    InvalidField,
    NotFound,
    RequestIdReused,
    Unavailable,
)
from services.kernel.ids import new_id
from services.kernel.money import NANOS_PER_CENT, NANOS_PER_DOLLAR
from tests.unit.billing.memory_books import MemoryBooks

PAYMENT = Payment(
    new_id(), new_id(), "", "ann", 5 * NANOS_PER_DOLLAR, PaymentState.SUCCEEDED, new_id()
)


def ask(dollars: int | None = None, *, reason: str = "sorry") -> RefundAsk:
    amount = None if dollars is None else dollars * NANOS_PER_DOLLAR
    return RefundAsk(new_id(), PAYMENT.payment_id, reason, amount)


@dataclass
class FakeProcessor:
    is_away: bool = False
    asked: list[tuple[str, int, str]] = field(default_factory=list[tuple[str, int, str]])

    def knows(self, method: str) -> bool:
        return True

    async def charge(self, method: str, *, amount: int, idempotency_key: str) -> Charged:
        raise AssertionError("a refund does not charge")

    async def refund(self, payment_id: str, *, amount: int, idempotency_key: str) -> None:
        self.asked.append((payment_id, amount, idempotency_key))
        if self.is_away:
            raise Unavailable("The payment processor")


@pytest.fixture
def books() -> MemoryBooks:
    books = MemoryBooks()
    books.payments.rows[PAYMENT.request_id] = PAYMENT
    books.give("ann", PAYMENT.amount)
    return books


@pytest.fixture
def processor() -> FakeProcessor:
    return FakeProcessor()


@pytest.fixture
def refund(books: MemoryBooks, processor: FakeProcessor) -> RefundPayment:
    return RefundPayment(books, processor, SystemClock())


def posted(books: MemoryBooks) -> int:
    return books.accounts.rows["ann"].posted


async def test_a_part_goes_back(
    books: MemoryBooks, refund: RefundPayment, processor: FakeProcessor
) -> None:
    made, transaction = await refund(ask(2))
    assert (transaction.amount, transaction.reason) == (-2 * NANOS_PER_DOLLAR, "sorry")
    assert transaction.reference == made.refund_id
    assert posted(books) == 3 * NANOS_PER_DOLLAR
    assert books.accounts.rows["system:payments"].posted == 2 * NANOS_PER_DOLLAR
    assert processor.asked == [(PAYMENT.payment_id, 2 * NANOS_PER_DOLLAR, made.refund_id)]


async def test_without_an_amount_the_rest_goes_back(
    books: MemoryBooks, refund: RefundPayment
) -> None:
    await refund(ask(2))
    made, _ = await refund(ask())
    assert made.amount == 3 * NANOS_PER_DOLLAR
    assert posted(books) == 0
    with pytest.raises(Conflict):
        await refund(ask())


async def test_refunds_never_exceed_the_payment(books: MemoryBooks, refund: RefundPayment) -> None:
    books.give("ann", 100 * NANOS_PER_DOLLAR)
    await refund(ask(3))
    with pytest.raises(Conflict) as refused:
        await refund(ask(3))
    assert refused.value.metadata["refundable_nanos"] == str(2 * NANOS_PER_DOLLAR)
    assert len(books.ledger.rows) == 1


async def test_what_is_lent_can_not_be_refunded(
    books: MemoryBooks, refund: RefundPayment, processor: FakeProcessor
) -> None:
    await books.accounts.lend({"ann": 1})
    with pytest.raises(InsufficientBalance):
        await refund(ask())
    assert posted(books) == PAYMENT.amount
    assert processor.asked == []
    await refund(ask(4))


async def test_repeating_returns_the_first_result(
    books: MemoryBooks, refund: RefundPayment, processor: FakeProcessor
) -> None:
    asked = ask()
    assert await refund(asked) == await refund(asked)
    assert len(books.ledger.rows) == len(processor.asked) == 1


@pytest.mark.parametrize("other", [{"amount": NANOS_PER_CENT}, {"reason": "other"}], ids=str)
async def test_another_request_with_the_same_id_is_refused(
    books: MemoryBooks, refund: RefundPayment, other: dict[str, int | str]
) -> None:
    asked = ask()
    await refund(asked)
    with pytest.raises(RequestIdReused):
        await refund(replace(asked, **other))  # pyright: ignore[reportArgumentType]
    assert len(books.ledger.rows) == 1


async def test_a_processor_that_was_away_is_asked_again_with_the_same_key(
    books: MemoryBooks, refund: RefundPayment, processor: FakeProcessor
) -> None:
    asked = ask()
    processor.is_away = True
    with pytest.raises(Unavailable):
        await refund(asked)
    # What is on its way back can't be spent.
    assert posted(books) == 0
    processor.is_away = False
    await refund(asked)
    assert len(set(processor.asked)) == 1
    assert len(books.ledger.rows) == 1
    assert books.refunds.rows[asked.request_id].is_paid


@pytest.mark.parametrize("state", [PaymentState.PENDING, PaymentState.DECLINED])
async def test_only_what_was_paid_is_refunded(
    books: MemoryBooks, refund: RefundPayment, state: PaymentState
) -> None:
    books.payments.rows[PAYMENT.request_id] = replace(PAYMENT, state=state)
    with pytest.raises(Conflict):
        await refund(ask())


async def test_an_unknown_payment(refund: RefundPayment) -> None:
    with pytest.raises(NotFound):
        await refund(replace(ask(), payment_id=new_id()))


@pytest.mark.parametrize("amount", [0, -NANOS_PER_CENT, 1])
async def test_amounts_that_can_not_be_refunded(refund: RefundPayment, amount: int) -> None:
    with pytest.raises(InvalidField):
        await refund(replace(ask(), amount=amount))
