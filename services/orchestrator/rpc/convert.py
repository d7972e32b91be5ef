"""Between the protos and the domain."""

from aggregator.orchestrator.v1 import model_service_pb2 as model_pb2
from aggregator.orchestrator.v1 import price_pb2
from aggregator.orchestrator.v1 import provider_service_pb2 as provider_pb2
from aggregator.orchestrator.v1 import routing_service_pb2 as routing_pb2

from services.chassis.money import from_money, to_money
from services.kernel.errors import InvalidField
from services.kernel.price import Price
from services.orchestrator.domain.offer import Model, Offer, make_offer, make_price
from services.orchestrator.domain.provider import Provider, ProviderFormat
from services.orchestrator.domain.routing import Candidate, Decision, ModelRoute, RoutingTable

_FORMATS = {
    provider_pb2.PROVIDER_FORMAT_UNSPECIFIED: ProviderFormat.OPENAI,
    provider_pb2.PROVIDER_FORMAT_OPENAI: ProviderFormat.OPENAI,
}


def to_format(number: provider_pb2.ProviderFormat) -> ProviderFormat:
    """Reads a wire format."""
    return _FORMATS[number]


def from_provider(provider: Provider) -> provider_pb2.Provider:
    """Writes a provider."""
    message = provider_pb2.Provider(
        provider_id=provider.provider_id,
        display_name=provider.display_name,
        format=provider_pb2.PROVIDER_FORMAT_OPENAI,
        base_url=str(provider.base_url),
        has_credential=provider.has_credential,
    )
    message.create_time.FromDatetime(provider.create_time)
    return message


def to_price(prices: model_pb2.PriceList) -> Price:
    """Reads a price that has no version yet. Raises InvalidField."""
    for name in ("input_per_million", "output_per_million"):
        if not prices.HasField(name):
            # A forgotten price must not make a model free.
            raise InvalidField(f"price.{name}", f"price.{name} is missing; 0 makes it free.")
    cached = prices.cached_input_per_million
    has_cached = prices.HasField("cached_input_per_million")
    return make_price(
        input_=from_money(prices.input_per_million, field="price.input_per_million"),
        output=from_money(prices.output_per_million, field="price.output_per_million"),
        cached_input=from_money(cached, field="price.cached_input_per_million")
        if has_cached
        else None,
        request=from_money(prices.per_request, field="price.per_request"),
    )


def to_offer(request: model_pb2.PutOfferRequest) -> Offer:
    """Reads the offer that is wanted. Raises InvalidField."""
    return make_offer(
        request.model_id,
        provider_id=request.provider_id,
        upstream_model=request.upstream_model,
        price=to_price(request.price),
        priority=request.priority,
        max_output_tokens=request.max_output_tokens,
    )


def from_price_list(price: Price) -> model_pb2.PriceList:
    """Writes a price for people."""
    return model_pb2.PriceList(
        input_per_million=to_money(price.input),
        output_per_million=to_money(price.output),
        cached_input_per_million=to_money(price.cached_input),
        per_request=to_money(price.request),
        version=price.version,
    )


def from_price(price: Price) -> price_pb2.Price:
    """Writes a price for services."""
    return price_pb2.Price(
        version=price.version,
        input_nanos_per_million=price.input,
        output_nanos_per_million=price.output,
        cached_input_nanos_per_million=price.cached_input,
        request_nanos=price.request,
    )


def from_model(model: Model) -> model_pb2.Model:
    """Writes a model with its offers."""
    message = model_pb2.Model(model_id=model.model_id, offers=map(_from_offer, model.offers))
    message.create_time.FromDatetime(model.create_time)
    return message


def _from_offer(offer: Offer) -> model_pb2.Offer:
    return model_pb2.Offer(
        provider_id=offer.provider_id,
        upstream_model=offer.upstream_model,
        price=from_price_list(offer.price),
        priority=offer.priority,
        max_output_tokens=offer.max_output_tokens,
    )


def from_model_for_openai(model: Model) -> model_pb2.OpenAiModel:
    """Writes a model in OpenAI's shape."""
    return model_pb2.OpenAiModel(
        id=model.model_id,
        object="model",
        created=int(model.create_time.timestamp()),
        owned_by=model.offers[0].provider_id,
    )


def from_decision(decision: Decision) -> routing_pb2.RouteRequestResponse:
    """Writes an explained decision."""
    return routing_pb2.RouteRequestResponse(
        model=decision.model_id,
        provider_id=decision.provider_id,
        candidates=map(_from_candidate, decision.candidates),
        table_version=decision.table_version,
    )


def _from_candidate(candidate: Candidate) -> routing_pb2.RouteCandidate:
    return routing_pb2.RouteCandidate(
        provider_id=candidate.offer.provider_id,
        upstream_model=candidate.offer.upstream_model,
        rank=candidate.rank,
        reason=candidate.reason,
        price=from_price_list(candidate.offer.price),
    )


def from_table(table: RoutingTable) -> routing_pb2.WatchRoutingTableResponse:
    """Writes the routing table."""
    return routing_pb2.WatchRoutingTableResponse(
        version=table.version,
        routes=map(_from_route, table.routes),
        provider_ids=table.provider_ids,
    )


def _from_route(route: ModelRoute) -> routing_pb2.ModelRoute:
    targets = [
        routing_pb2.RouteTarget(
            provider_id=target.provider_id,
            cluster=target.cluster,
            base_path=target.base_path,
            upstream_model=target.upstream_model,
            price=from_price(target.price),
            max_output_tokens=target.max_output_tokens,
        )
        for target in route.targets
    ]
    return routing_pb2.ModelRoute(model_id=route.model_id, targets=targets)
