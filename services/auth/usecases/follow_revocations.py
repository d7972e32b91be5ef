"""Keeps this instance's own cache in step with the revocations of every instance."""

import time
from dataclasses import dataclass

from services.auth.usecases.ports import Identities, Listen
from services.auth.usecases.read_revocations import ReadRevocations
from services.kernel.errors import Unavailable

LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class FollowRevocations:
    """Tells the cache what was revoked, and up to which moment it knows everything."""

    read: ReadRevocations
    listen: Listen
    identities: Identities

    async def __call__(self) -> None:
        """Follows for ever. While the log can't be read, the cache notices by itself."""
        ring = self.listen()
        after = 0
        while True:
            asked_at = time.monotonic()
            try:
                batch = await self.read(after)
            except Unavailable:
                pass
            else:
                after = batch.sequence
                self.identities.hear(batch)
                self.identities.is_current_as_of(asked_at)
            await ring.wait(timeout_seconds=LOOK_SECONDS)
