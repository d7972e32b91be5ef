"""Channels to other services: the mesh secret, the trace and a deadline go with every call."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
from grpc.aio import ClientCallDetails, Metadata

from services.chassis.telemetry import outgoing_headers

MESH_KEY = "x-aggregator-mesh"
UNARY_TIMEOUT_SECONDS = 5.0
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    # A service that comes back is found again quickly.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 250),
    ("grpc.keepalive_time_ms", 30_000),
)


def _complete(
    details: ClientCallDetails, secret: str, *, timeout: float | None
) -> ClientCallDetails:
    metadata = Metadata(*(details.metadata or ()))
    metadata.add(MESH_KEY, secret)
    for key, value in outgoing_headers().items():
        metadata.add(key, value)
    return ClientCallDetails(
        details.method, timeout, metadata, details.credentials, details.wait_for_ready
    )


class _Unary(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[type-arg]
    """Adds metadata, and a deadline where the caller set none."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: ClientCallDetails, request: Any
    ) -> Any:
        """Sends the call on."""
        asked = client_call_details.timeout
        timeout = UNARY_TIMEOUT_SECONDS if asked is None else asked
        details = _complete(client_call_details, self._secret, timeout=timeout)
        return await continuation(details, request)


class _Stream(grpc.aio.UnaryStreamClientInterceptor):  # type: ignore[type-arg]
    """Adds metadata. A watch has no deadline: its server sends signs of life."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: ClientCallDetails, request: Any
    ) -> Any:
        """Sends the call on."""
        timeout = client_call_details.timeout
        details = _complete(client_call_details, self._secret, timeout=timeout)
        return await continuation(details, request)


@asynccontextmanager
async def open_channel(address: str, *, mesh_secret: str) -> AsyncGenerator[grpc.aio.Channel]:
    """Opens a channel to another service; it connects when it is first used."""
    interceptors = [_Unary(mesh_secret), _Stream(mesh_secret)]
    async with grpc.aio.insecure_channel(
        address, options=OPTIONS, interceptors=interceptors
    ) as channel:
        yield channel
