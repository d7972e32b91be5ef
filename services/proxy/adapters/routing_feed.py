"""The routing table: followed from orchestrator, kept on disk for the time it is away."""

import asyncio
from pathlib import Path

import grpc
from aggregator.orchestrator.v1 import routing_service_pb2 as pb2
from aggregator.orchestrator.v1.routing_service_pb2_grpc import RoutingServiceStub
from google.protobuf.message import DecodeError

from services.chassis.logs import get_logger
from services.kernel.price import Price
from services.proxy.domain.routing import RoutingTable, Target

log = get_logger()
NAME = "routing-table.binpb"
RECONNECT_SECONDS = 0.2


class RoutingFeed:
    """Implements the port Routes."""

    def __init__(self, channel: grpc.aio.Channel, folder: Path) -> None:
        """Begins with the table of the last run, if there is one."""
        self._orchestrator = RoutingServiceStub(channel)
        self._path = folder / NAME
        self._known = asyncio.Event()
        self.table = RoutingTable()
        try:
            self._take(pb2.WatchRoutingTableResponse.FromString(self._path.read_bytes()))
        except (FileNotFoundError, DecodeError):
            log.info("routing.no_table_yet")

    async def ready(self) -> None:
        """Waits until there is a table."""
        await self._known.wait()

    async def watch(self) -> None:
        """Follows orchestrator's table for ever."""
        while True:
            try:
                async for answer in self._orchestrator.WatchRoutingTable(
                    pb2.WatchRoutingTableRequest()
                ):
                    self._take(answer)
                    await asyncio.to_thread(self._save, answer)
            except grpc.aio.AioRpcError as error:
                log.warning("routing.interrupted", code=error.code().name)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _take(self, answer: pb2.WatchRoutingTableResponse) -> None:
        self.table = RoutingTable(
            version=answer.version,
            routes={
                route.model_id: tuple(_to_target(target) for target in route.targets)
                for route in answer.routes
            },
            provider_ids=frozenset(answer.provider_ids),
        )
        self._known.set()
        log.info("routing.table", version=answer.version, models=len(answer.routes))

    def _save(self, answer: pb2.WatchRoutingTableResponse) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(answer.SerializeToString())
        fresh.rename(self._path)


def _to_target(target: pb2.RouteTarget) -> Target:
    price = target.price
    return Target(
        provider_id=target.provider_id,
        cluster=target.cluster,
        base_path=target.base_path,
        upstream_model=target.upstream_model,
        price=Price(
            version=price.version,
            input=price.input_nanos_per_million,
            output=price.output_nanos_per_million,
            cached_input=price.cached_input_nanos_per_million,
            request=price.request_nanos,
        ),
        max_output_tokens=target.max_output_tokens,
    )
