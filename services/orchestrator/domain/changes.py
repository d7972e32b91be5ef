"""What happened to the catalogue, as others are told of it."""

from dataclasses import dataclass

from services.orchestrator.domain.offer import Offer
from services.orchestrator.domain.provider import Provider


@dataclass(frozen=True, slots=True)
class ProviderCreated:
    """A provider was added."""

    provider: Provider


@dataclass(frozen=True, slots=True)
class ProviderDeleted:
    """A provider was removed, and its offers with it."""

    provider: Provider


@dataclass(frozen=True, slots=True)
class OfferChanged:
    """A model is offered by a provider anew, otherwise, or no more (`offer` is None)."""

    model_id: str
    provider_id: str
    offer: Offer | None


Change = ProviderCreated | ProviderDeleted | OfferChanged
