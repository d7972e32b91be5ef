"""Movements of money. Each has two entries that add up to zero, by construction."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from services.billing.domain.account import ADJUSTMENTS, PAYMENTS, REVENUE


class TransactionType(Enum):
    """Why money moved."""

    PAYMENT = "payment"
    USAGE = "usage"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


# Where the money of a user's account comes from or goes to.
COUNTERPARTS = {
    TransactionType.PAYMENT: PAYMENTS,
    TransactionType.USAGE: REVENUE,
    TransactionType.REFUND: PAYMENTS,
    TransactionType.ADJUSTMENT: ADJUSTMENTS,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What one account gained by a transaction."""

    account_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """A movement between a user's account and one of the platform's."""

    transaction_id: str
    type: TransactionType
    # The user's account.
    account_id: str
    # What it gained; negative for a charge or a refund.
    amount: int
    # For a charge, the billing id of the request; for a payment and a refund, their own id; for an
    # adjustment, the id of the request that asked for it.
    reference: str
    create_time: datetime
    # The user who caused it, and the trace of the request that did.
    user_id: str = ""
    traceparent: str = ""
    # Why an operator refunded or adjusted.
    reason: str = ""

    @property
    def entries(self) -> tuple[Entry, Entry]:
        """The two sides, the user's first."""
        counterpart = Entry(COUNTERPARTS[self.type], -self.amount)
        return Entry(self.account_id, self.amount), counterpart
