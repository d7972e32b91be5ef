"""A transaction on the catalogue in Postgres."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.bus import ANALYTICS_SUBJECT
from services.chassis.outbox import Outbox
from services.chassis.postgres import Database
from services.orchestrator.adapters import tables
from services.orchestrator.adapters.events import to_event_batch
from services.orchestrator.adapters.model_rows import ModelRows
from services.orchestrator.adapters.provider_rows import ProviderRows
from services.orchestrator.domain.changes import Change

# Where Postgres tells every instance that the routing version has grown.
CHANNEL = "routing"
_VERSION = tables.routing_version.c.version


class SqlTransaction:
    """The catalogue within a transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.providers = ProviderRows(connection)
        self.models = ModelRows(connection)

    async def lock(self) -> None:
        """Lets one change happen at a time, so that versions grow in the order of commits."""
        await self._connection.execute(select(_VERSION).with_for_update())

    async def version(self) -> int:
        """Returns the version of the routing table."""
        return (await self._connection.execute(select(_VERSION))).scalar_one()

    async def announce(self, change: Change) -> None:
        """Raises the version, and tells everybody of the change once it is committed."""
        await self._connection.execute(
            update(tables.routing_version).values({_VERSION: _VERSION + 1})
        )
        await self._connection.execute(select(func.pg_notify(CHANNEL, "")))
        outbox = Outbox(tables.outbox, self._connection)
        await outbox.append(ANALYTICS_SUBJECT, [to_event_batch(change)])


@dataclass(frozen=True, slots=True)
class SqlCatalogue:
    """Begins transactions; tells the outbox's relay when one has committed."""

    database: Database
    wake_relay: Callable[[], None]

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[SqlTransaction]:
        """Opens a transaction; a clean exit commits."""
        async with self.database.transaction() as connection:
            yield SqlTransaction(connection)
        self.wake_relay()
