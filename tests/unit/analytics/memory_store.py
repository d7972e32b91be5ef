"""The stores of analytics in memory, transactions included: what raises is forgotten."""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from services.analytics.domain.measures import Measures, Route
from services.analytics.domain.place import Place
from services.analytics.domain.window import Window
from services.analytics.usecases.ports import Transaction, UsageQuery


@dataclass
class Stored:
    """What is committed."""

    seen: dict[str, datetime] = field(default_factory=dict[str, datetime])
    usage: dict[tuple[Place, Route], Measures] = field(
        default_factory=dict[tuple[Place, Route], Measures]
    )
    events: dict[tuple[Place, str], int] = field(default_factory=dict[tuple[Place, str], int])


def _inside(place: Place, *, user_id: str, window: Window) -> bool:
    return place.user_id == user_id and any(
        place.span == piece.span.value and piece.start <= place.start < piece.end
        for piece in window.pieces()
    )


class MemorySeen:
    def __init__(self, rows: dict[str, datetime]) -> None:
        self._rows = rows

    async def add(self, identities: Collection[str], *, at: datetime) -> frozenset[str]:
        new = frozenset(identities) - self._rows.keys()
        self._rows.update(dict.fromkeys(new, at))
        return new

    async def forget(self, *, before: datetime, limit: int) -> int:
        old = [identity for identity, time in self._rows.items() if time < before][:limit]
        for identity in old:
            del self._rows[identity]
        return len(old)


class MemoryUsage:
    def __init__(self, rows: dict[tuple[Place, Route], Measures]) -> None:
        self._rows = rows

    async def add(self, rollups: Mapping[tuple[Place, Route], Measures]) -> None:
        for key, measures in rollups.items():
            self._rows[key] = self._rows.get(key, Measures()) + measures

    async def read(self, query: UsageQuery) -> Mapping[Route, Measures]:
        found: dict[Route, Measures] = {}
        for (place, route), measures in self._rows.items():
            wanted = _inside(place, user_id=query.user_id, window=query.window)
            right_model = query.model in {"", route.model}
            right_provider = query.provider_id in {"", route.provider_id}
            if wanted and right_model and right_provider:
                found[route] = found.get(route, Measures()) + measures
        return found


class MemoryEvents:
    def __init__(self, rows: dict[tuple[Place, str], int]) -> None:
        self._rows = rows

    async def add(self, counts: Mapping[tuple[Place, str], int]) -> None:
        for key, count in counts.items():
            self._rows[key] = self._rows.get(key, 0) + count

    async def read(self, user_id: str, *, window: Window) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for (place, kind), count in self._rows.items():
            if _inside(place, user_id=user_id, window=window):
                found[kind] = found.get(kind, 0) + count
        return found


class MemoryTransaction:
    def __init__(self, rows: Stored) -> None:
        self.seen = MemorySeen(rows.seen)
        self.usage = MemoryUsage(rows.usage)
        self.events = MemoryEvents(rows.events)


class MemoryStore:
    def __init__(self) -> None:
        self.stored = Stored()
        self.transactions = 0

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[Transaction]:
        stored = self.stored
        draft = Stored(dict(stored.seen), dict(stored.usage), dict(stored.events))
        yield MemoryTransaction(draft)
        self.stored = draft
        self.transactions += 1


@dataclass
class SetClock:
    """A clock that shows what it was set to."""

    time: datetime

    def now(self) -> datetime:
        return self.time
