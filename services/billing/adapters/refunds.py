"""Refunds in Postgres."""

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.billing.adapters.tables import refund as table
from services.billing.domain.refund import Refund


class SqlRefunds:
    """Implements the port Refunds."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, request_id: str) -> Refund | None:
        """Returns the refund that a request made."""
        query = select(table).where(table.c.request_id == request_id)
        row = (await self._connection.execute(query)).first()
        if row is None:
            return None
        return Refund(
            refund_id=row.refund_id,
            request_id=row.request_id,
            fingerprint=row.fingerprint,
            payment_id=row.payment_id,
            amount=row.amount,
            transaction_id=row.transaction_id,
            is_paid=row.is_paid,
        )

    async def total(self, payment_id: str) -> int:
        """Returns how much of a payment was refunded."""
        query = select(func.coalesce(func.sum(table.c.amount), 0))
        query = query.where(table.c.payment_id == payment_id)
        return int((await self._connection.execute(query)).scalar_one())

    async def add(self, refund: Refund) -> None:
        """Stores a new refund."""
        values = {
            "refund_id": refund.refund_id,
            "request_id": refund.request_id,
            "fingerprint": refund.fingerprint,
            "payment_id": refund.payment_id,
            "amount": refund.amount,
            "transaction_id": refund.transaction_id,
            "is_paid": refund.is_paid,
        }
        await self._connection.execute(insert(table).values(values))

    async def conclude(self, refund: Refund) -> None:
        """Stores whether the processor has paid a refund."""
        same = table.c.refund_id == refund.refund_id
        await self._connection.execute(update(table).where(same).values(is_paid=refund.is_paid))
