"""What the local stack offers at first start: the demo models, and known models of real providers.

List prices in USD per million tokens, as the providers published them in August 2025. They are a
starting point: operators set their own with `POST /orchestrator/offers`.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Offer:
    """A model at a provider; prices are USD per million tokens."""

    model: str
    input: str
    output: str
    cached: str | None = None
    priority: int = 0
    max_output_tokens: int = 16384

    def as_json(self, provider: str) -> dict[str, Any]:
        """Returns the body of `POST /orchestrator/offers`."""
        price = {"input_per_million": money(self.input), "output_per_million": money(self.output)}
        if self.cached is not None:
            price["cached_input_per_million"] = money(self.cached)
        return {
            "model_id": self.model,
            "provider_id": provider,
            "priority": self.priority,
            "max_output_tokens": self.max_output_tokens,
            "price": price,
        }


@dataclass(frozen=True)
class RealProvider:
    """A provider that is registered when its key is in the environment."""

    name: str
    display_name: str
    base_url: str
    key_variable: str
    offers: tuple[Offer, ...]


def money(amount: str) -> dict[str, Any]:
    """Writes an amount of USD as `google.type.Money` in JSON."""
    nanos = int(Decimal(amount).scaleb(9).to_integral_exact())
    return {"currency_code": "USD", "units": str(nanos // 10**9), "nanos": nanos % 10**9}


DEMO = (Offer("demo-chat", input="0.15", output="0.60", cached="0.075", max_output_tokens=4096),)
DEMO_BACKUP = (
    Offer("demo-chat", input="0.20", output="0.80", priority=1, max_output_tokens=4096),
    Offer("demo-backup-only", input="0.20", output="0.80", max_output_tokens=4096),
)

REAL = (
    RealProvider(
        name="openai",
        display_name="OpenAI",
        base_url="https://api.openai.com/v1",
        key_variable="OPENAI_API_KEY",
        offers=(
            Offer("gpt-4o", input="2.50", output="10.00", cached="1.25"),
            Offer("gpt-4o-mini", input="0.15", output="0.60", cached="0.075"),
            Offer("gpt-4.1", input="2.00", output="8.00", cached="0.50", max_output_tokens=32768),
            Offer("gpt-4.1-mini", input="0.40", output="1.60", cached="0.10"),
            Offer("gpt-4.1-nano", input="0.10", output="0.40", cached="0.025"),
            Offer("gpt-5", input="1.25", output="10.00", cached="0.125", max_output_tokens=128000),
            Offer("gpt-5-mini", input="0.25", output="2.00", cached="0.025"),
        ),
    ),
    RealProvider(
        name="openrouter",
        display_name="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        key_variable="OPENROUTER_API_KEY",
        offers=(
            Offer("openai/gpt-4o-mini", input="0.15", output="0.60", cached="0.075"),
            Offer("anthropic/claude-sonnet-4", input="3.00", output="15.00", cached="0.30"),
            Offer("google/gemini-2.5-flash", input="0.30", output="2.50"),
            Offer("google/gemini-2.5-pro", input="1.25", output="10.00"),
        ),
    ),
)
