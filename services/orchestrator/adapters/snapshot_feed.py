"""Follows the database: whoever waits gets the newest snapshot."""

import asyncio

from services.chassis.logs import get_logger
from services.chassis.postgres import Database
from services.kernel.errors import Unavailable
from services.orchestrator.adapters.snapshot_rows import read_snapshot
from services.orchestrator.adapters.transaction import CHANNEL
from services.orchestrator.adapters.vault import Vault
from services.orchestrator.domain.snapshot import Snapshot

log = get_logger()
# A notification may be lost with its connection, so the version is read every second too.
POLL_SECONDS = 1.0
RETRY_SECONDS = 0.5


class SnapshotFeed:
    """Keeps the newest snapshot in memory. It survives the database's absence with the last one."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._newest: Snapshot | None = None
        self._replaced = asyncio.Event()
        self._notified = asyncio.Event()

    async def newest(self, *, than: int | None) -> Snapshot:
        """Returns the newest snapshot as soon as its version is another one than `than`."""
        while self._newest is None or self._newest.version == than:
            await self._replaced.wait()
        return self._newest

    async def ready(self) -> None:
        """Waits for the first snapshot, however long the database takes to come."""
        await self.newest(than=None)

    async def run(self) -> None:
        """Follows the database for ever."""
        while True:
            try:
                async with self._database.listening(CHANNEL, self._notified.set):
                    await self._follow()
            except Unavailable as error:
                log.warning("routing.database_unreachable", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                # Better to route by the last good snapshot than not at all.
                log.exception("routing.unreadable")
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        """Follows until a change comes without a notification: the connection must be dead."""
        was_notified = True
        while True:
            self._notified.clear()
            changed = await read_snapshot(self._database, self._vault, than=self._newest)
            if changed is not None:
                self._publish(changed)
                if not was_notified:
                    return
            was_notified = await self._notification()

    async def _notification(self) -> bool:
        """Waits for a notification; says whether one came before it was time to look anyway."""
        try:
            async with asyncio.timeout(POLL_SECONDS):
                return await self._notified.wait()
        except TimeoutError:
            return False

    def _publish(self, snapshot: Snapshot) -> None:
        log.info(
            "routing.changed",
            version=snapshot.version,
            providers=len(snapshot.providers),
            offers=len(snapshot.offers),
        )
        self._newest = snapshot
        # Those who wait hold the old event; who comes later waits for the next.
        self._replaced.set()
        self._replaced = asyncio.Event()
