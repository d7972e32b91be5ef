"""Runs every handler inside the concerns, be its answer one message or a stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
from google.protobuf.message import DecodeError, Message

from services.kernel.errors import InvalidField


@dataclass(frozen=True, slots=True)
class Call:
    """The rpc that is being served."""

    # For example `/aggregator.auth.v1.IdentityService/Login`.
    method: str
    metadata: Mapping[str, str]
    context: "grpc.aio.ServicerContext[Any, Any]"
    # None for rpcs whose client streams, and for a message that could not be decoded.
    request: Message | None


class Concern(Protocol):
    """Something that surrounds a call."""

    def around(self, call: Call) -> AbstractAsyncContextManager[None]:
        """Returns the context in which the call is served."""
        ...


def _or_none(decode: Callable[[bytes], Message]) -> Callable[[bytes], Message | None]:
    """Lets a message that can't be decoded reach the concerns, as None: it is the caller's fault.

    grpc itself would call it ours, with the exception's text.
    """

    def decode_or_none(message: bytes) -> Message | None:
        try:
            return decode(message)
        except DecodeError:
            return None

    return decode_or_none


def _require(request: Message | None) -> None:
    if request is None:
        raise InvalidField("message", "The message can't be decoded, or is nested too deeply.")


# Streams that last as long as their client; they end when the service stops.
ENDLESS_PREFIXES = ("Watch", "StreamAggregatedResources", "ServerReflectionInfo")


class Pipeline(grpc.aio.ServerInterceptor):
    """Wraps handlers in concerns, outermost first."""

    def __init__(self, concerns: Sequence[Concern]) -> None:
        self._concerns = tuple(concerns)
        self._stopping = asyncio.Event()

    def end_watches(self) -> None:
        """Ends the streams that would otherwise keep the service from stopping."""
        self._stopping.set()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Returns the handler of a call, wrapped."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        metadata = {
            key: value
            for key, value in handler_call_details.invocation_metadata or ()
            if isinstance(value, str)
        }
        method = handler_call_details.method
        if handler.request_streaming:
            return self._streaming_client(handler, method, metadata)
        if handler.response_streaming:
            wrapped = self._stream(handler.unary_stream, method, metadata)
            make = grpc.unary_stream_rpc_method_handler
        else:
            wrapped = self._unary(handler.unary_unary, method, metadata)
            make = grpc.unary_unary_rpc_method_handler
        decode = _or_none(handler.request_deserializer)
        return make(wrapped, decode, handler.response_serializer)

    async def _enter(self, stack: AsyncExitStack, call: Call) -> None:
        for concern in self._concerns:
            await stack.enter_async_context(concern.around(call))

    async def _until_stopping(self, method: str, answers: AsyncIterator[Any]) -> AsyncIterator[Any]:
        if not method.rsplit("/", 1)[-1].startswith(ENDLESS_PREFIXES):
            async for answer in answers:
                yield answer
            return
        stopping = asyncio.ensure_future(self._stopping.wait())
        following: asyncio.Future[Any] | None = None
        try:
            while True:
                following = asyncio.ensure_future(anext(answers, None))
                await asyncio.wait({stopping, following}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    return
                answer = following.result()
                if answer is None:
                    return
                yield answer
        finally:
            stopping.cancel()
            if following is not None:
                following.cancel()

    def _unary(self, inner: Any, method: str, metadata: Mapping[str, str]) -> Any:
        async def serve(request: Message | None, context: Any) -> Any:
            async with AsyncExitStack() as stack:
                await self._enter(stack, Call(method, metadata, context, request))
                _require(request)
                return await inner(request, context)

        return serve

    def _stream(self, inner: Any, method: str, metadata: Mapping[str, str]) -> Any:
        async def serve(request: Message | None, context: Any) -> AsyncIterator[Any]:
            async with AsyncExitStack() as stack:
                await self._enter(stack, Call(method, metadata, context, request))
                _require(request)
                async for answer in self._until_stopping(method, inner(request, context)):
                    yield answer

        return serve

    def _streaming_client(self, handler: Any, method: str, metadata: Mapping[str, str]) -> Any:
        async def serve(requests: Any, context: Any) -> AsyncIterator[Any]:
            async with AsyncExitStack() as stack:
                await self._enter(stack, Call(method, metadata, context, None))
                answers = handler.stream_stream(requests, context)
                async for answer in self._until_stopping(method, answers):
                    yield answer

        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(
                serve, handler.request_deserializer, handler.response_serializer
            )
        return handler
