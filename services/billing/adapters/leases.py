"""Leases in Postgres. Their time is told by the database's clock."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, desc, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.billing.adapters.tables import lease as table
from services.billing.domain.lease import Lease

# A record of usage can't be later than this, and for one that is nothing depends on the lease.
FORGET_AFTER_DAYS = 30
CONSUME = text(
    """
    UPDATE lease SET consumed = charged.consumed
    FROM unnest(CAST(:ids AS text[]), CAST(:consumed AS bigint[])) AS charged (id, consumed)
    WHERE lease_id = id
    """
)


def _lease(row: Row[Any]) -> Lease:
    return Lease(
        lease_id=row.lease_id,
        account_id=row.account_id,
        instance=row.instance,
        granted=row.granted,
        consumed=row.consumed,
        sequence=row.sequence,
        is_open=row.is_open,
        expire_time=row.expire_time,
    )


class SqlLeases:
    """Implements the port Leases."""

    def __init__(self, connection: AsyncConnection, *, lease_seconds: float) -> None:
        self._connection = connection
        self._lease_seconds = lease_seconds

    async def find(self, lease_ids: Collection[str]) -> dict[str, Lease]:
        """Returns the leases that exist."""
        query = select(table).where(table.c.lease_id == func.any(list(lease_ids)))
        return {row.lease_id: _lease(row) for row in await self._connection.execute(query)}

    async def last(self, account_id: str, *, instance: str) -> Lease | None:
        """Returns the lease of an account and a proxy that was changed last, open or not."""
        same = (table.c.account_id == account_id, table.c.instance == instance)
        query = select(table).where(*same).order_by(desc(table.c.sequence)).limit(1)
        row = (await self._connection.execute(query)).first()
        return _lease(row) if row else None

    async def keep(self, lease: Lease) -> Lease:
        """Stores a lease; renews it if it is open, and returns it with its new expiry."""
        life = self._lease_seconds if lease.is_open else 0
        changed = {
            "granted": lease.granted,
            "sequence": lease.sequence,
            "is_open": lease.is_open,
            "expire_time": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, life),
        }
        new = {
            "lease_id": lease.lease_id,
            "account_id": lease.account_id,
            "instance": lease.instance,
            "consumed": lease.consumed,
        }
        statement = insert(table).values(new | changed)
        statement = statement.on_conflict_do_update(index_elements=["lease_id"], set_=changed)
        return _lease((await self._connection.execute(statement.returning(table))).one())

    async def consume(self, leases: Iterable[Lease]) -> None:
        """Stores what was consumed of leases, and nothing else."""
        consumed = {lease.lease_id: lease.consumed for lease in leases}
        if consumed:
            values = {"ids": list(consumed), "consumed": list(consumed.values())}
            await self._connection.execute(CONSUME, values)

    async def accounts_with_expired(self, *, limit: int) -> Sequence[str]:
        """Returns accounts that have open leases whose time is over."""
        expired = (table.c.is_open, table.c.expire_time <= func.now())
        query = select(table.c.account_id).where(*expired).distinct().limit(limit)
        return (await self._connection.execute(query)).scalars().all()

    async def close_expired(self, account_ids: Collection[str]) -> Sequence[Lease]:
        """Closes the accounts' leases whose time is over; returns them as they were before."""
        statement = (
            update(table)
            .where(table.c.account_id == func.any(list(account_ids)))
            .where(table.c.is_open, table.c.expire_time <= func.now())
            .values(is_open=False)
            .returning(table)
        )
        rows = await self._connection.execute(statement)
        return [replace(_lease(row), is_open=True) for row in rows]

    async def forget_closed(self) -> None:
        """Forgets leases that ended so long ago that nothing refers to them any more."""
        past = func.now() - func.make_interval(0, 0, 0, FORGET_AFTER_DAYS)
        await self._connection.execute(
            delete(table).where(~table.c.is_open, table.c.expire_time < past)
        )
