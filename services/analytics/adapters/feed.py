"""Feeds what arrives from the streams to the use cases, bad records left out."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.chassis.logs import get_logger

log = get_logger()
# Bounds the length of a transaction, whatever producers put in a message.
FACTS_PER_TRANSACTION = 1000

Message = TypeVar("Message")
Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Feed(Generic[Message, Fact]):
    """Turns messages into facts and hands them on. Every step may be repeated."""

    # Raises ValueError when a message can't be counted.
    convert: Callable[[Message], Fact]
    record: Callable[[Sequence[Fact]], Awaitable[None]]

    async def __call__(self, messages: Iterable[Message]) -> None:
        """Records every message that can be counted, and logs that the others can't."""
        facts = [fact for message in messages for fact in self._converted(message)]
        for first in range(0, len(facts), FACTS_PER_TRANSACTION):
            await self.record(facts[first : first + FACTS_PER_TRANSACTION])

    def _converted(self, message: Message) -> Iterable[Fact]:
        try:
            yield self.convert(message)
        except ValueError as error:
            log.warning("record.skipped", kind=type(message).__name__, problem=str(error))
