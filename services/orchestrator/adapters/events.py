"""What analytics is told of changes."""

from aggregator.events.v1 import event_pb2
from aggregator.orchestrator.v1 import model_service_pb2, provider_service_pb2
from google.protobuf.message import Message

from services.chassis.telemetry import outgoing_headers
from services.kernel.ids import new_id
from services.orchestrator.domain.changes import (
    Change,
    OfferChanged,
    ProviderCreated,
    ProviderDeleted,
)
from services.orchestrator.domain.provider import Provider

SOURCE = "orchestrator"


def to_event_batch(change: Change) -> event_pb2.EventBatch:
    """Returns a change as the message that `analytics.events` carries."""
    name, details = _describe(change)
    event = event_pb2.Event(
        id=new_id(),
        type=name,
        source=SOURCE,
        traceparent=outgoing_headers().get("traceparent", ""),
    )
    event.time.GetCurrentTime()
    event.details.Pack(details)
    return event_pb2.EventBatch(events=[event])


def _describe(change: Change) -> tuple[str, Message]:
    match change:
        case ProviderCreated(provider):
            return "provider_created", _provider(provider)
        case ProviderDeleted(provider):
            return "provider_deleted", _provider(provider)
        case OfferChanged():
            return "offer_changed", _offer(change)


def _provider(provider: Provider) -> Message:
    return provider_service_pb2.Provider(
        provider_id=provider.provider_id,
        display_name=provider.display_name,
        base_url=str(provider.base_url),
    )


def _offer(change: OfferChanged) -> Message:
    """Names the price by its version, which never changes; an ended offer has none."""
    offer = model_service_pb2.Offer(provider_id=change.provider_id)
    if change.offer is not None:
        offer.upstream_model = change.offer.upstream_model
        offer.priority = change.offer.priority
        offer.max_output_tokens = change.offer.max_output_tokens
        offer.price.version = change.offer.price.version
    return model_service_pb2.Model(model_id=change.model_id, offers=[offer])
