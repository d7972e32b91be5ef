"""The stores of one database transaction."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from services.analytics.adapters.event_rows import EventRows
from services.analytics.adapters.seen_rows import SeenRows
from services.analytics.adapters.usage_rows import UsageRows
from services.analytics.usecases.ports import Begin, Transaction
from services.chassis.postgres import Database


class SqlTransaction:
    """Implements the port Transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.seen = SeenRows(connection)
        self.usage = UsageRows(connection)
        self.events = EventRows(connection)


def begin_on(database: Database) -> Begin:
    """Returns what opens transactions of a database."""

    @asynccontextmanager
    async def begin() -> AsyncGenerator[Transaction]:
        async with database.transaction() as connection:
            yield SqlTransaction(connection)

    return begin
