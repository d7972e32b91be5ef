"""What the use cases need: the books, opened in a transaction, and a payment processor."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.billing.domain.account import Account
from services.billing.domain.books import TrialBalance
from services.billing.domain.lease import Lease
from services.billing.domain.page import Page
from services.billing.domain.payment import Payment
from services.billing.domain.refund import Refund
from services.billing.domain.transaction import Transaction, TransactionType
from services.billing.domain.usage import DeadRecord, UsageRecord


class Refused(Exception):
    """The store refuses what it was given; trying again would not help."""


class Accounts(Protocol):
    """Accounts. Whoever changes money locks every account concerned first, all at once."""

    async def lock(self, account_ids: Collection[str]) -> dict[str, Account]:
        """Makes the accounts that are missing, locks all in one order, and returns them."""
        ...

    async def find(self, account_id: str) -> Account | None:
        """Returns an account."""
        ...

    async def lend(self, changes: Mapping[str, int]) -> None:
        """Adds to what is set aside in leases; locked accounts only."""
        ...


class Leases(Protocol):
    """Leases. Their accounts are locked when they are changed."""

    async def find(self, lease_ids: Collection[str]) -> dict[str, Lease]:
        """Returns the leases that exist."""
        ...

    async def last(self, account_id: str, *, instance: str) -> Lease | None:
        """Returns the lease of an account and a proxy that was changed last, open or not."""
        ...

    async def keep(self, lease: Lease) -> Lease:
        """Stores a lease; renews it if it is open, and returns it with its new expiry."""
        ...

    async def consume(self, leases: Iterable[Lease]) -> None:
        """Stores what was consumed of leases, and nothing else."""
        ...

    async def accounts_with_expired(self, *, limit: int) -> Sequence[str]:
        """Returns accounts that have open leases whose time is over."""
        ...

    async def close_expired(self, account_ids: Collection[str]) -> Sequence[Lease]:
        """Closes the accounts' leases whose time is over; returns them as they were before."""
        ...

    async def forget_closed(self) -> None:
        """Forgets leases that ended so long ago that nothing refers to them any more."""
        ...


class Ledger(Protocol):
    """The ledger, append-only."""

    async def post(self, transactions: Sequence[Transaction]) -> None:
        """Books transactions, moves the locked accounts accordingly and announces the former."""
        ...

    async def find(self, transaction_id: str) -> Transaction | None:
        """Returns a transaction."""
        ...

    async def find_by(self, reference: str, *, kind: TransactionType) -> Transaction | None:
        """Returns the one transaction of a type that has a reference."""
        ...

    async def page(self, account_id: str, *, before: int | None, limit: int) -> Page[Transaction]:
        """Returns an account's transactions, newest first."""
        ...

    async def trial_balance(self) -> TrialBalance:
        """Adds up and replays everything, as of one moment."""
        ...


class Usage(Protocol):
    """Terminal records of requests."""

    async def add(self, records: Sequence[UsageRecord]) -> set[str]:
        """Stores records; returns the request ids of those that were not known."""
        ...

    async def put_aside(self, dead: Sequence[DeadRecord]) -> None:
        """Keeps records that can't be booked, each once."""
        ...

    async def page(self, user_id: str, *, before: int | None, limit: int) -> Page[bytes]:
        """Returns a user's records as they came, newest first."""
        ...


class Payments(Protocol):
    """Payments."""

    async def claim(self, payment: Payment) -> Payment:
        """Stores a payment unless its request id is known; returns the stored one, locked."""
        ...

    async def conclude(self, payment: Payment) -> None:
        """Stores how a locked payment ended."""
        ...

    async def find(self, payment_id: str) -> Payment | None:
        """Returns a payment."""
        ...


class Refunds(Protocol):
    """Refunds. Whoever reads or adds any has locked the platform's account of payments."""

    async def find(self, request_id: str) -> Refund | None:
        """Returns the refund that a request made."""
        ...

    async def total(self, payment_id: str) -> int:
        """Returns how much of a payment was refunded."""
        ...

    async def add(self, refund: Refund) -> None:
        """Stores a new refund."""
        ...

    async def conclude(self, refund: Refund) -> None:
        """Stores whether the processor has paid a refund."""
        ...


class Books(Protocol):
    """Everything that is stored, within one transaction."""

    @property
    def accounts(self) -> Accounts:
        """The accounts."""
        ...

    @property
    def leases(self) -> Leases:
        """The leases."""
        ...

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        ...

    @property
    def usage(self) -> Usage:
        """The usage records."""
        ...

    @property
    def payments(self) -> Payments:
        """The payments."""
        ...

    @property
    def refunds(self) -> Refunds:
        """The refunds."""
        ...


# Opens a transaction; a clean exit commits, an exception rolls back. May raise Refused.
Begin = Callable[[], AbstractAsyncContextManager[Books]]


@dataclass(frozen=True, slots=True)
class Charged:
    """What a payment processor answered: an empty decline code means that it charged."""

    decline_code: str = ""


class Processor(Protocol):
    """A payment processor."""

    def knows(self, method: str) -> bool:
        """Says whether it can charge a payment method at all."""
        ...

    async def charge(self, method: str, *, amount: int, idempotency_key: str) -> Charged:
        """Charges once for each key, however often it is asked, and answers the same."""
        ...

    async def refund(self, payment_id: str, *, amount: int, idempotency_key: str) -> None:
        """Gives back once for each key a part of what it charged with the payment's id for key.

        Raises Unavailable when it can't be asked; it never declines.
        """
        ...
