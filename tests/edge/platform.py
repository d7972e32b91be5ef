"""The services behind management routes, as far as the edge can tell."""

from typing import Any

import grpc
from aggregator.auth.v1 import identity_service_pb2, identity_service_pb2_grpc
from aggregator.health.v1 import health_service_pb2, health_service_pb2_grpc


class Platform(
    identity_service_pb2_grpc.IdentityServiceServicer,
    health_service_pb2_grpc.HealthServiceServicer,
):
    """Keeps the metadata it was called with."""

    def __init__(self) -> None:
        self.metadata: list[dict[str, str]] = []
        self.email = ""

    async def GetMe(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Implements the rpc."""
        self._keep(context)
        return identity_service_pb2.GetMeResponse(user={"user_id": "u_1", "email": self.email})

    async def Login(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Implements the rpc."""
        self._keep(context)
        return identity_service_pb2.LoginResponse()

    async def GetHealth(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Implements the rpc."""
        self._keep(context)
        return health_service_pb2.GetHealthResponse(status=health_service_pb2.STATUS_DEGRADED)

    def _keep(self, context: Any) -> None:
        self.metadata.append({key: str(value) for key, value in context.invocation_metadata()})


def add_platform(platform: Platform, server: grpc.aio.Server) -> None:
    """Registers the services."""
    identity_service_pb2_grpc.add_IdentityServiceServicer_to_server(platform, server)
    health_service_pb2_grpc.add_HealthServiceServicer_to_server(platform, server)
