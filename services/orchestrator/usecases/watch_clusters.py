"""Tells Envoy's view of the snapshots, in which a deleted provider lingers for a moment.

The proxy learns of a deletion at the same time as Envoy. What it had admitted just before must
still find its cluster, or requests under way would fail.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from services.orchestrator.domain.snapshot import Snapshot
from services.orchestrator.usecases.ports import NewestSnapshot

LINGER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class WatchClusters:
    """Follows the snapshots; drops a provider when nothing has changed for two seconds."""

    newest: NewestSnapshot
    linger_seconds: float = LINGER_SECONDS

    async def __call__(self) -> AsyncGenerator[Snapshot]:
        """Yields snapshots for ever."""
        snapshot = shown = await self.newest(than=None)
        while True:
            yield shown
            lingers = shown is not snapshot
            try:
                async with asyncio.timeout(self.linger_seconds if lingers else None):
                    snapshot = await self.newest(than=snapshot.version)
            except TimeoutError:
                shown = snapshot
            else:
                shown = snapshot.keeping(shown)
