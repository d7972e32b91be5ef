import math
import random
from itertools import pairwise

import pytest

from services.analytics.domain.histogram import BOUNDS_MS, BUCKETS, HIGHEST_MS, Histogram


def test_no_bound_is_more_than_a_tenth_above_the_least_value_of_its_bucket():
    for below, bound in pairwise(BOUNDS_MS):
        assert bound <= (below + 1) * 1.1


def test_the_layout_never_changes_because_databases_hold_it():
    assert (BUCKETS, BOUNDS_MS[:12], BOUNDS_MS[40]) == (184, tuple(range(12)), 113)


@pytest.mark.parametrize("percent", [50, 95, 99])
@pytest.mark.parametrize("count", [1, 2, 19, 1000])
def test_a_percentile_is_at_most_a_tenth_above_the_true_one(percent: int, count: int):
    draw = random.Random(count)
    values = sorted(int(draw.lognormvariate(7, 2)) for _ in range(count))
    true = values[math.ceil(count * percent / 100) - 1]
    assert true <= Histogram.of(values).percentile(percent) <= true * 1.1


def test_whole_milliseconds_up_to_ten_are_exact():
    for value in range(11):
        assert Histogram.of([value]).percentile(50) == value


def test_nothing_measured_is_zero():
    assert Histogram().percentile(99) == 0


def test_merging_is_measuring_together():
    assert Histogram.of([1, 500]) + Histogram.of([500, 90_000]) == Histogram.of(
        [1, 500, 500, 90_000]
    )


def test_what_is_above_a_day_counts_as_the_last_bucket():
    beyond = Histogram.of([HIGHEST_MS * 50])
    assert beyond.total == 1
    assert beyond.percentile(50) == BOUNDS_MS[-1]


def test_counts_of_another_layout_are_refused():
    with pytest.raises(ValueError, match="184 buckets"):
        Histogram((1, 2, 3))
