"""Streams revocations."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from services.auth.domain.revocation import Revocations
from services.auth.usecases.ports import Listen
from services.auth.usecases.read_revocations import BATCH_MAX, ReadRevocations

# Half of what the contract promises: the log is also read when the bell has failed to ring.
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class WatchRevocations:
    """Follows the log of revocations for one watcher."""

    read: ReadRevocations
    listen: Listen

    async def __call__(self, after: int) -> AsyncIterator[Revocations]:
        """Yields batches for ever; an empty one says that nothing was revoked."""
        ring = self.listen()
        while True:
            batch = await self.read(after)
            after = batch.sequence
            yield batch
            if len(batch.entries) < BATCH_MAX:
                await ring.wait(timeout_seconds=LOOK_SECONDS)
