"""Offers and the versions of their prices."""

from dataclasses import replace

import pytest

from services.kernel.errors import InvalidField
from services.kernel.price import Price
from services.orchestrator.domain.offer import (
    RATE_NANOS_MAX,
    UNSTORED_VERSION,
    make_offer,
    make_price,
    with_kept_price,
)
from tests.unit.orchestrator.examples import PRICE, offer

UNSTORED = replace(PRICE, version=UNSTORED_VERSION)


def test_the_same_price_keeps_its_version() -> None:
    wanted = offer("alpha", price=UNSTORED, priority=9)

    assert with_kept_price(wanted, current=offer("alpha")).price == PRICE


@pytest.mark.parametrize("rate", ["input", "output", "cached_input", "request"])
def test_a_changed_rate_needs_a_new_version(rate: str) -> None:
    changed = replace(UNSTORED, **{rate: 1})

    kept = with_kept_price(offer("alpha", price=changed), current=offer("alpha"))

    assert kept.price.version == UNSTORED_VERSION


def test_a_first_price_needs_a_version() -> None:
    kept = with_kept_price(offer("alpha", price=UNSTORED), current=None)

    assert kept.price.version == UNSTORED_VERSION


def test_cached_input_costs_what_input_costs_unless_told() -> None:
    untold = make_price(input_=5, output=6, cached_input=None, request=0)
    free = make_price(input_=5, output=6, cached_input=0, request=0)

    assert untold == Price(UNSTORED_VERSION, 5, 6, 5)
    assert free.cached_input == 0


@pytest.mark.parametrize("rate", ["input_", "output", "cached_input", "request"])
@pytest.mark.parametrize("nanos", [-1, RATE_NANOS_MAX + 1])
def test_a_rate_that_is_no_price_is_refused(rate: str, nanos: int) -> None:
    rates = {"input_": 1, "output": 1, "cached_input": 1, "request": 1} | {rate: nanos}

    with pytest.raises(InvalidField) as refusal:
        make_price(**rates)

    assert refusal.value.field.startswith("price.")


def test_what_is_left_out_of_an_offer_is_filled_in() -> None:
    made = make_offer(
        "gpt",
        provider_id="alpha",
        upstream_model="",
        price=UNSTORED,
        priority=0,
        max_output_tokens=0,
    )

    assert (made.upstream_model, made.max_output_tokens) == ("gpt", 4096)


def test_an_unprintable_upstream_model_is_refused() -> None:
    with pytest.raises(InvalidField):
        make_offer(
            "gpt",
            provider_id="alpha",
            upstream_model="gpt\n",
            price=UNSTORED,
            priority=0,
            max_output_tokens=0,
        )
