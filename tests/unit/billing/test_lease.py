"""The rules of leases, without anything stored."""

import pytest

from services.billing.domain.account import Account
from services.billing.domain.lease import Lease, LeaseAsk

LEASE = Lease("lease", "ann", "proxy-0", granted=100, consumed=30, sequence=1)


def raised(lease: Lease, *, target: int, minimum: int = 0, posted: int, leased: int = 0) -> Lease:
    account = Account("ann", posted, leased)
    return lease.raised(target=target, minimum=minimum, sequence=2, account=account)


def test_it_is_raised_to_the_target_as_far_as_the_money_goes() -> None:
    assert raised(LEASE, target=150, posted=500, leased=70).granted == 150
    assert raised(LEASE, target=150, posted=90, leased=70).granted == 120


def test_it_is_never_lowered_by_asking_for_less() -> None:
    assert raised(LEASE, target=50, posted=500).granted == 100


def test_owed_money_lends_nothing() -> None:
    assert raised(LEASE, target=150, posted=-20).granted == 100


def test_a_minimum_above_the_target_raises_the_target() -> None:
    assert raised(LEASE, target=110, minimum=130, posted=500).granted == 130


def test_what_was_consumed_beyond_the_grant_needs_no_money_again() -> None:
    overrun = Lease("lease", "ann", "proxy-0", granted=100, consumed=130)
    after = raised(overrun, target=200, posted=40)
    assert after.granted == 170
    assert after.reserved - overrun.reserved == 40


@pytest.mark.parametrize(
    ("lease", "reserved"),
    [
        (LEASE, 70),
        (LEASE.charged(70), 0),
        (LEASE.charged(90), 0),
        (Lease("lease", "ann", "proxy-0", granted=100, is_open=False), 0),
    ],
)
def test_it_reserves_what_is_left_while_it_is_open(lease: Lease, reserved: int) -> None:
    assert lease.reserved == reserved


def test_lowering_it_to_what_was_consumed_closes_it() -> None:
    assert LEASE.lowered(target=31, sequence=2).is_open
    closed = LEASE.lowered(target=30, sequence=2)
    assert (closed.granted, closed.is_open, closed.reserved) == (30, False, 0)


def test_lowering_never_raises_it() -> None:
    assert LEASE.lowered(target=500, sequence=2).granted == 100


def ask(target: int, minimum: int) -> LeaseAsk:
    return LeaseAsk("ann", "proxy-0", "named", 2, target, minimum)


def test_the_lease_named_is_counted_as_asked() -> None:
    assert ask(150, 120).counted_from(LEASE, named=LEASE) == (150, 120)


def test_what_an_ended_lease_consumed_is_not_asked_for_again() -> None:
    ended = Lease("ended", "ann", "proxy-0", granted=1000, consumed=900, is_open=False)
    fresh = Lease("fresh", "ann", "proxy-0")
    assert ask(1100, 1010).counted_from(fresh, named=ended) == (200, 110)
    assert ask(800, 700).counted_from(fresh, named=ended) == (0, 0)


def test_a_proxy_that_forgot_its_lease_gets_as_much_as_it_asks_for() -> None:
    assert ask(50, 20).counted_from(LEASE, named=None) == (80, 50)
