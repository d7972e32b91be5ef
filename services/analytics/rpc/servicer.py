"""Serves `aggregator.analytics.v1.MetricsService`."""

from typing import Any

from aggregator.analytics.v1 import metrics_service_pb2 as pb2

from services.analytics.rpc import convert
from services.analytics.usecases.get_metrics import GetMetrics
from services.analytics.usecases.summarize_events import SummarizeEvents
from services.chassis.caller import caller


class MetricsServicer:
    """Tells how the platform is used."""

    def __init__(self, get_metrics: GetMetrics, *, summarize_events: SummarizeEvents) -> None:
        self._get_metrics = get_metrics
        self._summarize_events = summarize_events

    async def GetMetrics(self, request: pb2.GetMetricsRequest, _: Any) -> pb2.GetMetricsResponse:
        """Returns counts, errors, tokens, cost and latencies."""
        question = convert.to_metrics_question(request)
        return convert.from_metrics(await self._get_metrics(question, caller=caller()))

    async def GetEventsSummary(
        self, request: pb2.GetEventsSummaryRequest, _: Any
    ) -> pb2.GetEventsSummaryResponse:
        """Returns how many events of each type there were."""
        question = convert.to_events_question(request)
        return convert.from_counts(await self._summarize_events(question, caller=caller()))
