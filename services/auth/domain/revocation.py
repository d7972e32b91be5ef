"""Revocations in the order in which they became visible."""

from dataclasses import dataclass
from datetime import timedelta

# Who knows nothing is told this much of the past: no verdict is cached for longer.
PAST = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Says that what is known about a key or a session no longer holds; it names one of them."""

    key_id: str = ""
    session_id: str = ""
    # Whether the key goes on, and only what it may do is another.
    changed: bool = False

    @property
    def subject(self) -> str:
        """The id of the key or the session; those of keys never look like those of sessions."""
        return self.key_id or self.session_id


@dataclass(frozen=True, slots=True)
class Revocations:
    """Some revocations in order, and how far they reach."""

    entries: tuple[Revocation, ...]
    # The sequence of the newest one that was looked at.
    sequence: int
