"""Measures of requests, in the table `usage_rollups`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.analytics.adapters.packed_histogram import pack, unpack
from services.analytics.adapters.tables import USAGE
from services.analytics.adapters.window_filter import in_window
from services.analytics.domain.measures import Measures, Route
from services.analytics.domain.place import Place
from services.analytics.usecases.ports import UsageQuery

_SUMS = ("requests", "errors", "input_tokens", "output_tokens", "cost_nanos")
_HISTOGRAMS = ("duration", "first_byte")


class UsageRows:
    """Implements the port UsageRollups."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rollups: Mapping[tuple[Place, Route], Measures]) -> None:
        """Adds measures to those that are there, in the order of their keys (see seen_rows)."""
        if not rollups:
            return
        new = insert(USAGE)
        sums = {name: USAGE.c[name] + new.excluded[name] for name in _SUMS}
        merges = {name: func.add_counts(USAGE.c[name], new.excluded[name]) for name in _HISTOGRAMS}
        added = new.on_conflict_do_update(
            index_elements=USAGE.primary_key.columns, set_=sums | merges
        )
        rows = [_to_row(*key, rollups[key]) for key in sorted(rollups)]
        await self._connection.execute(added, rows)

    async def read(self, query: UsageQuery) -> Mapping[Route, Measures]:
        """Returns the measures of each route."""
        sums = [func.sum(USAGE.c[name]).label(name) for name in _SUMS]
        merges = [func.sum_counts(USAGE.c[name]).label(name) for name in _HISTOGRAMS]
        route = (USAGE.c.model, USAGE.c.provider_id)
        total = select(*route, *sums, *merges).where(_condition(query)).group_by(*route)
        found = await self._connection.execute(total)
        return {Route(row.model, row.provider_id): _from_row(row) for row in found}


def _condition(query: UsageQuery) -> ColumnElement[bool]:
    terms = [in_window(USAGE, user_id=query.user_id, window=query.window)]
    if query.model:
        terms.append(USAGE.c.model == query.model)
    if query.provider_id:
        terms.append(USAGE.c.provider_id == query.provider_id)
    return and_(*terms)


def _to_row(place: Place, route: Route, measures: Measures) -> dict[str, Any]:
    return {
        "user_id": place.user_id,
        "span": place.span,
        "start": place.start,
        "model": route.model,
        "provider_id": route.provider_id,
        "requests": measures.requests,
        "errors": measures.errors,
        "input_tokens": measures.input_tokens,
        "output_tokens": measures.output_tokens,
        "cost_nanos": measures.cost_nanos,
        "duration": pack(measures.duration),
        "first_byte": pack(measures.first_byte),
    }


def _from_row(row: Row[Any]) -> Measures:
    # Postgres adds bigints up to a numeric.
    return Measures(
        requests=int(row.requests),
        errors=int(row.errors),
        input_tokens=int(row.input_tokens),
        output_tokens=int(row.output_tokens),
        cost_nanos=int(row.cost_nanos),
        duration=unpack(row.duration),
        first_byte=unpack(row.first_byte),
    )
