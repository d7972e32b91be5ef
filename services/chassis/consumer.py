"""Consumes a stream: a batch, one transaction, then the ack.

A message may come again at any time, so handlers count each event once by its id. A message that
can't be decoded goes to `dead.<stream>` and is not tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import nats.errors
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Protobuf
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from services.chassis.bus import DEAD_PREFIX, Bus
from services.chassis.logs import get_logger
from services.chassis.telemetry import joined_traces
from services.kernel.errors import Conflict, Unavailable

log = get_logger()
BATCH_MESSAGES_MAX = 100
FETCH_SECONDS = 5.0
# What a killed consumer had in hand comes again after this.
ACK_WAIT_SECONDS = 10
# The broker or the database is away: worth a line, not a traceback.
PASSING_TROUBLES = (nats.errors.Error, Unavailable, Conflict, TimeoutError, OSError)
BACK_OFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)

Event = TypeVar("Event", bound=Protobuf)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A durable consumer of a stream."""

    stream: str
    subject: str
    durable: str


async def consume(
    bus: Bus,
    subscription: Subscription,
    kind: type[Event],
    handle: Callable[[Sequence[Event]], Awaitable[None]],
) -> None:
    """Feeds `handle` with batches for ever. What it raises is logged, and the batch comes again."""
    failures = 0
    while True:
        try:
            await _consume(bus, subscription, kind, handle)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            delay = BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)]
            failures += 1
            if isinstance(error, PASSING_TROUBLES):
                log.warning("consumer.interrupted", error=type(error).__name__)
            else:
                log.exception("consumer.failed", durable=subscription.durable)
            await asyncio.sleep(delay)
        else:
            failures = 0


async def _consume(
    bus: Bus,
    subscription: Subscription,
    kind: type[Event],
    handle: Callable[[Sequence[Event]], Awaitable[None]],
) -> None:
    jetstream = await bus.jetstream()
    pull = await jetstream.pull_subscribe(
        subscription.subject,
        durable=subscription.durable,
        stream=subscription.stream,
        config=ConsumerConfig(
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_SECONDS,
            max_ack_pending=1000,
        ),
    )
    try:
        while True:
            try:
                messages = await pull.fetch(BATCH_MESSAGES_MAX, timeout=FETCH_SECONDS)
            except nats.errors.TimeoutError:
                # Nothing came, or the broker forgot us while it was away: subscribing tells.
                return
            events = await _decode(jetstream, subscription, messages, kind)
            try:
                if events:
                    with joined_traces(subscription.durable, _traceparents(events)):
                        await handle([event for _, event in events])
            except BaseException:
                for message, _ in events:
                    await message.nak(delay=1)
                raise
            for message, _ in events:
                await message.ack()
    finally:
        await pull.unsubscribe()


def _traceparents(events: Sequence[tuple[Msg, Protobuf]]) -> Iterator[str]:
    """Returns the traces of what a batch carries: its `records` or `events` name them."""
    for _, event in events:
        for members in (getattr(event, name, ()) for name in ("records", "events")):
            yield from (member.traceparent for member in members)


async def _decode(
    jetstream: JetStreamContext,
    subscription: Subscription,
    messages: Sequence[Msg],
    kind: type[Event],
) -> list[tuple[Msg, Event]]:
    decoded: list[tuple[Msg, Event]] = []
    for message in messages:
        try:
            decoded.append((message, kind.FromString(message.data)))
        except DecodeError:
            log.warning("consumer.dead_letter", stream=subscription.stream)
            sequence = message.metadata.sequence.stream
            headers = {"Nats-Msg-Id": f"{subscription.durable}-{sequence}"}
            dead = f"{DEAD_PREFIX}{subscription.durable}"
            await jetstream.publish(dead, message.data, headers=headers)
            await message.term()
    return decoded
