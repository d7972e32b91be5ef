"""Leases: parts of balances that are lent to proxies."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.billing.domain.account import Account
from services.kernel.errors import Conflict

NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class LeaseAsk:
    """What a proxy asks for. Amounts are nano-dollars in total since the lease it names began."""

    account_id: str
    instance: str
    # The lease that the proxy knows of; empty when it knows none.
    lease_id: str
    sequence: int
    target: int
    minimum: int

    def counted_from(self, lease: "Lease", *, named: "Lease | None") -> tuple[int, int]:
        """Returns target and minimum in terms of `lease`, which may not be the one named.

        A proxy that names a lease which has ended counts what that one consumed into its totals;
        one that names none counts from nothing. Both want the rest, so the rest is carried over.
        """
        known = named.consumed if named else 0
        shift = lease.consumed - known
        floor = lease.consumed if shift else 0
        return max(self.target + shift, floor), max(self.minimum + shift, floor)


@dataclass(frozen=True, slots=True)
class Lease:
    """A part of a balance that is lent to a proxy. Amounts are nano-dollars."""

    lease_id: str
    account_id: str
    instance: str
    granted: int = 0
    consumed: int = 0
    # The sequence of the last call that changed it.
    sequence: int = 0
    is_open: bool = True
    # Set by the store at each renewal.
    expire_time: datetime = NEVER

    @property
    def reserved(self) -> int:
        """What it keeps set aside of the account."""
        return max(self.granted - self.consumed, 0) if self.is_open else 0

    def raised(self, *, target: int, minimum: int, sequence: int, account: Account) -> "Lease":
        """Returns the lease raised towards a target, as far as the account's money goes.

        It never lowers. A minimum above the target raises the target. Whether the minimum was met
        is for the caller to see.
        """
        ceiling = max(self.granted, self.consumed) + max(account.available, 0)
        granted = max(self.granted, min(max(target, minimum), ceiling))
        return replace(self, granted=granted, sequence=sequence)

    def lowered(self, *, target: int, sequence: int) -> "Lease":
        """Returns the lease lowered to a target, closed when nothing is left to spend.

        It never raises. The target is at least what was consumed.
        """
        granted = min(self.granted, target)
        is_open = granted > self.consumed
        return replace(self, granted=granted, sequence=sequence, is_open=is_open)

    def charged(self, amount: int) -> "Lease":
        """Returns the lease after a charge. A charge may exceed what was left; it is owed."""
        return replace(self, consumed=self.consumed + amount)


def below_consumption(lease: Lease) -> Conflict:
    """Returns the error of asking a lease to grant less than was consumed of it."""
    return Conflict(
        "The lease can't grant less than was consumed.",
        metadata={"resource": "lease", "consumed_nanos": str(lease.consumed)},
    )


@dataclass(frozen=True, slots=True)
class Grant:
    """A lease, and the account that it belongs to, after a call."""

    lease: Lease
    account: Account


def reserved_by_account(leases: Iterable[Lease]) -> dict[str, int]:
    """Adds up what leases keep set aside, by account."""
    totals: dict[str, int] = {}
    for lease in leases:
        totals[lease.account_id] = totals.get(lease.account_id, 0) + lease.reserved
    return totals
