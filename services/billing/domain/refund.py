"""Refunds of payments."""

import hashlib
from dataclasses import dataclass

from services.billing.domain.payment import Payment, PaymentState, require_chargeable
from services.kernel.errors import Conflict, RequestIdReused


@dataclass(frozen=True, slots=True)
class RefundAsk:
    """What an operator asks for."""

    request_id: str
    payment_id: str
    reason: str
    # None asks for what is left of the payment.
    amount: int | None = None

    def require_amount(self) -> None:
        """Raises InvalidField unless the amount, if there is one, can be refunded."""
        if self.amount is not None:
            require_chargeable(self.amount)

    def amount_of(self, payment: Payment, *, refunded: int) -> int:
        """Returns how much to refund. Raises Conflict when there is not that much left."""
        if payment.state is not PaymentState.SUCCEEDED:
            raise Conflict(
                "The payment did not succeed, so it can't be refunded.",
                metadata={"resource": "payment", "state": payment.state.value},
            )
        left = payment.amount - refunded
        amount = left if self.amount is None else self.amount
        if not 0 < amount <= left:
            raise Conflict(
                "Refunds can't exceed the payment.",
                metadata={"resource": "payment", "refundable_nanos": str(left)},
            )
        return amount

    @property
    def fingerprint(self) -> str:
        """Tells whether two requests are the same, also when they asked for what is left."""
        text = f"{self.payment_id}\n{self.amount}\n{self.reason}"
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund. It is booked before the processor is asked, and paid once that has answered."""

    refund_id: str
    request_id: str
    fingerprint: str
    payment_id: str
    amount: int
    transaction_id: str
    is_paid: bool = False

    def require_same(self, ask: RefundAsk) -> None:
        """Raises RequestIdReused when the request is not the one that made the refund."""
        if self.fingerprint != ask.fingerprint:
            raise RequestIdReused(ask.request_id)
