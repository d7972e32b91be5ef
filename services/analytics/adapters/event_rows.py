"""Counts of events, in the table `event_rollups`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.analytics.adapters.tables import EVENTS
from services.analytics.adapters.window_filter import in_window
from services.analytics.domain.place import Place
from services.analytics.domain.window import Window


class EventRows:
    """Implements the port EventRollups."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, counts: Mapping[tuple[Place, str], int]) -> None:
        """Adds counts to those that are there, in the order of their keys (see seen_rows)."""
        if not counts:
            return
        new = insert(EVENTS)
        added = new.on_conflict_do_update(
            index_elements=EVENTS.primary_key.columns,
            set_={"count": EVENTS.c.count + new.excluded.count},
        )
        rows = [_to_row(*key, count) for key, count in sorted(counts.items())]
        await self._connection.execute(added, rows)

    async def read(self, user_id: str, *, window: Window) -> Mapping[str, int]:
        """Returns the count of each type."""
        query = (
            select(EVENTS.c.type, func.sum(EVENTS.c.count).label("total"))
            .where(in_window(EVENTS, user_id=user_id, window=window))
            .group_by(EVENTS.c.type)
        )
        found = await self._connection.execute(query)
        return {row.type: int(row.total) for row in found}


def _to_row(place: Place, kind: str, count: int) -> dict[str, Any]:
    return {
        "user_id": place.user_id,
        "span": place.span,
        "start": place.start,
        "type": kind,
        "count": count,
    }
