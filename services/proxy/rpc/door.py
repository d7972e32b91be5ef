"""The door that Envoy knocks at: one unary gRPC method on a unix socket.

A general gRPC server costs several times what admission itself does, because each call travels
between threads. Here a request that is warm is answered within the callback that received it.
`bench/door.py` has the figures.
"""

import asyncio
import struct
from collections import deque
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from services.chassis.logs import get_logger
from services.proxy.rpc import http2_frames as http2

log = get_logger()
# A request with its images, as large as the edge lets through, and what surrounds it.
BODY_BYTES_MAX = 40 * 1024 * 1024
REPLENISH_BYTES = 2**30
GRACE_SECONDS = 2.0


class Doorkeeper(Protocol):
    """Answers serialized requests with serialized answers."""

    def at_once(self, request: bytes, /) -> bytes | None:
        """Returns the answer; None when somebody must be asked first."""
        ...

    def later(self, request: bytes, /) -> Awaitable[bytes]:
        """Returns the answer after asking."""
        ...


class Door(asyncio.Protocol):
    """One connection of Envoy's."""

    def __init__(self, keeper: Doorkeeper, connections: "set[Door]") -> None:
        self._keeper = keeper
        self._connections = connections
        self._received = bytearray()
        self._awaits_preface = True
        self._bodies: dict[int, bytearray] = {}
        self._asking: dict[int, asyncio.Task[None]] = {}
        self._consumed = 0
        self._last_stream = 0
        self._stream_window = http2.WINDOW_BYTES_DEFAULT
        self._window = http2.WINDOW_BYTES_DEFAULT
        self._unsent: deque[tuple[int, bytes]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        # uvloop's transports are no subclass of asyncio's.
        self._transport: Any = transport
        self._connections.add(self)
        self._transport.write(http2.opening())

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops asking on behalf of requests whose answer nobody will read."""
        del exc
        self._connections.discard(self)
        for task in self._asking.values():
            task.cancel()

    def data_received(self, data: bytes) -> None:
        """Takes the frames that are complete."""
        self._received += data
        start = 0
        if self._awaits_preface:
            if len(self._received) < len(http2.PREFACE):
                return
            if not self._received.startswith(http2.PREFACE):
                self._transport.abort()
                return
            self._awaits_preface = False
            start = len(http2.PREFACE)
        try:
            while each := http2.read_frame(self._received, start):
                start += http2.FRAME_HEAD_BYTES + len(each.payload)
                self._take(each)
        except http2.FrameTooLargeError:
            self._transport.abort()
        del self._received[:start]

    async def drain(self) -> None:
        """Asks Envoy to go elsewhere and waits for what is being asked."""
        self._transport.write(http2.goaway(self._last_stream))
        if self._asking:
            await asyncio.wait(tuple(self._asking.values()), timeout=GRACE_SECONDS)
        self._transport.close()

    def _take(self, each: http2.Frame) -> None:
        match each.kind:
            case http2.HEADERS:
                self._last_stream = each.stream
                self._bodies[each.stream] = bytearray()
                if each.flags & http2.END_STREAM:
                    self._serve(each.stream)
            case http2.DATA:
                self._take_data(each)
            case http2.RST_STREAM:
                self._bodies.pop(each.stream, None)
                if task := self._asking.pop(each.stream, None):
                    task.cancel()
            case http2.SETTINGS if not each.flags & http2.ACK:
                self._stream_window = http2.initial_window(each.payload) or self._stream_window
                self._transport.write(http2.frame(http2.SETTINGS, http2.ACK, 0, b""))
            case http2.PING if not each.flags & http2.ACK:
                self._transport.write(http2.frame(http2.PING, http2.ACK, 0, each.payload))
            case http2.WINDOW_UPDATE if each.stream == 0:
                self._window += struct.unpack(">I", each.payload)[0]
                self._send_waiting()
            case _:
                pass

    def _take_data(self, each: http2.Frame) -> None:
        self._consumed += len(each.payload)
        if self._consumed > REPLENISH_BYTES:
            self._transport.write(http2.window_update(self._consumed))
            self._consumed = 0
        body = self._bodies.get(each.stream)
        if body is None:
            return
        body += http2.without_padding(each)
        if len(body) > BODY_BYTES_MAX:
            del self._bodies[each.stream]
            self._transport.write(http2.reset(each.stream, http2.ENHANCE_YOUR_CALM))
        elif each.flags & http2.END_STREAM:
            self._serve(each.stream)

    def _serve(self, stream: int) -> None:
        message = http2.grpc_message(bytes(self._bodies.pop(stream)))
        if message is None:
            self._transport.write(http2.failure(stream))
            return
        answer = self._keeper.at_once(message)
        if answer is not None:
            self._send(stream, answer)
            return
        task = asyncio.ensure_future(self._ask(stream, message))
        self._asking[stream] = task
        task.add_done_callback(lambda _: self._asking.pop(stream, None))

    async def _ask(self, stream: int, message: bytes) -> None:
        self._send(stream, await self._keeper.later(message))

    def _send(self, stream: int, message: bytes) -> None:
        size = http2.GRPC_HEAD_BYTES + len(message)
        if size > self._stream_window:
            log.error("door.answer_too_large", size=size)
            self._transport.write(http2.failure(stream))
            return
        self._unsent.append((size, http2.answer(stream, message)))
        self._send_waiting()

    def _send_waiting(self) -> None:
        while self._unsent and self._unsent[0][0] <= self._window:
            size, answer = self._unsent.popleft()
            self._window -= size
            self._transport.write(answer)


def _remove(socket: Path) -> None:
    # What a killed predecessor left.
    socket.unlink(missing_ok=True)


@asynccontextmanager
async def open_door(keeper: Doorkeeper, socket: Path) -> AsyncGenerator[None]:
    """Listens on a socket until the block ends; requests under way get their answer."""
    _remove(socket)
    connections: set[Door] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(lambda: Door(keeper, connections), str(socket))
    try:
        yield
    finally:
        server.close()
        await asyncio.gather(*(door.drain() for door in tuple(connections)))
