"""Waits for the database at the start, and keeps it tidy afterwards."""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from services.chassis.logs import get_logger
from services.chassis.postgres import Database

log = get_logger()
PING_SECONDS = 3.0
PING_PAUSE_SECONDS = 0.25


async def database_answers(database: Database) -> None:
    """Returns as soon as the database answers, however long it is away."""
    while True:
        try:
            async with asyncio.timeout(PING_SECONDS):
                await database.ping()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("database.unreachable", error=type(error).__name__)
            await asyncio.sleep(PING_PAUSE_SECONDS)
        else:
            return


async def sweep_for_ever(forget: Callable[[], Awaitable[int]], *, every_seconds: float) -> None:
    """Forgets what is old now and then. A sweep that fails is made up for by the next."""
    while True:
        try:
            forgotten = await forget()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("sweep.failed", error=type(error).__name__)
        else:
            log.info("sweep.done", forgotten=forgotten)
        await asyncio.sleep(every_seconds)
