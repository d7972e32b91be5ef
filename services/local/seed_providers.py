"""Registers the demo providers, and the real ones whose keys are in the environment."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.local.edge_client import EdgeClient
from services.local.models import DEMO, DEMO_BACKUP, REAL, Offer

PAGE_SIZE = 200


async def seed_providers(
    operator: EdgeClient,
    *,
    demo_provider_url: str,
    demo_credential: str,
    environment: Mapping[str, str],
) -> None:
    """Makes what is missing; leaves alone what an operator has changed."""
    listed = await operator.call("GET", path=f"/orchestrator/providers?page_size={PAGE_SIZE}")
    addresses = {each["provider_id"]: each["base_url"] for each in listed.get("providers", [])}
    offered = await _offered(operator)
    for name, offers in (("demo", DEMO), ("demo-backup", DEMO_BACKUP)):
        base_url = f"{demo_provider_url}/{name}/v1"
        if addresses.get(name) == base_url:
            # A first start may have been interrupted here.
            missing = (each for each in offers if (each.model, name) not in offered)
            await _put_offers(operator, provider_id=name, offers=missing)
            continue
        if name in addresses:  # the stack was moved to other ports
            await operator.call("DELETE", path=f"/orchestrator/providers/{name}")
        await _register(
            operator,
            provider={"provider_id": name, "display_name": name, "base_url": base_url},
            credential=demo_credential,
            offers=offers,
        )
    for real in REAL:
        key = environment.get(real.key_variable, "")
        if key and real.name not in addresses:
            await _register(
                operator,
                provider={
                    "provider_id": real.name,
                    "display_name": real.display_name,
                    "base_url": real.base_url,
                },
                credential=key,
                offers=real.offers,
            )


async def _register(
    operator: EdgeClient, *, provider: dict[str, Any], credential: str, offers: Iterable[Offer]
) -> None:
    body = {**provider, "format": "PROVIDER_FORMAT_OPENAI", "credential": credential}
    await operator.call("POST", path="/orchestrator/providers", body=body)
    await _put_offers(operator, provider_id=provider["provider_id"], offers=offers)


async def _put_offers(operator: EdgeClient, *, provider_id: str, offers: Iterable[Offer]) -> None:
    for offer in offers:
        await operator.call("POST", path="/orchestrator/offers", body=offer.as_json(provider_id))


async def _offered(operator: EdgeClient) -> set[tuple[str, str]]:
    """Returns which model is offered by which provider."""
    answer = await operator.call("GET", path="/orchestrator/models?page_size=1000")
    return {
        (model["model_id"], offer["provider_id"])
        for model in answer.get("models", [])
        for offer in model.get("offers", [])
    }
