"""Tells the state of the whole mesh, from any service of it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc
from aggregator.health.v1 import health_service_pb2 as pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.kernel.errors import Unavailable

PROBE_SECONDS = 0.5
# Without these no request can be served; analytics only watches.
REQUIRED = frozenset({"auth", "orchestrator", "proxy", "billing"})


class MeshHealth:
    """Implements `aggregator.health.v1.HealthService` by asking every service about itself."""

    def __init__(self, channels: Mapping[str, grpc.aio.Channel]) -> None:
        self._stubs = {
            name: health_pb2_grpc.HealthStub(channel) for name, channel in channels.items()
        }

    async def GetHealth(
        self, _request: pb2.GetHealthRequest, _context: Any
    ) -> pb2.GetHealthResponse:
        """Returns the state of every service."""
        states = await self._states()
        if all(states.values()):
            status = pb2.STATUS_SERVING
        elif any(states[name] for name in REQUIRED):
            status = pb2.STATUS_DEGRADED
        else:
            status = pb2.STATUS_NOT_SERVING
        services = [
            pb2.ServiceHealth(
                service=name, status=pb2.STATUS_SERVING if up else pb2.STATUS_NOT_SERVING
            )
            for name, up in states.items()
        ]
        return pb2.GetHealthResponse(status=status, services=services)

    async def GetReadiness(
        self, _request: pb2.GetReadinessRequest, _context: Any
    ) -> pb2.GetReadinessResponse:
        """Succeeds when every service that requests need serves."""
        states = await self._states()
        missing = sorted(name for name in REQUIRED if not states[name])
        if missing:
            raise Unavailable(", ".join(missing))
        return pb2.GetReadinessResponse(status=pb2.STATUS_SERVING)

    async def GetLiveness(
        self, _request: pb2.GetLivenessRequest, _context: Any
    ) -> pb2.GetLivenessResponse:
        """Succeeds: somebody is here to answer."""
        return pb2.GetLivenessResponse(status=pb2.STATUS_SERVING)

    async def _states(self) -> dict[str, bool]:
        answers = await asyncio.gather(*(self._serves(stub) for stub in self._stubs.values()))
        return dict(zip(self._stubs, answers, strict=True))

    async def _serves(self, stub: Any) -> bool:
        try:
            # A channel that waits before it connects again must not make a service look dead.
            answer = await stub.Check(
                health_pb2.HealthCheckRequest(), timeout=PROBE_SECONDS, wait_for_ready=True
            )
        except grpc.aio.AioRpcError:
            return False
        return answer.status == health_pb2.HealthCheckResponse.SERVING
