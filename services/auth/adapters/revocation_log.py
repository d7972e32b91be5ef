"""The log of revocations in Postgres."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import REVOCATIONS
from services.auth.domain.revocation import Revocations

CHANNEL = "auth_revocations"
# Any number will do that no other lock of this database uses.
ORDER_LOCK = 4_711_102


@dataclass(frozen=True, slots=True)
class SqlRevocationLog:
    """Implements the port RevocationLog."""

    connection: AsyncConnection

    async def append(self, key_id: str, *, now: datetime) -> None:
        """Adds a revocation and rings the bell at the commit."""
        # A sequence that were visible before a smaller one would make watchers skip the latter.
        await self.connection.execute(text(f"SELECT pg_advisory_xact_lock({ORDER_LOCK})"))
        await self.connection.execute(insert(REVOCATIONS).values(key_id=key_id, create_time=now))
        await self.connection.execute(text(f"NOTIFY {CHANNEL}"))

    async def read(self, after: int, *, since: datetime | None, limit: int) -> Revocations:
        """Returns the revocations after a sequence, and since a time if one is given."""
        table = REVOCATIONS
        query = select(table.c.sequence, table.c.key_id).where(table.c.sequence > after)
        if since is not None:
            query = query.where(table.c.create_time > since)
        query = query.order_by(table.c.sequence).limit(limit)
        rows = (await self.connection.execute(query)).all()
        sequence = rows[-1].sequence if rows else after
        return Revocations(tuple(row.key_id for row in rows), sequence)
