"""Envoy's aggregated discovery service: clusters and credentials of the providers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from services.orchestrator.domain.snapshot import Snapshot
from services.orchestrator.rpc.discovery_session import DiscoverySession
from services.orchestrator.rpc.envoy_resources import MakeCluster, make_resources
from services.orchestrator.rpc.envoy_types import AggregatedDiscoveryServiceServicer
from services.orchestrator.usecases.watch_clusters import WatchClusters


class DiscoveryServicer(AggregatedDiscoveryServiceServicer):  # type: ignore[misc]
    """Implements `envoy.service.discovery.v3.AggregatedDiscoveryService`, state of the world."""

    def __init__(self, watch: WatchClusters, make_cluster: MakeCluster) -> None:
        self._watch = watch
        self._make_cluster = make_cluster

    async def StreamAggregatedResources(
        self, requests: AsyncIterator[Any], _context: Any
    ) -> AsyncIterator[Any]:
        """Answers an Envoy until it goes."""
        async for answer in _converse(requests, self._watch(), self._make_cluster):
            yield answer


async def _converse(
    requests: AsyncIterator[Any], snapshots: AsyncGenerator[Snapshot], make_cluster: MakeCluster
) -> AsyncGenerator[Any]:
    session = DiscoverySession()
    heard = asyncio.ensure_future(anext(requests, None))
    learnt = asyncio.ensure_future(anext(snapshots))
    try:
        while True:
            await asyncio.wait({heard, learnt}, return_when=asyncio.FIRST_COMPLETED)
            answers: list[Any] = []
            if learnt.done():
                resources = make_resources(learnt.result(), make_cluster=make_cluster)
                answers += session.learn(resources)
                learnt = asyncio.ensure_future(anext(snapshots))
            if heard.done():
                request = heard.result()
                if request is None:
                    return
                answers += session.hear(request)
                heard = asyncio.ensure_future(anext(requests, None))
            for answer in answers:
                yield answer
    finally:
        heard.cancel()
        learnt.cancel()
        await asyncio.gather(heard, learnt, return_exceptions=True)
