"""Keeps this instance's own memory in step with the revocations of every instance."""

import asyncio
import time
from dataclasses import dataclass, field

from services.auth.usecases.ports import EndedSessions, Identities, Listen
from services.auth.usecases.read_revocations import BATCH_MAX, ReadRevocations
from services.kernel.errors import Unavailable

LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class FollowRevocations:
    """Tells the memories what was revoked, and up to which moment they know everything."""

    read: ReadRevocations
    listen: Listen
    identities: Identities
    ended_sessions: EndedSessions
    # Set once everything of the past was heard.
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)

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
                self.ended_sessions.hear(batch)
                self.identities.hear(batch)
                if len(batch.entries) == BATCH_MAX:
                    # There is more of the past.
                    continue
                self.identities.is_current_as_of(asked_at)
                self.caught_up.set()
            await ring.wait(timeout_seconds=LOOK_SECONDS)
