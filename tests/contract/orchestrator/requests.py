"""Requests to test with."""

from aggregator.orchestrator.v1 import model_service_pb2 as model_pb2
from aggregator.orchestrator.v1 import provider_service_pb2 as provider_pb2

from services.chassis.money import to_money

DOLLAR = 1_000_000_000


def create_provider(
    provider_id: str, *, base_url: str = "https://provider.example/v1", credential: str = ""
) -> provider_pb2.CreateProviderRequest:
    return provider_pb2.CreateProviderRequest(
        provider_id=provider_id, base_url=base_url, credential=credential
    )


def price_list(*, input_: int = DOLLAR, output: int = 2 * DOLLAR) -> model_pb2.PriceList:
    return model_pb2.PriceList(
        input_per_million=to_money(input_), output_per_million=to_money(output)
    )


def put_offer(
    model_id: str,
    *,
    provider_id: str,
    price: model_pb2.PriceList | None = None,
    priority: int = 0,
) -> model_pb2.PutOfferRequest:
    return model_pb2.PutOfferRequest(
        model_id=model_id,
        provider_id=provider_id,
        price=price or price_list(),
        priority=priority,
    )
