"""Books what requests cost: each once, however often its record arrives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.account import REVENUE
from services.billing.domain.transaction import Transaction, TransactionType
from services.billing.domain.usage import DeadRecord, Sifted, UsageRecord, sift
from services.billing.usecases.ports import Begin, Books, Refused
from services.kernel.clock import Clock
from services.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a batch."""

    # Records that were new.
    settled: int = 0
    dead: tuple[DeadRecord, ...] = ()

    def __add__(self, other: "Settlement") -> "Settlement":
        """Returns what became of two batches."""
        return Settlement(self.settled + other.settled, self.dead + other.dead)


@dataclass(frozen=True, slots=True)
class SettleUsage:
    """Stores records, posts charges, and settles them with the leases they were held from."""

    begin: Begin
    clock: Clock
    records_max: int = 1000

    async def __call__(self, records: Sequence[UsageRecord]) -> Settlement:
        """Settles a batch, as one transaction unless it is very large."""
        total = Settlement()
        for start in range(0, len(records), self.records_max):
            total += await self._settle(sift(records[start : start + self.records_max]))
        return total

    async def _settle(self, sifted: Sifted) -> Settlement:
        try:
            async with self.begin() as books:
                await books.usage.put_aside(sifted.dead)
                settled = await self._book(books, sifted.records)
        except Refused as refusal:
            return await self._isolate(sifted, str(refusal))
        return Settlement(settled, sifted.dead)

    async def _isolate(self, sifted: Sifted, problem: str) -> Settlement:
        """Finds the record that the store refuses: it must not keep the others from being booked.

        Halving finds it in few steps; nothing of the refused transaction was kept.
        """
        records, dead = sifted.records, sifted.dead
        if not records:
            raise Refused(problem)
        if len(records) == 1:
            return await self._settle(Sifted((), (*dead, DeadRecord(records[0], problem))))
        middle = len(records) // 2
        first = await self._settle(Sifted(records[:middle], dead))
        return first + await self._settle(Sifted(records[middle:], ()))

    async def _book(self, books: Books, records: Sequence[UsageRecord]) -> int:
        charged = {record.account_id for record in records if record.amount}
        if charged:
            await books.accounts.lock({*charged, REVENUE})
        new = await books.usage.add(records)
        charges = [record for record in records if record.amount and record.request_id in new]
        if charges:
            now = self.clock.now()
            await books.ledger.post([_charge(record, at=now) for record in charges])
            await _consume_leases(books, charges)
        return len(new)


def _charge(record: UsageRecord, *, at: datetime) -> Transaction:
    return Transaction(
        transaction_id=new_id(),
        type=TransactionType.USAGE,
        account_id=record.account_id,
        amount=-record.amount,
        reference=record.request_id,
        create_time=at,
        user_id=record.user_id,
        traceparent=record.traceparent,
    )


async def _consume_leases(books: Books, charges: Sequence[UsageRecord]) -> None:
    before = await books.leases.find({charge.lease_id for charge in charges})
    after = dict(before)
    for charge in charges:
        lease = after.get(charge.lease_id)
        # A charge never touches what another account lent.
        if lease and lease.account_id == charge.account_id:
            after[charge.lease_id] = lease.charged(charge.amount)
    consumed = [lease for lease in after.values() if lease is not before[lease.lease_id]]
    changes: dict[str, int] = {}
    for lease in consumed:
        change = lease.reserved - before[lease.lease_id].reserved
        changes[lease.account_id] = changes.get(lease.account_id, 0) + change
    await books.leases.consume(consumed)
    await books.accounts.lend(changes)
