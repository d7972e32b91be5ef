"""Pages of lists, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, and the position after which the next page begins; None at the end."""

    items: Sequence[Item]
    next_position: int | None = None
