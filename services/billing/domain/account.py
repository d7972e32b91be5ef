"""Accounts: what the ledger says that they hold, and what of it is lent to proxies."""

from dataclasses import dataclass, replace

from services.kernel.caller import Caller
from services.kernel.errors import InsufficientBalance, InvalidField, NotFound

# The platform's own accounts. No user's id may begin like theirs.
SYSTEM_PREFIX = "system:"
REVENUE = f"{SYSTEM_PREFIX}revenue"
PAYMENTS = f"{SYSTEM_PREFIX}payments"
ADJUSTMENTS = f"{SYSTEM_PREFIX}adjustments"
ID_BYTES_MAX = 64
# Half of what a 64-bit integer holds.
BALANCE_NANOS_MAX = 2**62


@dataclass(frozen=True, slots=True)
class Account:
    """An account. Amounts are nano-dollars."""

    account_id: str
    # What the entries of the ledger add up to.
    posted: int = 0
    # What is set aside in open leases.
    leased: int = 0

    @property
    def available(self) -> int:
        """What can still be lent; negative when more was charged than was there."""
        return self.posted - self.leased

    def require_room(self, amount: int) -> None:
        """Raises InvalidField when the balance would grow beyond what can be counted."""
        if self.posted + amount > BALANCE_NANOS_MAX:
            raise InvalidField("amount", "The balance would become too large.")

    def require_available(self, amount: int) -> None:
        """Raises InsufficientBalance unless an amount can be taken."""
        if amount > self.available:
            raise insufficient(self)

    def lent(self, change: int) -> "Account":
        """Returns the account after `change` more was set aside."""
        return replace(self, leased=self.leased + change)


def is_user_account(account_id: str) -> bool:
    """Says whether an id may be that of a user's account."""
    return (
        0 < len(account_id.encode()) <= ID_BYTES_MAX
        and account_id.isprintable()
        and not account_id.startswith(SYSTEM_PREFIX)
    )


def visible_user(caller: Caller, user_id: str) -> str:
    """Resolves `me`; raises NotFound unless the caller may see the user's money."""
    resolved = caller.resolve(user_id)
    if not (caller.may_see(resolved) and is_user_account(resolved)):
        raise NotFound("user", resolved)
    return resolved


def insufficient(account: Account) -> InsufficientBalance:
    """Returns the error that tells an empty account from one whose money is set aside."""
    held = "; the rest is held for requests under way" if account.leased > 0 else ""
    return InsufficientBalance(
        f"The account has not enough available balance{held}.",
        metadata={
            "available_nanos": str(account.available),
            "posted_nanos": str(account.posted),
            "held_nanos": str(account.leased),
        },
    )
