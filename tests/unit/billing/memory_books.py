"""The books in memory: one transaction at a time, undone when it fails."""

import copy
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from services.billing.domain.account import Account
from services.billing.domain.books import TrialBalance
from services.billing.domain.lease import Lease
from services.billing.domain.page import Page
from services.billing.domain.payment import Payment
from services.billing.domain.refund import Refund
from services.billing.domain.transaction import Transaction, TransactionType
from services.billing.domain.usage import DeadRecord, UsageRecord
from services.billing.usecases.ports import Refused


@dataclass
class MemoryAccounts:
    rows: dict[str, Account] = field(default_factory=dict[str, Account])

    async def lock(self, account_ids: Collection[str]) -> dict[str, Account]:
        return {each: self.rows.setdefault(each, Account(each)) for each in account_ids}

    async def find(self, account_id: str) -> Account | None:
        return self.rows.get(account_id)

    async def lend(self, changes: Mapping[str, int]) -> None:
        for account_id, change in changes.items():
            self.rows[account_id] = self.rows[account_id].lent(change)

    def move(self, account_id: str, amount: int) -> None:
        account = self.rows[account_id]
        self.rows[account_id] = replace(account, posted=account.posted + amount)


@dataclass
class MemoryLeases:
    rows: dict[str, Lease] = field(default_factory=dict[str, Lease])
    overdue: set[str] = field(default_factory=set[str])
    # How often each was renewed.
    renewed: dict[str, int] = field(default_factory=dict[str, int])
    forgot: bool = False

    async def find(self, lease_ids: Collection[str]) -> dict[str, Lease]:
        return {each: self.rows[each] for each in lease_ids if each in self.rows}

    async def last(self, account_id: str, *, instance: str) -> Lease | None:
        same = [
            each
            for each in self.rows.values()
            if (each.account_id, each.instance) == (account_id, instance)
        ]
        return max(same, key=lambda lease: lease.sequence, default=None)

    async def keep(self, lease: Lease) -> Lease:
        self.rows[lease.lease_id] = lease
        self.renewed[lease.lease_id] = self.renewed.get(lease.lease_id, 0) + 1
        return lease

    async def consume(self, leases: Iterable[Lease]) -> None:
        for lease in leases:
            self.rows[lease.lease_id] = lease

    async def accounts_with_expired(self, *, limit: int) -> Sequence[str]:
        return sorted({self.rows[each].account_id for each in self.overdue})[:limit]

    async def close_expired(self, account_ids: Collection[str]) -> Sequence[Lease]:
        ended = [
            lease
            for lease in self.rows.values()
            if lease.lease_id in self.overdue and lease.account_id in account_ids
        ]
        for lease in ended:
            self.rows[lease.lease_id] = replace(lease, is_open=False)
            self.overdue.discard(lease.lease_id)
        return ended

    async def forget_closed(self) -> None:
        self.forgot = True


@dataclass
class MemoryLedger:
    accounts: MemoryAccounts
    rows: list[Transaction] = field(default_factory=list[Transaction])
    # A reference that the store refuses, as it would a number too large for it.
    refused: str = ""

    async def post(self, transactions: Sequence[Transaction]) -> None:
        if any(each.reference == self.refused for each in transactions):
            raise Refused("it does not fit")
        self.rows += transactions
        for each in transactions:
            for entry in each.entries:
                self.accounts.move(entry.account_id, entry.amount)

    async def find(self, transaction_id: str) -> Transaction | None:
        return next((each for each in self.rows if each.transaction_id == transaction_id), None)

    async def find_by(self, reference: str, *, kind: TransactionType) -> Transaction | None:
        same = (each for each in self.rows if (each.reference, each.type) == (reference, kind))
        return next(same, None)

    async def page(self, account_id: str, *, before: int | None, limit: int) -> Page[Transaction]:
        return Page([each for each in self.rows if each.account_id == account_id][:limit])

    async def trial_balance(self) -> TrialBalance:
        total = sum(entry.amount for each in self.rows for entry in each.entries)
        return TrialBalance(total, 2 * len(self.rows), len(self.rows), 0, ())


@dataclass
class MemoryUsage:
    rows: dict[str, UsageRecord] = field(default_factory=dict[str, UsageRecord])
    dead: list[DeadRecord] = field(default_factory=list[DeadRecord])

    async def add(self, records: Sequence[UsageRecord]) -> set[str]:
        new = {each.request_id for each in records} - set(self.rows)
        self.rows |= {each.request_id: each for each in records if each.request_id in new}
        return new

    async def put_aside(self, dead: Sequence[DeadRecord]) -> None:
        self.dead += dead

    async def page(self, user_id: str, *, before: int | None, limit: int) -> Page[bytes]:
        return Page(
            [each.payload for each in self.rows.values() if each.user_id == user_id][:limit]
        )


@dataclass
class MemoryPayments:
    rows: dict[str, Payment] = field(default_factory=dict[str, Payment])

    async def claim(self, payment: Payment) -> Payment:
        return self.rows.setdefault(payment.request_id, payment)

    async def conclude(self, payment: Payment) -> None:
        self.rows[payment.request_id] = payment

    async def find(self, payment_id: str) -> Payment | None:
        return next((each for each in self.rows.values() if each.payment_id == payment_id), None)


@dataclass
class MemoryRefunds:
    rows: dict[str, Refund] = field(default_factory=dict[str, Refund])

    async def find(self, request_id: str) -> Refund | None:
        return self.rows.get(request_id)

    async def total(self, payment_id: str) -> int:
        return sum(each.amount for each in self.rows.values() if each.payment_id == payment_id)

    async def add(self, refund: Refund) -> None:
        self.rows[refund.request_id] = refund

    async def conclude(self, refund: Refund) -> None:
        self.rows[refund.request_id] = refund


class MemoryBooks:
    """Implements the ports Books and, called, Begin."""

    def __init__(self) -> None:
        self.accounts = MemoryAccounts()
        self.leases = MemoryLeases()
        self.ledger = MemoryLedger(self.accounts)
        self.usage = MemoryUsage()
        self.payments = MemoryPayments()
        self.refunds = MemoryRefunds()
        self.commits = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator["MemoryBooks"]:
        before = copy.deepcopy(self.__dict__)
        try:
            yield self
        except BaseException:
            self.__dict__.update(before)
            raise
        self.commits += 1

    def give(self, account_id: str, amount: int) -> None:
        """Lets an account begin with some money."""
        self.accounts.rows[account_id] = Account(account_id, amount)
