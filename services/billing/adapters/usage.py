"""Usage records in Postgres."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import desc, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.billing.adapters.tables import dead_usage
from services.billing.adapters.tables import usage_record as table
from services.billing.domain.page import Page
from services.billing.domain.usage import DeadRecord, UsageRecord
from services.chassis.page_token import cut

# The order keeps two transactions that bring the same records from waiting for each other.
ADD = text(
    """
    INSERT INTO usage_record (request_id, user_id, account_id, lease_id, hold, amount, payload)
    SELECT * FROM unnest(
        CAST(:requests AS uuid[]), CAST(:users AS text[]), CAST(:accounts AS text[]),
        CAST(:leases AS text[]), CAST(:holds AS bigint[]), CAST(:amounts AS bigint[]),
        CAST(:payloads AS bytea[])
    )
    ON CONFLICT DO NOTHING RETURNING request_id
    """
)


class SqlUsage:
    """Implements the port Usage."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, records: Sequence[UsageRecord]) -> set[str]:
        """Stores records; returns the request ids of those that were not known."""
        if not records:
            return set()
        ordered = sorted(records, key=lambda record: record.request_id)
        values = {
            "requests": [record.request_id for record in ordered],
            "users": [record.user_id for record in ordered],
            "accounts": [record.account_id for record in ordered],
            "leases": [record.lease_id for record in ordered],
            "holds": [record.hold for record in ordered],
            "amounts": [record.amount for record in ordered],
            "payloads": [record.payload for record in ordered],
        }
        added = await self._connection.execute(ADD, values)
        return {str(request_id) for request_id in added.scalars()}

    async def put_aside(self, dead: Sequence[DeadRecord]) -> None:
        """Keeps records that can't be booked, each once."""
        rows = [
            {
                "digest": hashlib.sha256(each.record.payload).digest(),
                "problem": each.problem,
                "payload": each.record.payload,
            }
            for each in dead
        ]
        if rows:
            await self._connection.execute(insert(dead_usage).on_conflict_do_nothing(), rows)

    async def page(self, user_id: str, *, before: int | None, limit: int) -> Page[bytes]:
        """Returns a user's records as they came, newest first."""
        query = select(table.c.position, table.c.payload).where(table.c.user_id == user_id)
        if before is not None:
            query = query.where(table.c.position < before)
        query = query.order_by(desc(table.c.position)).limit(limit + 1)
        rows, more = cut((await self._connection.execute(query)).all(), limit)
        return Page([row.payload for row in rows], rows[-1].position if more else None)
