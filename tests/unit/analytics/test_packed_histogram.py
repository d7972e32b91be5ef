from services.analytics.adapters.packed_histogram import pack, unpack
from services.analytics.domain.histogram import Histogram


def test_what_is_packed_can_be_unpacked():
    histogram = Histogram.of([0, 3, 3, 5_000, 10**9])
    assert unpack(pack(histogram)) == histogram


def test_empty_buckets_take_no_room():
    assert pack(Histogram()) == []
    assert len(pack(Histogram.of([7, 7, 900]))) == 2


def test_entries_of_one_bucket_add_up():
    parts = pack(Histogram.of([7])) + pack(Histogram.of([7, 900]))
    assert unpack(parts) == Histogram.of([7, 7, 900])
