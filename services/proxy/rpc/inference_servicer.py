"""Typed inference: an adapter over the edge's own inference route."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

from aggregator.proxy.v1 import inference_service_pb2 as pb2
from aggregator.proxy.v1.inference_service_pb2_grpc import InferenceServiceServicer

from services.kernel.errors import InvalidCredential
from services.proxy.rpc import convert


class ChatRoute(Protocol):
    """The edge's inference route. Both raise a DomainError."""

    async def complete(self, body: dict[str, Any], *, authorization: str) -> dict[str, Any]:
        """Returns a whole completion."""
        ...

    def stream(self, body: dict[str, Any], *, authorization: str) -> AsyncIterator[dict[str, Any]]:
        """Yields the events of a streamed completion."""
        ...


class InferenceServicer(InferenceServiceServicer):
    """Implements `aggregator.proxy.v1.InferenceService`."""

    def __init__(self, route: ChatRoute) -> None:
        self._route = route

    async def CreateChatCompletion(
        self, request: pb2.CreateChatCompletionRequest, context: Any
    ) -> pb2.CreateChatCompletionResponse:
        """Returns a whole completion."""
        body = convert.to_body(request.input, stream=False)
        answer = await self._route.complete(body, authorization=_authorization(context))
        return convert.to_completion(answer)

    async def StreamChatCompletion(
        self, request: pb2.StreamChatCompletionRequest, context: Any
    ) -> AsyncIterator[pb2.StreamChatCompletionResponse]:
        """Yields a completion as it is made."""
        body = convert.to_body(request.input, stream=True)
        async for event in self._route.stream(body, authorization=_authorization(context)):
            yield convert.to_piece(event)


def _authorization(context: Any) -> str:
    """Returns the caller's own credential; admission at the edge is what judges it."""
    for key, value in context.invocation_metadata():
        if key == "authorization":
            return str(value)
    raise InvalidCredential
