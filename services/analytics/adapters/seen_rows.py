"""What was counted, in the table `seen`."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import DateTime, Text, delete, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.analytics.adapters.tables import SEEN


class SeenRows:
    """Implements the port Seen."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, identities: Collection[str], *, at: datetime) -> frozenset[str]:
        """Remembers identities and returns those that are new."""
        if not identities:
            return frozenset()
        # In order, so that two batches with the same identities wait for each other instead of
        # locking up.
        names = func.unnest(literal(sorted(identities), ARRAY(Text))).column_valued("name")
        rows = select(names, literal(at, DateTime(timezone=True)))
        added = insert(SEEN).from_select(["identity", "time"], rows).on_conflict_do_nothing()
        found = await self._connection.execute(added.returning(SEEN.c.identity))
        return frozenset(found.scalars())

    async def forget(self, *, before: datetime, limit: int) -> int:
        """Forgets at most `limit` identities of before a time; returns how many it forgot."""
        old = select(SEEN.c.identity).where(SEEN.c.time < before).limit(limit)
        # Another instance may sweep too; it skips what is locked here.
        free = old.with_for_update(skip_locked=True)
        forgotten = await self._connection.execute(delete(SEEN).where(SEEN.c.identity.in_(free)))
        return forgotten.rowcount
