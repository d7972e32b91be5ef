"""Gives a payment back, once for each request id."""

from dataclasses import dataclass, replace

from services.billing.domain.account import PAYMENTS
from services.billing.domain.payment import Payment
from services.billing.domain.refund import Refund, RefundAsk
from services.billing.domain.transaction import Transaction, TransactionType
from services.billing.usecases.close_expired_leases import lock_and_expire
from services.billing.usecases.ports import Begin, Books, Processor
from services.kernel.clock import Clock
from services.kernel.errors import NotFound
from services.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """Takes an amount out of an account and has the processor give it back.

    It is booked before the processor is asked: what is given back can't be spent meanwhile. The
    processor pays once for each refund, so whoever repeats the request gets one effect.
    """

    begin: Begin
    processor: Processor
    clock: Clock

    async def __call__(self, ask: RefundAsk) -> tuple[Refund, Transaction]:
        """Returns the refund and its transaction.

        Raises NotFound, Conflict, InsufficientBalance and RequestIdReused.
        """
        ask.require_amount()
        async with self.begin() as books:
            refund = await self._claim(books, ask)
            transaction = await books.ledger.find(refund.transaction_id)
        if transaction is None:
            raise RuntimeError("a refund has no transaction")
        return await self._pay(refund), transaction

    async def _claim(self, books: Books, ask: RefundAsk) -> Refund:
        payment = await books.payments.find(ask.payment_id)
        if payment is None:
            raise NotFound("payment", ask.payment_id)
        # Every refund locks the platform's account: none is made while this one looks.
        accounts = await lock_and_expire(books, {payment.account_id, PAYMENTS})
        known = await books.refunds.find(ask.request_id)
        if known:
            known.require_same(ask)
            return known
        refunded = await books.refunds.total(payment.payment_id)
        amount = ask.amount_of(payment, refunded=refunded)
        accounts[payment.account_id].require_available(amount)
        return await self._book(books, payment, ask=ask, amount=amount)

    async def _book(self, books: Books, payment: Payment, *, ask: RefundAsk, amount: int) -> Refund:
        refund = Refund(
            refund_id=new_id(),
            request_id=ask.request_id,
            fingerprint=ask.fingerprint,
            payment_id=payment.payment_id,
            amount=amount,
            transaction_id=new_id(),
        )
        transaction = Transaction(
            transaction_id=refund.transaction_id,
            type=TransactionType.REFUND,
            account_id=payment.account_id,
            amount=-amount,
            reference=refund.refund_id,
            create_time=self.clock.now(),
            user_id=payment.account_id,
            reason=ask.reason,
        )
        await books.ledger.post([transaction])
        await books.refunds.add(refund)
        return refund

    async def _pay(self, refund: Refund) -> Refund:
        if refund.is_paid:
            return refund
        await self.processor.refund(
            refund.payment_id, amount=refund.amount, idempotency_key=refund.refund_id
        )
        paid = replace(refund, is_paid=True)
        async with self.begin() as books:
            await books.refunds.conclude(paid)
        return paid
