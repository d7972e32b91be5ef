"""Identity tokens that were made a moment ago."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.auth.domain.revocation import Revocations
from services.kernel.caller import Caller
from services.kernel.clock import Clock

ENTRIES_MAX = 10_000
# Who has not heard of revocations for so long asks the database about each key again.
SILENCE_SECONDS_MAX = 0.8


@dataclass(frozen=True, slots=True)
class _Entry:
    identity: str
    caller: Caller
    until: datetime

    @property
    def subject(self) -> str:
        """Whom a revocation would name."""
        return self.caller.key_id or self.caller.session_id


class IdentityCache:
    """Implements the port Identities. Credentials are kept as digests only."""

    def __init__(self, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._by_subject: dict[str, set[bytes]] = {}
        self._current_as_of = float("-inf")
        self._generation = 0

    @property
    def generation(self) -> int:
        """Changes whenever a revocation is heard."""
        return self._generation

    def find(self, credential: str) -> str | None:
        """Returns the identity of a credential that was verified a moment ago."""
        entry = self._entries.get(_digest(credential))
        if entry is None or entry.until <= self._clock.now():
            return None
        is_deaf = self._monotonic() - self._current_as_of > SILENCE_SECONDS_MAX
        return None if entry.caller.key_id and is_deaf else entry.identity

    def keep(
        self, credential: str, identity: str, *, caller: Caller, until: datetime, generation: int
    ) -> None:
        """Remembers an identity unless a revocation was heard since `generation`."""
        if generation != self._generation:
            # It may have been this caller's, heard after the database had vouched for it.
            return
        digest = _digest(credential)
        self._drop(digest)
        entry = _Entry(identity, caller, until)
        self._entries[digest] = entry
        self._by_subject.setdefault(entry.subject, set()).add(digest)
        if len(self._entries) > ENTRIES_MAX:
            self._drop(next(iter(self._entries)))

    def hear(self, revocations: Revocations) -> None:
        """Forgets the identities of keys and sessions."""
        for revocation in revocations.entries:
            self._generation += 1
            for digest in list(self._by_subject.get(revocation.subject, ())):
                self._drop(digest)

    def is_current_as_of(self, monotonic_seconds: float) -> None:
        """Says that every revocation up to a moment was heard."""
        self._current_as_of = monotonic_seconds

    def _drop(self, digest: bytes) -> None:
        entry = self._entries.pop(digest, None)
        if entry is None:
            return
        others = self._by_subject[entry.subject]
        others.discard(digest)
        if not others:
            del self._by_subject[entry.subject]


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode()).digest()
