"""Takes a payment, once for each request id."""

from dataclasses import dataclass, replace

from services.billing.domain.account import PAYMENTS, Account, visible_user
from services.billing.domain.payment import Payment, PaymentAsk, PaymentState
from services.billing.domain.transaction import Transaction, TransactionType
from services.billing.usecases.ports import Begin, Books, Charged, Processor
from services.kernel.caller import Caller
from services.kernel.clock import Clock
from services.kernel.errors import InvalidField
from services.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class ProcessPayment:
    """Charges a payment method and adds the amount to an account.

    The payment is stored before the processor is asked, and the processor charges once for each
    payment. So whoever repeats the request, be it at once or after a crash, gets one effect.
    """

    begin: Begin
    processor: Processor
    clock: Clock

    async def __call__(self, caller: Caller, ask: PaymentAsk) -> tuple[Payment, Transaction]:
        """Returns the payment and its transaction. Raises PaymentDeclined and RequestIdReused."""
        ask = replace(ask, user_id=visible_user(caller, ask.user_id))
        ask.require_amount()
        if not self.processor.knows(ask.method):
            raise InvalidField("payment_method", "payment_method is not known to the processor.")
        payment = await self._claim(ask)
        if payment.state is PaymentState.PENDING:
            charged = await self.processor.charge(
                ask.method, amount=ask.amount, idempotency_key=payment.payment_id
            )
            payment = await self._conclude(payment, charged)
        payment.require_accepted()
        return payment, await self._transaction_of(payment)

    async def _claim(self, ask: PaymentAsk) -> Payment:
        payment = Payment(new_id(), ask.request_id, ask.fingerprint, ask.user_id, ask.amount)
        async with self.begin() as books:
            account = await books.accounts.find(ask.user_id) or Account(ask.user_id)
            payment = await books.payments.claim(payment)
            payment.require_same(ask)
            if payment.state is PaymentState.PENDING:
                account.require_room(ask.amount)
        return payment

    async def _conclude(self, payment: Payment, charged: Charged) -> Payment:
        async with self.begin() as books:
            # Another copy of the request may have concluded it in the meantime.
            payment = await books.payments.claim(payment)
            if payment.state is PaymentState.PENDING:
                payment = await self._book(books, payment, charged)
                await books.payments.conclude(payment)
        return payment

    async def _book(self, books: Books, payment: Payment, charged: Charged) -> Payment:
        if charged.decline_code:
            return replace(payment, state=PaymentState.DECLINED, decline_code=charged.decline_code)
        transaction = Transaction(
            transaction_id=new_id(),
            type=TransactionType.PAYMENT,
            account_id=payment.account_id,
            amount=payment.amount,
            reference=payment.payment_id,
            create_time=self.clock.now(),
            user_id=payment.account_id,
        )
        await books.accounts.lock([payment.account_id, PAYMENTS])
        await books.ledger.post([transaction])
        transaction_id = transaction.transaction_id
        return replace(payment, state=PaymentState.SUCCEEDED, transaction_id=transaction_id)

    async def _transaction_of(self, payment: Payment) -> Transaction:
        async with self.begin() as books:
            transaction = await books.ledger.find(payment.transaction_id)
        if transaction is None:
            raise RuntimeError("a payment that succeeded has no transaction")
        return transaction
