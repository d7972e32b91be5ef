"""Puts terminal records on JetStream, several in a message."""

import asyncio
from collections.abc import Sequence

import nats.errors
from aggregator.proxy.v1 import proxy_events_pb2 as pb2
from nats.js.errors import Error as JetStreamError

from services.chassis.bus import USAGE_SUBJECT, Bus
from services.chassis.logs import get_logger
from services.chassis.telemetry import joined_traces
from services.kernel.errors import Unavailable
from services.proxy.domain.conclusion import Conclusion, Outcome

log = get_logger()
ACK_SECONDS = 5.0
OUTCOMES = {
    Outcome.SETTLED: pb2.OUTCOME_SETTLED,
    Outcome.ESTIMATED: pb2.OUTCOME_ESTIMATED,
    Outcome.EXPIRED: pb2.OUTCOME_EXPIRED,
}


class UsagePublisher:
    """Implements the port Publisher."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def publish(self, conclusions: Sequence[Conclusion]) -> None:
        """Returns once the stream has them safely. Raises Unavailable."""
        batch = pb2.UsageBatch(records=[to_record(conclusion) for conclusion in conclusions])
        # A message that is sent again after a lost ack begins and ends with the same requests.
        first, last = conclusions[0].hold.request_id, conclusions[-1].hold.request_id
        headers = {"Nats-Msg-Id": f"{first}-{last}-{len(conclusions)}"}
        traceparents = (record.traceparent for record in batch.records)
        try:
            with joined_traces("meter", traceparents):
                async with asyncio.timeout(ACK_SECONDS):
                    jetstream = await self._bus.jetstream()
                    payload = batch.SerializeToString()
                    await jetstream.publish(USAGE_SUBJECT, payload, headers=headers)
        except (nats.errors.Error, JetStreamError, TimeoutError, OSError) as error:
            log.warning("usage.not_published", error=type(error).__name__)
            raise Unavailable("JetStream") from None
        _log_overruns(conclusions)


def _log_overruns(conclusions: Sequence[Conclusion]) -> None:
    """Tells the operator what a provider counted beyond a hold: it is the operator's to bear."""
    for conclusion in conclusions:
        if conclusion.overrun:
            log.warning(
                "usage.overrun",
                request_id=conclusion.hold.request_id,
                provider_id=conclusion.provider_id,
                model=conclusion.hold.model,
                overrun_nanos=conclusion.overrun,
            )


def to_record(conclusion: Conclusion) -> pb2.UsageRecorded:
    """Returns a conclusion as the event that billing and analytics consume."""
    hold, usage, line = conclusion.hold, conclusion.usage, conclusion.line
    record = pb2.UsageRecorded(
        request_id=hold.request_id,
        user_id=hold.user_id,
        account_id=hold.account_id,
        key_id=hold.key_id,
        lease_id=hold.lease_id,
        hold_nanos=hold.amount,
        amount_nanos=conclusion.amount,
        price_version=conclusion.price_version,
        service="chat",
        resource=hold.resource,
        model=hold.model,
        provider_id=conclusion.provider_id,
        tokens=pb2.TokenCounts(
            input=usage.input,
            cached_input=usage.cached_input,
            output=usage.output,
            reasoning=usage.reasoning,
        ),
        outcome=OUTCOMES[conclusion.outcome],
        stream=hold.stream,
    )
    record.start_time.FromMicroseconds(int((line.started_at if line else hold.admitted_at) * 1e6))
    if line:
        record.http_status = line.status
        record.attempts = line.attempts
        record.duration_ms = line.duration_ms
        record.first_byte_ms = line.first_byte_ms or 0
        record.traceparent = line.traceparent
    return record
