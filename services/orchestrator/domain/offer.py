"""Models, and which provider offers each at which price."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.kernel.errors import InvalidField
from services.kernel.money import NANOS_PER_DOLLAR
from services.kernel.price import Price

UNSTORED_VERSION = 0
MAX_OUTPUT_TOKENS_DEFAULT = 4096
# Far above any real price, and far below what would overflow an account.
RATE_NANOS_MAX = 1_000_000 * NANOS_PER_DOLLAR


@dataclass(frozen=True, slots=True)
class Offer:
    """A model at a provider."""

    model_id: str
    provider_id: str
    upstream_model: str
    price: Price
    priority: int
    max_output_tokens: int


@dataclass(frozen=True, slots=True)
class Model:
    """A model that clients may ask for, with who offers it, first choice first."""

    model_id: str
    create_time: datetime
    offers: tuple[Offer, ...]


def make_price(*, input_: int, output: int, cached_input: int | None, request: int) -> Price:
    """Returns a price that has no version yet. Raises InvalidField when a rate is no price."""
    cached = input_ if cached_input is None else cached_input
    rates = {
        "input_per_million": input_,
        "output_per_million": output,
        "cached_input_per_million": cached,
        "per_request": request,
    }
    for name, nanos in rates.items():
        if nanos < 0:
            raise InvalidField(f"price.{name}", f"price.{name} can't be negative.")
        if nanos > RATE_NANOS_MAX:
            raise InvalidField(f"price.{name}", f"price.{name} is above 1,000,000 USD.")
    return Price(UNSTORED_VERSION, input_, output, cached, request)


def make_offer(
    model_id: str,
    *,
    provider_id: str,
    upstream_model: str,
    price: Price,
    priority: int,
    max_output_tokens: int,
) -> Offer:
    """Returns an offer with what was left out filled in. Raises InvalidField."""
    upstream = upstream_model or model_id
    if not upstream.isprintable():
        raise InvalidField("upstream_model", "upstream_model must be printable.")
    limit = max_output_tokens or MAX_OUTPUT_TOKENS_DEFAULT
    return Offer(model_id, provider_id, upstream, price, priority, limit)


def with_kept_price(wanted: Offer, *, current: Offer | None) -> Offer:
    """Returns the wanted offer, with the current price version if the price is the same.

    A price never changes under its version, and an unchanged price never gets a second one.
    """
    if current and replace(current.price, version=UNSTORED_VERSION) == wanted.price:
        return replace(wanted, price=current.price)
    return wanted


def first_choice_first(offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Orders the offers of a model: lower priority first, then by provider id."""
    return tuple(sorted(offers, key=lambda offer: (offer.priority, offer.provider_id)))
