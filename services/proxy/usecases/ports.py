"""What the proxy's use cases need from the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.proxy.domain.admission import Hold
from services.proxy.domain.conclusion import Conclusion, JournalLine
from services.proxy.domain.lease import Grant, Lease
from services.proxy.domain.routing import RoutingTable
from services.proxy.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the journal: the file's inode, which renaming keeps, and a byte offset."""

    inode: int
    offset: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of the journal, and the place after the last."""

    lines: tuple[JournalLine, ...]
    end: Position


class Verdicts(Protocol):
    """What auth says about keys."""

    def known(self, secret: str) -> Verdict | None:
        """Returns the verdict in memory; None when auth must be asked. Raises InvalidCredential."""
        ...

    async def ask(self, secret: str) -> Verdict:
        """Asks auth. Raises InvalidCredential or Unavailable."""
        ...


class Routes(Protocol):
    """The newest routing table."""

    @property
    def table(self) -> RoutingTable:
        """Returns the table."""
        ...


class Lender(Protocol):
    """Billing, as the lender of leases."""

    async def acquire(self, account_id: str, *, lease_id: str, target: int, minimum: int) -> Grant:
        """Raises the lease to `target`, at least to `minimum`.

        Raises InsufficientBalance or Unavailable.
        """
        ...

    async def give_back(self, lease_id: str, *, target: int) -> Grant:
        """Lowers the lease to `target`. Raises Conflict or Unavailable."""
        ...


class Log(Protocol):
    """The write-ahead log: what must survive a crash. Each call returns after the write."""

    def granted(self, lease: Lease) -> None:
        """Records what a lease grants."""
        ...

    def held(self, hold: Hold) -> None:
        """Records a hold, before the request goes anywhere."""
        ...

    def settled(self, conclusions: Sequence[Conclusion], *, position: Position | None) -> None:
        """Records that requests ended and were published, and how far the journal was read."""
        ...


class Journal(Protocol):
    """The edge's journal."""

    async def next_chunk(self) -> Chunk:
        """Returns the next lines; waits until there are some."""
        ...

    @property
    def caught_up_at(self) -> float:
        """Returns the Unix time at which everything written so far had been read."""
        ...


class Publisher(Protocol):
    """Puts terminal records on the stream."""

    async def publish(self, conclusions: Sequence[Conclusion]) -> None:
        """Returns once the stream has them safely. Raises Unavailable."""
        ...
