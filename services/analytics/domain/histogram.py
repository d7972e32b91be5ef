"""Latency distributions in fixed exponential buckets, which merge by adding."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from operator import add

HIGHEST_MS = 24 * 3600 * 1000


def _bounds() -> tuple[int, ...]:
    # Whole milliseconds one by one, and from 10 ms on a tenth more each time, rounded down: so no
    # bucket's upper bound is more than 10 % above any value in it.
    bounds = [0]
    while bounds[-1] < HIGHEST_MS:
        bounds.append(max(bounds[-1] + 1, bounds[-1] * 11 // 10))
    return tuple(bounds)


# The inclusive upper bound of each bucket. Stored counts depend on it: it never changes.
BOUNDS_MS = _bounds()
BUCKETS = len(BOUNDS_MS)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values fell into each bucket."""

    counts: tuple[int, ...] = (0,) * BUCKETS

    def __post_init__(self) -> None:
        """Refuses counts of another layout."""
        if len(self.counts) != BUCKETS:
            raise ValueError(f"a histogram has {BUCKETS} buckets")

    @staticmethod
    def of(values_ms: Iterable[int]) -> "Histogram":
        """Counts values that are not negative; what is above a day counts as the last bucket."""
        counts = [0] * BUCKETS
        for value in values_ms:
            counts[min(bisect_left(BOUNDS_MS, value), BUCKETS - 1)] += 1
        return Histogram(tuple(counts))

    def __add__(self, other: "Histogram") -> "Histogram":
        """Merges two distributions."""
        return Histogram(tuple(map(add, self.counts, other.counts)))

    @property
    def total(self) -> int:
        """How many values there are."""
        return sum(self.counts)

    def percentile(self, percent: int) -> int:
        """Returns a value that `percent` of the values don't exceed; 0 when there are none.

        It is at least the true (nearest-rank) percentile, and at most 10 % above it.
        """
        rank = -(-self.total * percent // 100)
        reached = 0
        for bound, count in zip(BOUNDS_MS, self.counts, strict=True):
            reached += count
            if reached >= rank:
                return bound
        raise AssertionError("the ranks add up to the total")
