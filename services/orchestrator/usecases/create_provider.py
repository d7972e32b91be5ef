"""Adds a provider."""

from dataclasses import dataclass

from services.kernel.clock import Clock
from services.kernel.errors import AlreadyExists
from services.orchestrator.domain.base_url import parse_base_url, require_allowed
from services.orchestrator.domain.changes import ProviderCreated
from services.orchestrator.domain.provider import Provider, ProviderFormat
from services.orchestrator.usecases.ports import Begin, Seal


@dataclass(frozen=True, slots=True)
class CreateProvider:
    """Stores a provider whose URL is allowed, with its credential encrypted."""

    begin: Begin
    seal: Seal
    clock: Clock
    allow_private: bool

    async def __call__(
        self,
        provider_id: str,
        *,
        display_name: str,
        wire_format: ProviderFormat,
        base_url: str,
        credential: str,
    ) -> Provider:
        """Returns the provider as stored. Raises InvalidField and AlreadyExists."""
        url = parse_base_url(base_url)
        require_allowed(url, allow_private=self.allow_private)
        provider = Provider(
            provider_id=provider_id,
            display_name=display_name or provider_id,
            format=wire_format,
            base_url=url,
            has_credential=bool(credential),
            create_time=self.clock.now(),
        )
        sealed = self.seal(provider, credential) if credential else None
        async with self.begin() as tx:
            await tx.lock()
            if await tx.providers.find(provider_id) is not None:
                raise AlreadyExists("provider", f"There is a provider {provider_id!r} already.")
            await tx.providers.add(provider, credential=sealed)
            await tx.announce(ProviderCreated(provider))
        return provider
