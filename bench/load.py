"""A small load generator: keep-alive connections that send one HTTP/1.1 request again and again.

It knows just enough of HTTP to see where an answer ends, to cost less than what it measures.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
HEADERS_END = b"\r\n\r\n"
CHUNKS_END = b"0\r\n\r\n"


@dataclass
class Result:
    """What a run measured. Times are in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list[float])
    failures: int = 0

    @property
    def per_second(self) -> float:
        """Returns the answers per second."""
        return len(self.latencies) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """Returns a percentile of the latency in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last answer is complete."""

    def __init__(self, request: bytes, result: Result, deadline: float) -> None:
        self._request, self._result, self._deadline = request, result, deadline
        self._received = bytearray()
        self._sent_at = 0.0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's.
        self._transport: Any = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._is_complete():
            now = time.perf_counter()
            if self._received.startswith(b"HTTP/1.1 200"):
                self._result.latencies.append(now - self._sent_at)
            else:
                self._result.failures += 1
            self._received.clear()
            if now < self._deadline:
                self._send()
            else:
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._received or exc:
            self._result.failures += 1
        if not self.closed.done():
            self.closed.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)

    def _is_complete(self) -> bool:
        head = self._received.find(HEADERS_END)
        if head < 0:
            return False
        length = _LENGTH.search(self._received, 0, head)
        if length:
            return len(self._received) >= head + len(HEADERS_END) + int(length[1])
        return self._received.endswith(CHUNKS_END)


def http_request(host: str, path: str, *, body: bytes, key: str) -> bytes:
    """Returns the bytes of a POST."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run_load(address: str, request: bytes, *, connections: int, seconds: float) -> Result:
    """Loads an address for a time with so many connections."""
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    result = Result()
    began = time.perf_counter()
    made = [
        await loop.create_connection(
            lambda: _Connection(request, result, began + seconds), host, int(port)
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.closed for _, protocol in made))
    result.seconds = time.perf_counter() - began
    return result
