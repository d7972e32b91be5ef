"""Tells whether a process serves, in the protocol that its clients will use."""

import asyncio

import aiohttp
import asyncpg
import grpc
from grpc_health.v1 import health_pb2

from services.local.errors import StackError
from services.local.process_spec import Probe

_CHANNEL_OPTIONS = (
    # A proxy set in the environment must not be asked for loopback addresses.
    ("grpc.enable_http_proxy", 0),
    # Channels share connections, and with them the growing wait after each refused attempt.
    ("grpc.use_local_subchannel_pool", 1),
)
CLUSTER_SECONDS = 15.0
CLUSTER_PAUSE_SECONDS = 0.1


class NotReadyError(Exception):
    """The process answers, and says that it does not serve yet."""


def serves_grpc(address: str) -> Probe:
    """Asks `grpc.health.v1` about the whole process."""

    async def probe() -> None:
        async with grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS) as channel:
            check = channel.unary_unary(
                "/grpc.health.v1.Health/Check",
                request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                response_deserializer=health_pb2.HealthCheckResponse.FromString,
            )
            answer = await check(health_pb2.HealthCheckRequest(), timeout=2)
            if answer.status != health_pb2.HealthCheckResponse.SERVING:
                raise NotReadyError

    return probe


def serves_http(url: str) -> Probe:
    """Expects 200."""

    async def probe() -> None:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            answer.raise_for_status()

    return probe


def serves_nats(host: str, *, port: int) -> Probe:
    """Expects the greeting that NATS sends once it takes clients."""

    async def probe() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            greeting = await reader.readline()
            if not greeting.startswith(b"INFO ") or b'"jetstream":true' not in greeting:
                raise NotReadyError
        finally:
            writer.close()

    return probe


def serves_postgres(host: str, *, port: int, user: str, password: str) -> Probe:
    """Signs in and asks a question."""

    async def probe() -> None:
        connection = await asyncpg.connect(
            host=host, port=port, user=user, password=password, database="postgres", ssl=False
        )
        try:
            await connection.fetchval("SELECT 1")
        finally:
            connection.terminate()

    return probe


async def cluster_known(admin_url: str, *, name: str) -> None:
    """Waits until Envoy can reach a provider; the control plane tells it a moment after us."""
    deadline = asyncio.get_running_loop().time() + CLUSTER_SECONDS
    async with aiohttp.ClientSession() as session:
        while asyncio.get_running_loop().time() < deadline:
            async with session.get(f"{admin_url}/clusters") as answer:
                if f"{name}::" in await answer.text():
                    return
            await asyncio.sleep(CLUSTER_PAUSE_SECONDS)
    raise StackError(f"Envoy did not learn of {name} in {CLUSTER_SECONDS:.0f} s; see its log.")
