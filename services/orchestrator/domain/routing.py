"""Which providers a request goes to, in which order, and why."""

from collections import defaultdict
from dataclasses import dataclass

from services.kernel.price import Price
from services.orchestrator.domain.offer import Model, Offer, first_choice_first
from services.orchestrator.domain.snapshot import Snapshot

DROPPED = 0


@dataclass(frozen=True, slots=True)
class Target:
    """A provider that a request for a model may be sent to."""

    provider_id: str
    cluster: str
    base_path: str
    upstream_model: str
    price: Price
    max_output_tokens: int


@dataclass(frozen=True, slots=True)
class ModelRoute:
    """The providers for a model, first choice first."""

    model_id: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """The route of every model at a version."""

    version: int
    routes: tuple[ModelRoute, ...]
    provider_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider that was considered; its rank is 1 for the first attempt, 0 when dropped."""

    offer: Offer
    rank: int
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a request would go, explained."""

    model_id: str
    candidates: tuple[Candidate, ...]
    table_version: int

    @property
    def provider_id(self) -> str:
        """The provider of the first attempt; empty when every candidate was dropped."""
        first = next((each for each in self.candidates if each.rank == 1), None)
        return first.offer.provider_id if first else ""


def routing_table(snapshot: Snapshot) -> RoutingTable:
    """Builds the table, models and providers by id."""
    providers = {provider.provider_id: provider for provider in snapshot.providers}
    by_model: defaultdict[str, list[Offer]] = defaultdict(list)
    for offer in snapshot.offers:
        by_model[offer.model_id].append(offer)

    def target(offer: Offer) -> Target:
        provider = providers[offer.provider_id]
        return Target(
            provider_id=provider.provider_id,
            cluster=provider.cluster,
            base_path=provider.base_url.path,
            upstream_model=offer.upstream_model,
            price=offer.price,
            max_output_tokens=offer.max_output_tokens,
        )

    routes = tuple(
        ModelRoute(model_id, tuple(map(target, first_choice_first(tuple(offers)))))
        for model_id, offers in sorted(by_model.items())
    )
    return RoutingTable(snapshot.version, routes, tuple(sorted(providers)))


def decide(model: Model, *, pinned: str, table_version: int) -> Decision:
    """Explains where a request for a model would go; `pinned` is empty when the path pins none."""
    offers = first_choice_first(model.offers)
    allowed = [each for each in offers if not pinned or each.provider_id == pinned]
    ranked = [
        Candidate(offer, rank, _reason(offer, before=before, pinned=pinned))
        for rank, (offer, before) in enumerate(
            zip(allowed, [None, *allowed], strict=False), start=1
        )
    ]
    dropped = [
        Candidate(offer, DROPPED, f"The path pins the request to {pinned}.")
        for offer in offers
        if offer not in allowed
    ]
    return Decision(model.model_id, (*ranked, *dropped), table_version)


def _reason(offer: Offer, *, before: Offer | None, pinned: str) -> str:
    if pinned:
        return f"The path pins the request to {pinned}."
    if before is None:
        return f"Its priority {offer.priority} comes first."
    if before.priority == offer.priority:
        return f"Its priority {offer.priority} is that of {before.provider_id}, its id comes later."
    return f"Its priority {offer.priority} comes after {before.priority} of {before.provider_id}."
