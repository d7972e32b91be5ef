"""What the use cases need of the world."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.analytics.domain.measures import Measures, Route
from services.analytics.domain.place import Place
from services.analytics.domain.window import Window


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Asks for the measures of a user, or of EVERYBODY, in a window."""

    user_id: str
    window: Window
    # Only this model; every one when empty.
    model: str = ""
    # Only this provider; every one when empty.
    provider_id: str = ""


class Seen(Protocol):
    """Remembers what was counted."""

    async def add(self, identities: Collection[str], *, at: datetime) -> frozenset[str]:
        """Remembers identities and returns those that are new."""
        ...

    async def forget(self, *, before: datetime, limit: int) -> int:
        """Forgets at most `limit` identities of before a time; returns how many it forgot."""
        ...


class UsageRollups(Protocol):
    """Measures of requests by place and route."""

    async def add(self, rollups: Mapping[tuple[Place, Route], Measures]) -> None:
        """Adds measures to those that are there."""
        ...

    async def read(self, query: UsageQuery) -> Mapping[Route, Measures]:
        """Returns the measures of each route."""
        ...


class EventRollups(Protocol):
    """Counts of events by place and type."""

    async def add(self, counts: Mapping[tuple[Place, str], int]) -> None:
        """Adds counts to those that are there."""
        ...

    async def read(self, user_id: str, *, window: Window) -> Mapping[str, int]:
        """Returns the count of each type."""
        ...


class Transaction(Protocol):
    """The stores, all or nothing."""

    @property
    def seen(self) -> Seen:
        """What was counted."""
        ...

    @property
    def usage(self) -> UsageRollups:
        """Measures of requests."""
        ...

    @property
    def events(self) -> EventRollups:
        """Counts of events."""
        ...


Begin = Callable[[], AbstractAsyncContextManager[Transaction]]
