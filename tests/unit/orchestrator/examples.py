"""Providers, offers and snapshots to test with."""

from datetime import UTC, datetime

from services.kernel.price import Price
from services.orchestrator.domain.base_url import parse_base_url
from services.orchestrator.domain.offer import Model, Offer
from services.orchestrator.domain.provider import Provider, ProviderFormat
from services.orchestrator.domain.snapshot import Snapshot

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PRICE = Price(7, 150_000_000, 600_000_000, 75_000_000)


def provider(
    provider_id: str, *, base_url: str = "https://provider.example/v1", has_credential: bool = True
) -> Provider:
    return Provider(
        provider_id=provider_id,
        display_name=provider_id,
        format=ProviderFormat.OPENAI,
        base_url=parse_base_url(base_url),
        has_credential=has_credential,
        create_time=NOW,
    )


def offer(
    provider_id: str, *, model_id: str = "gpt", priority: int = 0, price: Price = PRICE
) -> Offer:
    return Offer(
        model_id=model_id,
        provider_id=provider_id,
        upstream_model=f"{model_id}-at-{provider_id}",
        price=price,
        priority=priority,
        max_output_tokens=4096,
    )


def model(*offers: Offer) -> Model:
    return Model(offers[0].model_id, NOW, offers)


def snapshot(*providers: Provider, version: int = 1, offers: tuple[Offer, ...] = ()) -> Snapshot:
    credentials = {each.provider_id: f"word-of-{each.provider_id}" for each in providers}
    return Snapshot(version, providers, offers, credentials)
