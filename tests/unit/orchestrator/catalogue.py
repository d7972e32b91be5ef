"""A catalogue in memory, for use cases."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from services.kernel.price import Price
from services.orchestrator.domain.changes import Change
from services.orchestrator.domain.offer import Model, Offer
from services.orchestrator.domain.provider import Provider, SealedCredential
from tests.unit.orchestrator.examples import NOW


@dataclass
class Providers:
    stored: dict[str, Provider] = field(default_factory=dict[str, Provider])
    credentials: dict[str, SealedCredential | None] = field(
        default_factory=dict[str, SealedCredential | None]
    )

    async def find(self, provider_id: str) -> Provider | None:
        return self.stored.get(provider_id)

    async def page(self, *, after: str, limit: int) -> Sequence[Provider]:
        return [self.stored[name] for name in sorted(self.stored) if name > after][:limit]

    async def add(self, provider: Provider, *, credential: SealedCredential | None) -> None:
        self.stored[provider.provider_id] = provider
        self.credentials[provider.provider_id] = credential

    async def remove(self, provider_id: str) -> None:
        del self.stored[provider_id]


@dataclass
class Models:
    offers: dict[tuple[str, str], Offer] = field(default_factory=dict[tuple[str, str], Offer])
    prices: list[Price] = field(default_factory=list[Price])

    async def find(self, model_id: str) -> Model | None:
        offers = tuple(each for key, each in self.offers.items() if key[0] == model_id)
        return Model(model_id, NOW, offers) if offers else None

    async def page(self, *, after: str, limit: int | None) -> Sequence[Model]:
        raise NotImplementedError

    async def add_price(self, offer: Offer) -> Price:
        self.prices.append(replace(offer.price, version=len(self.prices) + 1))
        return self.prices[-1]

    async def put_offer(self, offer: Offer) -> None:
        self.offers[offer.model_id, offer.provider_id] = offer

    async def remove_offer(self, offer: Offer) -> None:
        del self.offers[offer.model_id, offer.provider_id]


@dataclass
class Catalogue:
    """Is its own transaction; a change that was not begun with the lock fails the test."""

    providers: Providers = field(default_factory=Providers)
    models: Models = field(default_factory=Models)
    changes: list[Change] = field(default_factory=list[Change])
    locked: bool = False

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[Self]:
        self.locked = False
        yield self

    async def lock(self) -> None:
        self.locked = True

    async def version(self) -> int:
        return 1 + len(self.changes)

    async def announce(self, change: Change) -> None:
        assert self.locked
        self.changes.append(change)
