"""Tells the routing table, now and after each change."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from services.orchestrator.domain.routing import RoutingTable, routing_table
from services.orchestrator.usecases.ports import NewestSnapshot


@dataclass(frozen=True, slots=True)
class WatchRoutingTable:
    """Follows the snapshots; a slow watcher skips tables, never the newest one."""

    newest: NewestSnapshot

    async def __call__(self) -> AsyncGenerator[RoutingTable]:
        """Yields tables for ever."""
        known: int | None = None
        while True:
            snapshot = await self.newest(than=known)
            known = snapshot.version
            yield routing_table(snapshot)
