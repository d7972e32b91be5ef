"""Every way a request can end, and what it costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.usage import TokenUsage
from services.proxy.domain.conclusion import Outcome, conclude, expire
from tests.unit.proxy.fakes import PRICE, a_hold, a_line

USAGE = TokenUsage(input=100, output=50)


def test_the_provider_report_is_charged_at_the_price_of_who_served():
    served = conclude(a_line(a_hold(), usage=USAGE))
    assert (served.outcome, served.amount, served.provider_id) == (Outcome.SETTLED, 45_000, "demo")
    other = conclude(a_line(a_hold(), usage=USAGE, cluster="provider-other"))
    assert (other.amount, other.price_version) == (150_000, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 503},
        {"status": 400, "usage": USAGE},
        {"status": 0, "first_byte_ms": None},
        {"first_byte_ms": None, "cluster": ""},
        {"cluster": "unadmitted"},
    ],
)
def test_what_failed_or_never_began_costs_nothing(changes: dict[str, object]):
    ended = conclude(a_line(a_hold(), **changes))
    assert (ended.outcome, ended.amount, ended.usage) == (Outcome.SETTLED, 0, TokenUsage())


def test_a_cut_stream_is_estimated_by_what_passed():
    cut = conclude(a_line(a_hold(stream=True), events=7))
    assert cut.outcome is Outcome.ESTIMATED
    assert cut.usage == TokenUsage(input=10, output=7)
    assert cut.amount == PRICE.cost(cut.usage)


def test_a_cut_answer_is_estimated_by_its_bytes():
    cut = conclude(a_line(a_hold(), bytes_sent=401))
    assert (cut.outcome, cut.usage.output) == (Outcome.ESTIMATED, 101)


def test_without_a_record_nothing_is_charged():
    ended = expire(a_hold())
    assert (ended.outcome, ended.amount) == (Outcome.EXPIRED, 0)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**7))
def test_nothing_costs_more_than_its_hold(tokens_in: int, tokens_out: int, hold: int):
    usage = TokenUsage(input=tokens_in, output=tokens_out)
    ended = conclude(a_line(a_hold(amount=hold), usage=usage))
    assert 0 <= ended.amount <= hold
    assert ended.amount + ended.overrun == PRICE.cost(usage)
