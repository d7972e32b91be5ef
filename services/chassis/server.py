"""The gRPC server of a service: options, concerns, health and reflection."""

from typing import Any

import grpc
from aggregator.health.v1.health_service_pb2_grpc import add_HealthServiceServicer_to_server
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1._async import HealthServicer

from services.chassis.app import App, Servicer
from services.chassis.health import MeshHealth
from services.chassis.interceptors.permission import require_declarations
from services.chassis.interceptors.pipeline import Pipeline
from services.chassis.reflection import enable_reflection
from services.chassis.settings import ServiceSettings

MESSAGE_BYTES_MAX = 4 * 1024 * 1024
OPTIONS: tuple[tuple[str, int], ...] = (
    # Two processes on one port must fail loudly.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_concurrent_streams", 1000),
    ("grpc.max_metadata_size", 64 * 1024),
    # Envoy and our own channels ping every 30 s.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
)
CONCURRENT_CALLS_MAX = 2000


class AddressInUse(Exception):
    """Another process listens on the service's address."""


def make_server(
    app: App,
    settings: ServiceSettings,
    *,
    pipeline: Pipeline,
    mesh_health: MeshHealth,
    health: HealthServicer,
) -> grpc.aio.Server:
    """Returns the server with everything registered, not yet started. Raises UndeclaredAccess."""
    server = grpc.aio.server(
        interceptors=[pipeline], options=OPTIONS, maximum_concurrent_rpcs=CONCURRENT_CALLS_MAX
    )
    every_service = (*app.servicers, _health_of_mesh(mesh_health), _health(health))
    require_declarations(servicer.name for servicer in every_service)
    for servicer in every_service:
        servicer.register(servicer.implementation, server)
    if settings.reflection:
        # Protocols of Envoy are not in our descriptor pool, and not for people to call.
        names = [servicer.name for servicer in every_service]
        enable_reflection(server, [name for name in names if not name.startswith("envoy.")])
    _listen(server, settings.listen_address)
    return server


def _listen(server: grpc.aio.Server, address: str) -> None:
    try:
        server.add_insecure_port(address)
    except RuntimeError:
        raise AddressInUse(f"can't listen on {address}: it is in use or not ours") from None


def _health_of_mesh(implementation: MeshHealth) -> Servicer:
    name = "aggregator.health.v1.HealthService"
    return Servicer(name, implementation, add_HealthServiceServicer_to_server)


def _health(implementation: HealthServicer) -> Servicer:
    register: Any = health_pb2_grpc.add_HealthServicer_to_server
    return Servicer("grpc.health.v1.Health", implementation, register)
