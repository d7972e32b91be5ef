"""The log of revocations in Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import REVOCATIONS
from services.auth.domain.revocation import Revocation, Revocations

CHANNEL = "auth_revocations"
# Any number will do that no other lock of this database uses.
ORDER_LOCK = 4_711_102


@dataclass(frozen=True, slots=True)
class SqlRevocationLog:
    """Implements the port RevocationLog."""

    connection: AsyncConnection

    async def append(self, entries: Sequence[Revocation], *, now: datetime) -> None:
        """Adds revocations and rings the bell at the commit."""
        # A sequence that were visible before a smaller one would make watchers skip the latter.
        await self.connection.execute(text(f"SELECT pg_advisory_xact_lock({ORDER_LOCK})"))
        rows = [
            {
                "key_id": entry.key_id or None,
                "session_id": entry.session_id or None,
                "changed": entry.changed,
                "create_time": now,
            }
            for entry in entries
        ]
        await self.connection.execute(insert(REVOCATIONS), rows)
        await self.connection.execute(text(f"NOTIFY {CHANNEL}"))

    async def read(self, after: int, *, since: datetime | None, limit: int) -> Revocations:
        """Returns the revocations after a sequence, and since a time if one is given."""
        table = REVOCATIONS
        query = select(table).where(table.c.sequence > after)
        if since is not None:
            query = query.where(table.c.create_time > since)
        query = query.order_by(table.c.sequence).limit(limit)
        rows = (await self.connection.execute(query)).all()
        sequence = rows[-1].sequence if rows else after
        return Revocations(tuple(_revocation(row) for row in rows), sequence)


def _revocation(row: Row[Any]) -> Revocation:
    return Revocation(key_id=row.key_id or "", session_id=row.session_id or "", changed=row.changed)
