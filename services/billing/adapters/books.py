"""The books in Postgres: every table within one transaction."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from services.billing.adapters.accounts import SqlAccounts
from services.billing.adapters.leases import SqlLeases
from services.billing.adapters.ledger import SqlLedger
from services.billing.adapters.payments import SqlPayments
from services.billing.adapters.refunds import SqlRefunds
from services.billing.adapters.tables import outbox
from services.billing.adapters.usage import SqlUsage
from services.billing.usecases.ports import Refused
from services.chassis.outbox import Outbox, OutboxRelay
from services.chassis.postgres import Database

# Data that does not fit its type, and data that breaks a constraint.
REFUSAL_CLASSES = {"22", "23"}


@dataclass(frozen=True, slots=True)
class SqlBooks:
    """Implements the port Books."""

    accounts: SqlAccounts
    leases: SqlLeases
    ledger: SqlLedger
    usage: SqlUsage
    payments: SqlPayments
    refunds: SqlRefunds


@dataclass(frozen=True, slots=True)
class OpenBooks:
    """Implements the port Begin."""

    database: Database
    relay: OutboxRelay
    lease_seconds: float

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[SqlBooks]:
        """Opens a transaction; what was posted in it is published soon after its commit."""
        try:
            async with self.database.transaction() as connection:
                ledger = SqlLedger(connection, Outbox(outbox, connection))
                yield SqlBooks(
                    accounts=SqlAccounts(connection),
                    leases=SqlLeases(connection, lease_seconds=self.lease_seconds),
                    ledger=ledger,
                    usage=SqlUsage(connection),
                    payments=SqlPayments(connection),
                    refunds=SqlRefunds(connection),
                )
        except DBAPIError as error:
            sqlstate = getattr(error.orig, "sqlstate", None) or ""
            if sqlstate[:2] in REFUSAL_CLASSES:
                raise Refused(f"the database refuses it with {sqlstate}") from error
            raise
        if ledger.has_posted:
            self.relay.wake()
