"""Adjusts a balance, once for each request id."""

from dataclasses import dataclass, replace

from services.billing.domain.account import ADJUSTMENTS, visible_user
from services.billing.domain.adjustment import AdjustmentAsk
from services.billing.domain.transaction import Transaction, TransactionType
from services.billing.usecases.close_expired_leases import lock_and_expire
from services.billing.usecases.ports import Begin
from services.kernel.caller import Caller
from services.kernel.clock import Clock
from services.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class CreateTransaction:
    """Moves an amount between an account and the platform's account of adjustments."""

    begin: Begin
    clock: Clock

    async def __call__(self, caller: Caller, ask: AdjustmentAsk) -> Transaction:
        """Returns the transaction. Raises InsufficientBalance, RequestIdReused and NotFound."""
        ask = replace(ask, user_id=visible_user(caller, ask.user_id))
        ask.require_amount()
        async with self.begin() as books:
            # Every adjustment locks the platform's account: none is made while this one looks.
            accounts = await lock_and_expire(books, {ask.user_id, ADJUSTMENTS})
            kind = TransactionType.ADJUSTMENT
            known = await books.ledger.find_by(ask.request_id, kind=kind)
            if known:
                ask.require_same(known)
                return known
            ask.require_fits(accounts[ask.user_id])
            transaction = self._transaction(ask)
            await books.ledger.post([transaction])
        return transaction

    def _transaction(self, ask: AdjustmentAsk) -> Transaction:
        return Transaction(
            transaction_id=new_id(),
            type=TransactionType.ADJUSTMENT,
            account_id=ask.user_id,
            amount=ask.amount,
            reference=ask.request_id,
            create_time=self.clock.now(),
            user_id=ask.user_id,
            reason=ask.reason,
        )
