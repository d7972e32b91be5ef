"""Histograms as Postgres keeps them: a bigint for each bucket that is not empty.

The bucket's number stands above the low 40 bits, its count in them. Most rows hold a handful of
requests, so this is a few bytes where every bucket would be a kilobyte. The functions `add_counts`
and `sum_counts` of the schema read the same format.
"""

from collections.abc import Sequence

from services.analytics.domain.histogram import BUCKETS, Histogram

COUNT_BITS = 40
COUNT_MASK = (1 << COUNT_BITS) - 1


def pack(histogram: Histogram) -> list[int]:
    """Returns the entries of a histogram."""
    counts = enumerate(histogram.counts)
    return [bucket << COUNT_BITS | count for bucket, count in counts if count]


def unpack(entries: Sequence[int]) -> Histogram:
    """Returns the histogram of entries."""
    counts = [0] * BUCKETS
    for entry in entries:
        counts[entry >> COUNT_BITS] += entry & COUNT_MASK
    return Histogram(tuple(counts))
