"""Server reflection: a service lists itself; asked through the edge, it lists the whole mesh."""

from collections.abc import Sequence
from typing import Any

import grpc
from aggregator.analytics.v1 import metrics_service_pb2
from aggregator.auth.v1 import api_key_service_pb2, identity_service_pb2, verification_service_pb2
from aggregator.billing.v1 import (
    balance_service_pb2,
    lease_service_pb2,
    payment_service_pb2,
    transaction_service_pb2,
)
from aggregator.health.v1 import health_service_pb2
from aggregator.orchestrator.v1 import model_service_pb2, provider_service_pb2, routing_service_pb2
from aggregator.proxy.v1 import inference_service_pb2, validation_service_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

EDGE_KEY = "x-aggregator-edge"
MESH_PROTOS: tuple[Any, ...] = (
    identity_service_pb2,
    api_key_service_pb2,
    verification_service_pb2,
    provider_service_pb2,
    model_service_pb2,
    routing_service_pb2,
    inference_service_pb2,
    validation_service_pb2,
    balance_service_pb2,
    transaction_service_pb2,
    payment_service_pb2,
    lease_service_pb2,
    metrics_service_pb2,
    health_service_pb2,
)


def mesh_services() -> list[str]:
    """Returns the full names of every service of the mesh."""
    return [
        f"{proto.DESCRIPTOR.package}.{name}"
        for proto in MESH_PROTOS
        for name in proto.DESCRIPTOR.services_by_name
    ]


def enable_reflection(server: grpc.aio.Server, own_services: Sequence[str]) -> None:
    """Lets `grpcurl` and `buf curl` discover the services."""
    own = reflection.aio.ReflectionServicer([*own_services, reflection.SERVICE_NAME])
    mesh = reflection.aio.ReflectionServicer([*mesh_services(), reflection.SERVICE_NAME])

    class _Chooser:
        """Answers for the mesh when the edge asks, and for this service otherwise."""

        async def ServerReflectionInfo(self, requests: Any, context: Any) -> Any:
            through_edge = any(key == EDGE_KEY for key, _ in context.invocation_metadata())
            chosen: Any = mesh if through_edge else own
            async for answer in chosen.ServerReflectionInfo(requests, context):
                yield answer

    register: Any = reflection_pb2_grpc.add_ServerReflectionServicer_to_server
    register(_Chooser(), server)
