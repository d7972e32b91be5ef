"""Reads the log of revocations."""

from dataclasses import dataclass

from services.auth.domain.revocation import PAST, Revocations
from services.auth.usecases.ports import Begin
from services.kernel.clock import Clock

BATCH_MAX = 1000


@dataclass(frozen=True, slots=True)
class ReadRevocations:
    """Reads one batch of revocations."""

    begin: Begin
    clock: Clock

    async def __call__(self, after: int) -> Revocations:
        """Returns those after a sequence; after 0, those of the last day."""
        since = self.clock.now() - PAST if after == 0 else None
        async with self.begin() as tx:
            return await tx.revocations.read(after, since=since, limit=BATCH_MAX)
