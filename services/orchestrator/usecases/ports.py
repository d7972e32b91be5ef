"""What the use cases need from the outside."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from services.kernel.price import Price
from services.orchestrator.domain.changes import Change
from services.orchestrator.domain.offer import Model, Offer
from services.orchestrator.domain.provider import Provider, SealedCredential
from services.orchestrator.domain.snapshot import Snapshot


class Providers(Protocol):
    """The stored providers."""

    async def find(self, provider_id: str) -> Provider | None:
        """Returns a provider."""
        ...

    async def page(self, *, after: str, limit: int) -> Sequence[Provider]:
        """Returns providers by id, from the first one after an id."""
        ...

    async def add(self, provider: Provider, *, credential: SealedCredential | None) -> None:
        """Stores a provider."""
        ...

    async def remove(self, provider_id: str) -> None:
        """Removes a provider, its offers, and the models that nobody offers any more."""
        ...


class Models(Protocol):
    """The stored models with their offers and prices."""

    async def find(self, model_id: str) -> Model | None:
        """Returns a model."""
        ...

    async def page(self, *, after: str, limit: int | None) -> Sequence[Model]:
        """Returns models by id, from the first one after an id; all of them without a limit."""
        ...

    async def add_price(self, offer: Offer) -> Price:
        """Stores the offer's price under a new version, and returns it."""
        ...

    async def put_offer(self, offer: Offer) -> None:
        """Stores an offer in the place of the one before it, and its model if it is new."""
        ...

    async def remove_offer(self, offer: Offer) -> None:
        """Removes an offer, and the model if nobody else offers it."""
        ...


class Transaction(Protocol):
    """A transaction on the catalogue."""

    @property
    def providers(self) -> Providers:
        """The stored providers."""
        ...

    @property
    def models(self) -> Models:
        """The stored models."""
        ...

    async def lock(self) -> None:
        """Lets one change happen at a time; a change begins with it."""
        ...

    async def version(self) -> int:
        """Returns the version of the routing table."""
        ...

    async def announce(self, change: Change) -> None:
        """Raises the version, and tells everybody of the change once it is committed."""
        ...


Begin = Callable[[], AbstractAsyncContextManager[Transaction]]
# Encrypts a credential for a provider at its origin.
Seal = Callable[[Provider, str], SealedCredential]


class NewestSnapshot(Protocol):
    """Waits for a snapshot of another version than the one that is known; at first None is."""

    def __call__(self, *, than: int | None) -> Awaitable[Snapshot]:
        """Returns the newest snapshot as soon as it is another one."""
        ...
