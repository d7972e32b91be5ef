"""The database of a service."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.chassis.store_errors import store_errors
from services.kernel.errors import Unavailable

POOL_SIZE = 10
POOL_WAIT_SECONDS = 3.0
STATEMENT_TIMEOUT_MS = 5000
CONNECT_SECONDS = 3.0
RETRY_SECONDS = 0.25


class Database:
    """A pool of connections."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """Opens a transaction; a clean exit commits, an exception rolls back.

        Raises Unavailable while the database is away, Conflict when another transaction won.
        """
        with store_errors():
            async with self._engine.begin() as connection:
                yield connection

    async def reachable(self) -> None:
        """Returns as soon as the database answers, however long it is away."""
        while True:
            try:
                async with self.transaction() as connection:
                    await connection.execute(text("SELECT 1"))
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    @asynccontextmanager
    async def listening(self, channel: str, notify: Callable[[], None]) -> AsyncGenerator[None]:
        """Calls `notify()` on each NOTIFY of a channel, on a connection of its own.

        A connection that dies says nothing: whoever listens must also look now and then.
        """

        def wake(*_: object) -> None:
            notify()

        with store_errors():
            async with self._engine.connect() as connection:
                raw: Any = (await connection.get_raw_connection()).driver_connection
                await raw.add_listener(channel, wake)
                try:
                    yield
                finally:
                    await connection.invalidate()


@asynccontextmanager
async def open_database(url: str) -> AsyncGenerator[Database]:
    """Opens the pool of a database. Connects when first used; broken connections are replaced."""
    engine = create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "server_settings": {"statement_timeout": str(STATEMENT_TIMEOUT_MS)},
        },
    )
    try:
        yield Database(engine)
    finally:
        await engine.dispose()
