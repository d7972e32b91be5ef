"""What the streams carry, in the domain's terms. Raises ValueError for what can't be counted."""

from datetime import UTC, datetime, timedelta

from aggregator.events.v1 import event_pb2
from aggregator.proxy.v1 import proxy_events_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.analytics.domain.facts import Event, Request

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_request(record: proxy_events_pb2.UsageRecorded) -> Request:
    """Returns the request that a record tells of."""
    ended = record.outcome != proxy_events_pb2.OUTCOME_EXPIRED
    return Request(
        request_id=record.request_id,
        user_id=record.user_id,
        model=record.model,
        provider_id=record.provider_id,
        status=record.http_status,
        input_tokens=record.tokens.input + record.tokens.cached_input,
        output_tokens=record.tokens.output,
        cost_nanos=record.amount_nanos,
        time=_to_time(record.start_time) if record.HasField("start_time") else None,
        # Nobody saw how long a request took that has only expired.
        duration_ms=record.duration_ms if ended else None,
        first_byte_ms=record.first_byte_ms or None,
    )


def to_event(event: event_pb2.Event) -> Event:
    """Returns the event that a message tells of."""
    time = _to_time(event.time) if event.HasField("time") else None
    return Event(event.id, event.type, event.user_id, time)


def _to_time(timestamp: Timestamp) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
    except OverflowError:
        return None
