"""Removes a provider."""

from dataclasses import dataclass

from services.kernel.errors import NotFound
from services.orchestrator.domain.changes import ProviderDeleted
from services.orchestrator.usecases.ports import Begin


@dataclass(frozen=True, slots=True)
class DeleteProvider:
    """Removes a provider with its credential and its offers."""

    begin: Begin

    async def __call__(self, provider_id: str) -> None:
        """Removes the provider. Raises NotFound."""
        async with self.begin() as tx:
            await tx.lock()
            provider = await tx.providers.find(provider_id)
            if provider is None:
                raise NotFound("provider", provider_id)
            await tx.providers.remove(provider_id)
            await tx.announce(ProviderDeleted(provider))
