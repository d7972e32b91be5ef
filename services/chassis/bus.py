"""The connection to NATS, and the streams of the mesh.

A broker that is away is waited for in the background: no request ever waits for it.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import nats
import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError

from services.chassis.logs import get_logger

log = get_logger()
USAGE_SUBJECT = "billing.usage"
ANALYTICS_SUBJECT = "analytics.events"
DEAD_PREFIX = "dead."
GIGABYTE = 1024**3
RETRY_SECONDS = 0.5
DUPLICATE_WINDOW_SECONDS = 600


def _stream(name: str, subject: str) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subject],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        # A full stream refuses, so that a publisher keeps its spool; it never forgets silently.
        discard=DiscardPolicy.NEW,
        max_bytes=4 * GIGABYTE,
        max_age=30 * 24 * 3600,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
    )


STREAMS = (
    _stream("USAGE", USAGE_SUBJECT),
    _stream("ANALYTICS", ANALYTICS_SUBJECT),
    _stream("DEAD", f"{DEAD_PREFIX}>"),
)


class Bus:
    """JetStream, as soon as it can be reached."""

    def __init__(self, url: str, *, name: str) -> None:
        self._url = url
        self._name = name
        self._client: Client | None = None
        self._ready = asyncio.Event()

    async def jetstream(self) -> JetStreamContext:
        """Waits until the streams exist, and returns JetStream."""
        await self._ready.wait()
        if self._client is None:
            raise RuntimeError("the bus is closed")
        return self._client.jetstream(timeout=5)

    async def connect(self) -> None:
        """Connects and makes sure of the streams; tries until it succeeds."""
        while True:
            try:
                if self._client is None:
                    self._client = await nats.connect(
                        self._url,
                        name=self._name,
                        connect_timeout=2,
                        reconnect_time_wait=0.2,
                        max_reconnect_attempts=-1,
                        allow_reconnect=True,
                        ping_interval=5,
                        max_outstanding_pings=2,
                        error_cb=_ignore_error,
                        disconnected_cb=_log_disconnected,
                        reconnected_cb=_log_reconnected,
                    )
                await _ensure_streams(self._client.jetstream(timeout=5))
            except (nats.errors.Error, OSError, TimeoutError) as error:
                log.warning("bus.unreachable", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._ready.set()
                return

    async def close(self) -> None:
        """Closes the connection."""
        if self._client is not None:
            with suppress(nats.errors.Error, OSError, TimeoutError):
                await self._client.close()


async def _ensure_streams(jetstream: JetStreamContext) -> None:
    for config in STREAMS:
        try:
            await jetstream.add_stream(config)
        except APIError as error:
            # The stream exists with an older configuration.
            log.warning("bus.stream_differs", stream=config.name, code=error.err_code)
            await jetstream.update_stream(config)


async def _ignore_error(error: Exception) -> None:
    log.debug("bus.error", error=type(error).__name__)


async def _log_disconnected() -> None:
    log.warning("bus.disconnected")


async def _log_reconnected() -> None:
    log.info("bus.reconnected")


@asynccontextmanager
async def open_bus(url: str, *, name: str) -> AsyncGenerator[Bus]:
    """Opens the bus; connecting goes on in the background."""
    bus = Bus(url, name=name)
    connecting = asyncio.create_task(bus.connect())
    try:
        yield bus
    finally:
        connecting.cancel()
        with suppress(asyncio.CancelledError):
            await connecting
        await bus.close()
