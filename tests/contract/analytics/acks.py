"""Publishes to streams and hears when the consumer of analytics acknowledges."""

import asyncio
from collections.abc import Sequence
from typing import Any

from services.analytics.wiring import EVENTS, USAGE

DEADLINE_SECONDS = 15.0
SUBSCRIPTIONS = {each.stream: each for each in (USAGE, EVENTS)}


class Acks:
    """JetStream's acks are messages too, and name stream, consumer and sequence."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._heard: set[tuple[str, int]] = set()
        self._changed = asyncio.Condition()

    @staticmethod
    async def listen(client: Any) -> "Acks":
        acks = Acks(client)
        await client.subscribe("$JS.ACK.>", cb=acks._hear)
        await client.flush()
        return acks

    async def _hear(self, message: Any) -> None:
        # $JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>...
        _, _, stream, consumer, _, sequence, *_ = message.subject.split(".")
        subscription = SUBSCRIPTIONS.get(stream)
        done = not message.data.startswith((b"-NAK", b"+WPI"))
        if done and subscription and subscription.durable == consumer:
            async with self._changed:
                self._heard.add((stream, int(sequence)))
                self._changed.notify_all()

    async def publish(self, stream: str, payloads: Sequence[bytes]) -> None:
        """Publishes payloads and waits until analytics has acknowledged each."""
        jetstream = self._client.jetstream()
        subject = SUBSCRIPTIONS[stream].subject
        wanted = {(stream, (await jetstream.publish(subject, payload)).seq) for payload in payloads}
        async with asyncio.timeout(DEADLINE_SECONDS), self._changed:
            await self._changed.wait_for(lambda: wanted <= self._heard)
