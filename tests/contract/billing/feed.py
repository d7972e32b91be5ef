"""Plays the proxies on the bus, and listens to what billing makes of it."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aggregator.billing.v1.billing_events_pb2 import TransactionCreated
from aggregator.events.v1.event_pb2 import Event, EventBatch
from aggregator.proxy.v1.proxy_events_pb2 import OUTCOME_SETTLED, UsageBatch, UsageRecorded

from services.chassis.bus import ANALYTICS_SUBJECT, USAGE_SUBJECT
from services.kernel.ids import new_id

DEADLINE_SECONDS = 15.0


def record(user_id: str, amount: int, *, lease_id: str = "", **fields: Any) -> UsageRecorded:
    """Returns the record of a new request."""
    values: dict[str, Any] = {
        "request_id": new_id(),
        "account_id": user_id,
        "hold_nanos": max(amount, 0),
        "outcome": OUTCOME_SETTLED,
        "model": "demo-model",
    }
    return UsageRecorded(
        user_id=user_id, amount_nanos=amount, lease_id=lease_id, **(values | fields)
    )


class Feed:
    """JetStream's acks are messages too, and tell when billing has committed."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._acknowledged: set[int] = set()
        self._events: list[tuple[Event, TransactionCreated]] = []
        self._changed = asyncio.Condition()

    @staticmethod
    async def listen(client: Any) -> "Feed":
        feed = Feed(client)
        await client.subscribe("$JS.ACK.USAGE.billing.>", cb=feed._hear_ack)
        await client.subscribe(ANALYTICS_SUBJECT, cb=feed._hear_events)
        await client.flush()
        return feed

    async def send(self, *records: UsageRecorded) -> None:
        """Publishes records in one message and waits until billing has committed them."""
        await self.send_raw([UsageBatch(records=records).SerializeToString()])

    async def send_raw(self, payloads: Iterable[bytes]) -> None:
        """Publishes messages and waits until billing has acknowledged each."""
        jetstream = self._client.jetstream()
        wanted = {(await jetstream.publish(USAGE_SUBJECT, payload)).seq for payload in payloads}
        async with asyncio.timeout(DEADLINE_SECONDS), self._changed:
            await self._changed.wait_for(lambda: wanted <= self._acknowledged)

    async def created(self, reference: str) -> tuple[Event, TransactionCreated]:
        """Waits for the event of the transaction that has a reference."""

        def found() -> list[tuple[Event, TransactionCreated]]:
            return [each for each in self._events if each[1].reference == reference]

        async with asyncio.timeout(DEADLINE_SECONDS), self._changed:
            await self._changed.wait_for(found)
            return found()[0]

    async def _hear_ack(self, message: Any) -> None:
        # $JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>...
        if not message.data.startswith((b"-NAK", b"+WPI")):
            async with self._changed:
                self._acknowledged.add(int(message.subject.split(".")[5]))
                self._changed.notify_all()

    async def _hear_events(self, message: Any) -> None:
        async with self._changed:
            for event in EventBatch.FromString(message.data).events:
                details = TransactionCreated()
                if event.details.Unpack(details):
                    self._events.append((event, details))
            self._changed.notify_all()
