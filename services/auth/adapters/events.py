"""Announces events through the outbox."""

from dataclasses import dataclass, field

from aggregator.events.v1 import event_pb2

from services.auth.domain.event import Event
from services.chassis.bus import ANALYTICS_SUBJECT
from services.chassis.outbox import Outbox
from services.chassis.telemetry import outgoing_headers
from services.kernel.ids import new_id

SOURCE = "auth"


@dataclass(slots=True)
class OutboxEvents:
    """Implements the port Events."""

    outbox: Outbox
    # How many were published in this transaction.
    count: int = field(default=0, init=False)

    async def publish(self, event: Event) -> None:
        """Announces an event once the transaction has committed."""
        message = event_pb2.Event(
            id=new_id(),
            type=event.type.value,
            source=SOURCE,
            time=event.time,
            user_id=event.user_id,
            traceparent=outgoing_headers().get("traceparent", ""),
        )
        batch = event_pb2.EventBatch(events=[message])
        await self.outbox.append(ANALYTICS_SUBJECT, [batch])
        self.count += 1
