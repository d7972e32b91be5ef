"""Waits for the database before the service says that it serves."""

import asyncio
from collections.abc import Awaitable, Callable

from services.chassis.logs import get_logger
from services.chassis.postgres import Database

log = get_logger()
RETRY_SECONDS = 0.5


def until_reachable(database: Database) -> Callable[[], Awaitable[None]]:
    """Returns a step of readiness that ends when the database answers."""

    async def wait() -> None:
        while True:
            try:
                await database.ping()
            except Exception as error:  # noqa: BLE001 - a starting server answers in many ways
                log.warning("database.unreachable", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    return wait
