"""Prices are written exactly."""

import pytest

from services.local.models import DEMO, money


@pytest.mark.parametrize(
    ("amount", "units", "nanos"),
    [("10", "10", 0), ("0.15", "0", 150_000_000), ("2.50", "2", 500_000_000), ("0", "0", 0)],
)
def test_money_has_units_and_nanos(amount: str, units: str, nanos: int):
    assert money(amount) == {"currency_code": "USD", "units": units, "nanos": nanos}


def test_an_offer_names_model_provider_and_prices():
    offer = DEMO[0].as_json("demo")
    assert offer["model_id"] == "demo-chat"
    assert offer["provider_id"] == "demo"
    assert offer["price"]["cached_input_per_million"] == money("0.075")
