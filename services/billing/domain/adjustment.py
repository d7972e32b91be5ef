"""Adjustments of balances by operators."""

from dataclasses import dataclass

from services.billing.domain.account import Account
from services.billing.domain.transaction import Transaction
from services.kernel.errors import InvalidField, RequestIdReused
from services.kernel.money import NANOS_PER_DOLLAR

AMOUNT_NANOS_MAX = 1_000_000 * NANOS_PER_DOLLAR


@dataclass(frozen=True, slots=True)
class AdjustmentAsk:
    """What an operator asks for."""

    request_id: str
    user_id: str
    # What the account gains, or loses when negative.
    amount: int
    reason: str

    def require_amount(self) -> None:
        """Raises InvalidField unless the amount can be booked."""
        if not 0 < abs(self.amount) <= AMOUNT_NANOS_MAX:
            raise InvalidField("amount", "amount must not be 0, and 1,000,000 USD at most.")

    def require_fits(self, account: Account) -> None:
        """Raises InsufficientBalance, and InvalidField when the balance would be too large."""
        if self.amount < 0:
            account.require_available(-self.amount)
        else:
            account.require_room(self.amount)

    def require_same(self, known: Transaction) -> None:
        """Raises RequestIdReused when the request is not the one that was booked before."""
        asked = (self.user_id, self.amount, self.reason)
        if asked != (known.account_id, known.amount, known.reason):
            raise RequestIdReused(self.request_id)
