"""Forgets the identities of what was counted too long ago to come again."""

from dataclasses import dataclass
from datetime import timedelta

from services.analytics.usecases.ports import Begin
from services.kernel.clock import Clock

ROWS_PER_TRANSACTION = 10_000


@dataclass(frozen=True, slots=True)
class ForgetSeen:
    """Forgets in small transactions, so that counting never waits long."""

    begin: Begin
    clock: Clock
    keep: timedelta

    async def __call__(self) -> int:
        """Forgets all that is old enough; returns how much that was."""
        before = self.clock.now() - self.keep
        total = 0
        while True:
            async with self.begin() as tx:
                forgotten = await tx.seen.forget(before=before, limit=ROWS_PER_TRANSACTION)
            total += forgotten
            if forgotten < ROWS_PER_TRANSACTION:
                return total
