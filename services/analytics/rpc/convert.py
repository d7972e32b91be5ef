"""Requests and answers of the contract <-> the domain's terms."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from aggregator.analytics.v1 import metrics_service_pb2 as pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.analytics.domain.histogram import Histogram
from services.analytics.domain.measures import Measures, Route
from services.analytics.usecases.get_metrics import Metrics, MetricsQuestion
from services.analytics.usecases.summarize_events import EventsQuestion
from services.chassis.money import to_money
from services.kernel.errors import InvalidField

# What the contract allows is wider than what a datetime can hold; a year in between is plenty.
_SECONDS_MIN = 0
_SECONDS_MAX = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp())
_NANOS_PER_SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TOTAL = Route(model="", provider_id="")


def to_metrics_question(request: pb2.GetMetricsRequest) -> MetricsQuestion:
    """Returns what a request asks for. Raises InvalidField."""
    return MetricsQuestion(
        user_id=request.user_id,
        start=_time(request, field="start_time"),
        end=_time(request, field="end_time"),
        model=request.model,
        provider_id=request.provider_id,
    )


def to_events_question(request: pb2.GetEventsSummaryRequest) -> EventsQuestion:
    """Returns what a request asks for. Raises InvalidField."""
    return EventsQuestion(
        user_id=request.user_id,
        start=_time(request, field="start_time"),
        end=_time(request, field="end_time"),
    )


def from_metrics(metrics: Metrics) -> pb2.GetMetricsResponse:
    """Returns metrics as an answer."""
    return pb2.GetMetricsResponse(
        total=_from_measures(metrics.total, route=_TOTAL),
        by_model_and_provider=[
            _from_measures(measures, route=route) for route, measures in metrics.by_route.items()
        ],
    )


def from_counts(counts: Mapping[str, int]) -> pb2.GetEventsSummaryResponse:
    """Returns counts of events as an answer."""
    events = [pb2.EventCount(type=kind, count=count) for kind, count in counts.items()]
    return pb2.GetEventsSummaryResponse(events=events, total=sum(counts.values()))


def _from_measures(measures: Measures, *, route: Route) -> pb2.UsageMetrics:
    return pb2.UsageMetrics(
        model=route.model,
        provider_id=route.provider_id,
        requests=measures.requests,
        errors=measures.errors,
        input_tokens=measures.input_tokens,
        output_tokens=measures.output_tokens,
        cost=to_money(measures.cost_nanos),
        duration=_from_histogram(measures.duration),
        first_byte=_from_histogram(measures.first_byte),
    )


def _from_histogram(histogram: Histogram) -> pb2.Latency:
    return pb2.Latency(
        p50_ms=histogram.percentile(50),
        p95_ms=histogram.percentile(95),
        p99_ms=histogram.percentile(99),
    )


def _time(
    request: pb2.GetMetricsRequest | pb2.GetEventsSummaryRequest, *, field: str
) -> datetime | None:
    if not request.HasField(field):
        return None
    value: Timestamp = getattr(request, field)
    in_range = _SECONDS_MIN <= value.seconds <= _SECONDS_MAX
    if not in_range or not 0 <= value.nanos < _NANOS_PER_SECOND:
        raise InvalidField(field, f"{field} is not a time that can be asked about.")
    return _EPOCH + timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
