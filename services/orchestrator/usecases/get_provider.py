"""Returns a provider."""

from dataclasses import dataclass

from services.kernel.errors import NotFound
from services.orchestrator.domain.provider import Provider
from services.orchestrator.usecases.ports import Begin


@dataclass(frozen=True, slots=True)
class GetProvider:
    """Reads one provider."""

    begin: Begin

    async def __call__(self, provider_id: str) -> Provider:
        """Returns the provider. Raises NotFound."""
        async with self.begin() as tx:
            provider = await tx.providers.find(provider_id)
        if provider is None:
            raise NotFound("provider", provider_id)
        return provider
