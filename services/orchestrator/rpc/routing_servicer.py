"""RoutingService."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aggregator.orchestrator.v1 import routing_service_pb2 as pb2

from services.orchestrator.rpc.convert import from_decision, from_table
from services.orchestrator.usecases.route_request import RouteRequest
from services.orchestrator.usecases.watch_routing_table import WatchRoutingTable


@dataclass(frozen=True, slots=True)
class RoutingServicer:
    """Implements `aggregator.orchestrator.v1.RoutingService`."""

    route: RouteRequest
    watch: WatchRoutingTable

    async def RouteRequest(
        self, request: pb2.RouteRequestRequest, _context: Any
    ) -> pb2.RouteRequestResponse:
        """Explains where a request would go."""
        return from_decision(await self.route(request.model, pinned=request.provider))

    async def WatchRoutingTable(
        self, _request: pb2.WatchRoutingTableRequest, _context: Any
    ) -> AsyncIterator[pb2.WatchRoutingTableResponse]:
        """Streams the routing table, now and after each change."""
        async for table in self.watch():
            yield from_table(table)
