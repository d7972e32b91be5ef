"""Sessions that have ended, as long as it matters."""

import time
from collections import OrderedDict
from collections.abc import Callable

from services.auth.domain.revocation import Revocations
from services.auth.domain.session import ACCESS_LIFE
from services.chassis.tokens import CLOCK_SKEW_SECONDS

# By then the last access token of the session has ended by itself.
MEMORY_SECONDS = ACCESS_LIFE.total_seconds() + 2 * CLOCK_SKEW_SECONDS


class RecentlyEndedSessions:
    """Implements the port EndedSessions in memory."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        # When each was heard of, the oldest first.
        self._heard_at: OrderedDict[str, float] = OrderedDict()

    def hear(self, revocations: Revocations) -> None:
        """Remembers the sessions among the revocations."""
        now = self._monotonic()
        for entry in revocations.entries:
            if entry.session_id:
                self._heard_at[entry.session_id] = now
                self._heard_at.move_to_end(entry.session_id)
        while self._heard_at and next(iter(self._heard_at.values())) <= now - MEMORY_SECONDS:
            self._heard_at.popitem(last=False)

    def __contains__(self, session_id: str) -> bool:
        """Says whether a session has ended."""
        return session_id in self._heard_at
