"""ProviderService."""

from dataclasses import dataclass
from typing import Any

from aggregator.orchestrator.v1 import provider_service_pb2 as pb2

from services.chassis.page_token import page_size
from services.orchestrator.rpc.convert import from_provider, to_format
from services.orchestrator.rpc.paging import page_start, split_page
from services.orchestrator.usecases.create_provider import CreateProvider
from services.orchestrator.usecases.delete_provider import DeleteProvider
from services.orchestrator.usecases.get_provider import GetProvider
from services.orchestrator.usecases.list_providers import ListProviders

PAGE_SIZE_DEFAULT = 50
PAGE_SIZE_MAX = 200


@dataclass(frozen=True, slots=True)
class ProviderServicer:
    """Implements `aggregator.orchestrator.v1.ProviderService`."""

    create: CreateProvider
    get: GetProvider
    list: ListProviders
    delete: DeleteProvider

    async def CreateProvider(
        self, request: pb2.CreateProviderRequest, _context: Any
    ) -> pb2.CreateProviderResponse:
        """Adds a provider."""
        provider = await self.create(
            request.provider_id,
            display_name=request.display_name,
            wire_format=to_format(request.format),
            base_url=request.base_url,
            credential=request.credential,
        )
        return pb2.CreateProviderResponse(provider=from_provider(provider))

    async def GetProvider(
        self, request: pb2.GetProviderRequest, _context: Any
    ) -> pb2.GetProviderResponse:
        """Returns a provider."""
        provider = await self.get(request.provider_id)
        return pb2.GetProviderResponse(provider=from_provider(provider))

    async def ListProviders(
        self, request: pb2.ListProvidersRequest, _context: Any
    ) -> pb2.ListProvidersResponse:
        """Lists the providers by id."""
        size = page_size(request.page_size, default=PAGE_SIZE_DEFAULT, maximum=PAGE_SIZE_MAX)
        rows = await self.list(after=page_start(request.page_token), limit=size + 1)
        page, following = split_page(rows, size, id_of=lambda each: each.provider_id)
        providers = map(from_provider, page)
        return pb2.ListProvidersResponse(providers=providers, next_page_token=following)

    async def DeleteProvider(
        self, request: pb2.DeleteProviderRequest, _context: Any
    ) -> pb2.DeleteProviderResponse:
        """Removes a provider and its offers."""
        await self.delete(request.provider_id)
        return pb2.DeleteProviderResponse()
