"""Transactions over every store of auth."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.api_keys import SqlApiKeys
from services.auth.adapters.events import OutboxEvents
from services.auth.adapters.failed_logins import SqlFailedLogins
from services.auth.adapters.revocation_log import SqlRevocationLog
from services.auth.adapters.sessions import SqlSessions
from services.auth.adapters.tables import OUTBOX
from services.auth.adapters.users import SqlUsers
from services.auth.usecases.ports import Begin, Transaction
from services.chassis.outbox import Outbox, OutboxRelay
from services.chassis.postgres import Database


@dataclass(frozen=True, slots=True)
class SqlTransaction:
    """Implements the port Transaction."""

    users: SqlUsers
    failed_logins: SqlFailedLogins
    sessions: SqlSessions
    api_keys: SqlApiKeys
    revocations: SqlRevocationLog
    events: OutboxEvents

    @classmethod
    def over(cls, connection: AsyncConnection) -> "SqlTransaction":
        """Returns the stores within a connection's transaction."""
        return cls(
            SqlUsers(connection),
            SqlFailedLogins(connection),
            SqlSessions(connection),
            SqlApiKeys(connection),
            SqlRevocationLog(connection),
            OutboxEvents(Outbox(OUTBOX, connection)),
        )


def transactions(database: Database, relay: OutboxRelay) -> Begin:
    """Returns the port Begin; after a commit, the relay publishes what was announced."""

    @asynccontextmanager
    async def begin() -> AsyncGenerator[Transaction]:
        async with database.transaction() as connection:
            tx = SqlTransaction.over(connection)
            yield tx
        if tx.events.count:
            relay.wake()

    return begin
