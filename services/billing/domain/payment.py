"""Payments into accounts."""

import hashlib
from dataclasses import dataclass
from enum import Enum

from services.kernel.errors import InvalidField, PaymentDeclined, RequestIdReused
from services.kernel.money import NANOS_PER_CENT, NANOS_PER_DOLLAR

AMOUNT_NANOS_MAX = 1_000_000 * NANOS_PER_DOLLAR


def require_chargeable(amount: int) -> None:
    """Raises InvalidField unless a payment processor can move the amount."""
    if not 0 < amount <= AMOUNT_NANOS_MAX:
        raise InvalidField("amount", "amount must be more than 0 and 1,000,000 USD at most.")
    if amount % NANOS_PER_CENT:
        raise InvalidField("amount.nanos", "amount must be in whole cents.")


@dataclass(frozen=True, slots=True)
class PaymentAsk:
    """What a caller asks for."""

    request_id: str
    user_id: str
    amount: int
    method: str

    def require_amount(self) -> None:
        """Raises InvalidField unless the amount can be charged."""
        require_chargeable(self.amount)

    @property
    def fingerprint(self) -> str:
        """Tells whether two requests are the same, without keeping the payment method."""
        text = f"{self.user_id}\n{self.amount}\n{self.method}"
        return hashlib.sha256(text.encode()).hexdigest()


class PaymentState(Enum):
    """How far a payment came."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment. It is pending from before the processor is asked until its answer is booked."""

    payment_id: str
    request_id: str
    fingerprint: str
    account_id: str
    amount: int
    state: PaymentState = PaymentState.PENDING
    transaction_id: str = ""
    decline_code: str = ""

    def require_same(self, ask: PaymentAsk) -> None:
        """Raises RequestIdReused when the request is not the one that made the payment."""
        if self.fingerprint != ask.fingerprint:
            raise RequestIdReused(ask.request_id)

    def require_accepted(self) -> None:
        """Raises PaymentDeclined when the processor declined."""
        if self.state is PaymentState.DECLINED:
            raise PaymentDeclined(
                "The payment was declined.", metadata={"decline_code": self.decline_code}
            )
