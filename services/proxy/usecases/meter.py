"""Turns the edge's journal into terminal records, exactly one for each admitted request."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.kernel.clock import Clock
from services.kernel.errors import Unavailable
from services.proxy.domain.conclusion import Conclusion, conclude, expire
from services.proxy.domain.lease_book import LeaseBook
from services.proxy.usecases.ports import Journal, Log, Position, Publisher

# While the stream is away the meter reads on, so that holds are released; then the journal waits.
BATCHES_WAITING_MAX = 2000
RECORDS_PER_MESSAGE = 500
RETRY_SECONDS = 0.5
# A little patience makes one message, and one transaction at each consumer, out of many.
GATHER_SECONDS = 0.2
GATHERED_BATCHES = 8
SWEEP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Batch:
    conclusions: tuple[Conclusion, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Meter:
    """Reads, concludes, publishes; and only then remembers how far it has read."""

    journal: Journal
    book: LeaseBook
    log: Log
    publisher: Publisher
    clock: Clock
    # After this time without a record of the edge, a hold is given up.
    hold_seconds_max: float
    _waiting: "asyncio.Queue[_Batch]" = field(
        default_factory=lambda: asyncio.Queue(BATCHES_WAITING_MAX)
    )

    async def read(self) -> None:
        """Reads the journal for ever and releases the holds of what has ended."""
        while True:
            chunk = await self.journal.next_chunk()
            conclusions = tuple(conclude(line) for line in chunk.lines)
            self._release(conclusions)
            await self._waiting.put(_Batch(conclusions, chunk.end))

    async def publish(self) -> None:
        """Publishes what was concluded, for ever, in the order of the journal."""
        while True:
            conclusions, position = await self._next_message()
            await self._publish(conclusions)
            self.log.settled(conclusions, position=position)

    async def expire(self) -> None:
        """Gives up holds of which the edge left no record, for ever."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            # What is written but not yet read must not be given up.
            horizon = min(self._now(), self.journal.caught_up_at) - self.hold_seconds_max
            overdue = tuple(
                expire(hold) for hold in self.book.holds() if hold.admitted_at < horizon
            )
            if overdue:
                await self._publish(overdue)
                self.log.settled(overdue, position=None)
                self._release(overdue)

    def _release(self, conclusions: Sequence[Conclusion]) -> None:
        now = self._now()
        for conclusion in conclusions:
            hold = conclusion.hold
            self.book.settle(hold.request_id, amount=conclusion.amount, now=now)

    async def _next_message(self) -> tuple[list[Conclusion], Position]:
        batch = await self._waiting.get()
        if self._waiting.qsize() < GATHERED_BATCHES:
            await asyncio.sleep(GATHER_SECONDS)
        conclusions, position = list(batch.conclusions), batch.position
        while len(conclusions) < RECORDS_PER_MESSAGE and not self._waiting.empty():
            batch = self._waiting.get_nowait()
            conclusions += batch.conclusions
            position = batch.position
        return conclusions, position

    async def _publish(self, conclusions: Sequence[Conclusion]) -> None:
        while conclusions:
            try:
                await self.publisher.publish(conclusions)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    def _now(self) -> float:
        return self.clock.now().timestamp()
