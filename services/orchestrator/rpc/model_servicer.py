"""ModelService."""

from dataclasses import dataclass
from typing import Any

from aggregator.orchestrator.v1 import model_service_pb2 as pb2

from services.chassis.page_token import page_size
from services.orchestrator.rpc.convert import from_model, from_model_for_openai, to_offer
from services.orchestrator.rpc.paging import page_start, split_page
from services.orchestrator.usecases.delete_offer import DeleteOffer
from services.orchestrator.usecases.list_models import ListModels
from services.orchestrator.usecases.put_offer import PutOffer

PAGE_SIZE_DEFAULT = 100
PAGE_SIZE_MAX = 1000


@dataclass(frozen=True, slots=True)
class ModelServicer:
    """Implements `aggregator.orchestrator.v1.ModelService`."""

    put_offer: PutOffer
    delete_offer: DeleteOffer
    list: ListModels

    async def PutOffer(self, request: pb2.PutOfferRequest, _context: Any) -> pb2.PutOfferResponse:
        """Makes a provider offer a model, or changes the offer."""
        return pb2.PutOfferResponse(model=from_model(await self.put_offer(to_offer(request))))

    async def DeleteOffer(
        self, request: pb2.DeleteOfferRequest, _context: Any
    ) -> pb2.DeleteOfferResponse:
        """Ends an offer."""
        await self.delete_offer(request.provider_id, model_id=request.model_id)
        return pb2.DeleteOfferResponse()

    async def ListModels(
        self, request: pb2.ListModelsRequest, _context: Any
    ) -> pb2.ListModelsResponse:
        """Lists the models by id."""
        size = page_size(request.page_size, default=PAGE_SIZE_DEFAULT, maximum=PAGE_SIZE_MAX)
        rows = await self.list(after=page_start(request.page_token), limit=size + 1)
        page, following = split_page(rows, size, id_of=lambda each: each.model_id)
        return pb2.ListModelsResponse(models=map(from_model, page), next_page_token=following)

    async def ListOpenAiModels(
        self, _request: pb2.ListOpenAiModelsRequest, _context: Any
    ) -> pb2.ListOpenAiModelsResponse:
        """Lists the models in OpenAI's shape."""
        data = map(from_model_for_openai, await self.list())
        return pb2.ListOpenAiModelsResponse(object="list", data=data)
