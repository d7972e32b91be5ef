"""Keeps the database tidy."""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from services.chassis.logs import get_logger
from services.kernel.errors import DomainError

log = get_logger()


async def sweep_for_ever(forget: Callable[[], Awaitable[int]], *, every_seconds: float) -> None:
    """Forgets what is old now and then. A sweep that fails is made up for by the next."""
    while True:
        try:
            forgotten = await forget()
        except (DomainError, SQLAlchemyError) as error:
            # Whatever it is, counting goes on without tidiness for a while.
            log.warning("sweep.failed", error=type(error).__name__)
        else:
            log.info("sweep.done", forgotten=forgotten)
        await asyncio.sleep(every_seconds)
