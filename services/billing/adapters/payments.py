"""Payments in Postgres."""

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.billing.adapters.tables import payment as table
from services.billing.domain.payment import Payment, PaymentState


def _payment(row: Row[Any]) -> Payment:
    return Payment(
        payment_id=row.payment_id,
        request_id=row.request_id,
        fingerprint=row.fingerprint,
        account_id=row.account_id,
        amount=row.amount,
        state=PaymentState(row.state),
        transaction_id=row.transaction_id or "",
        decline_code=row.decline_code,
    )


class SqlPayments:
    """Implements the port Payments."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, payment: Payment) -> Payment:
        """Stores a payment unless its request id is known; returns the stored one, locked."""
        values = {
            "payment_id": payment.payment_id,
            "request_id": payment.request_id,
            "fingerprint": payment.fingerprint,
            "account_id": payment.account_id,
            "amount": payment.amount,
            "state": payment.state.value,
            "decline_code": payment.decline_code,
        }
        await self._connection.execute(insert(table).values(values).on_conflict_do_nothing())
        query = select(table).where(table.c.request_id == payment.request_id)
        row = (await self._connection.execute(query.with_for_update())).one()
        return _payment(row)

    async def conclude(self, payment: Payment) -> None:
        """Stores how a locked payment ended."""
        await self._connection.execute(
            update(table)
            .where(table.c.payment_id == payment.payment_id)
            .values(
                state=payment.state.value,
                transaction_id=payment.transaction_id or None,
                decline_code=payment.decline_code,
            )
        )

    async def find(self, payment_id: str) -> Payment | None:
        """Returns a payment."""
        query = select(table).where(table.c.payment_id == payment_id)
        row = (await self._connection.execute(query)).first()
        return _payment(row) if row else None
