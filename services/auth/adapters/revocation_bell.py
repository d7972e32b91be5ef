"""Rings when Postgres says that something was revoked, in this instance or another."""

import asyncio
from weakref import WeakSet

from services.auth.adapters.revocation_log import CHANNEL
from services.chassis.logs import get_logger
from services.chassis.postgres import Database
from services.kernel.errors import Unavailable

log = get_logger()
# A listening connection that has died says nothing, so it is replaced now and then. Who listens
# looks for himself twice a second as well.
RENEW_SECONDS = 10.0
RETRY_SECONDS = 0.5


class Ear:
    """Implements the port Ring."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    async def wait(self, *, timeout_seconds: float) -> None:
        """Returns at the next ring, or when the time is up."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self.rung.wait()
        except TimeoutError:
            return
        self.rung.clear()


class RevocationBell:
    """Hands out ears, and rings for all of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Ears go when their watchers do.
        self._ears: WeakSet[Ear] = WeakSet()

    def listen(self) -> Ear:
        """Returns a new ear."""
        ear = Ear()
        self._ears.add(ear)
        return ear

    def ring(self) -> None:
        """Wakes everybody who listens."""
        for ear in self._ears:
            ear.rung.set()

    async def run(self) -> None:
        """Listens to Postgres for ever."""
        while True:
            try:
                async with self._database.listening(CHANNEL, self.ring):
                    # What was revoked while nobody listened.
                    self.ring()
                    await asyncio.sleep(RENEW_SECONDS)
            except Unavailable as error:
                log.warning("bell.waiting", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
