"""Revocations in the order in which they became visible."""

from dataclasses import dataclass
from datetime import timedelta

# Who knows nothing is told this much of the past: no verdict is cached for longer.
PAST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Revocations:
    """Some revocations in order, and how far they reach."""

    key_ids: tuple[str, ...]
    # The sequence of the newest one that was looked at.
    sequence: int
