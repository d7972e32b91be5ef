"""A provider that does byte for byte what a test tells it to."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """A request as it arrived, header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def replies(status: int, body: object = None, **headers: str) -> Answer:
    """Answers once, in JSON."""
    return replies_with(b"" if body is None else json.dumps(body).encode(), status, **headers)


def replies_with(payload: bytes, status: int = 200, **headers: str) -> Answer:
    """Answers once, with these bytes."""
    lines = {"content-type": "application/json", "content-length": str(len(payload))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(_head(status, lines) + payload)
        await writer.drain()

    return answer


def streams(pieces: Iterable[bytes], *, then: asyncio.Event | None = None) -> Answer:
    """Answers with a stream, one write a piece; holds it open until `then` is set."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        headers = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
        writer.write(_head(200, headers))
        for piece in pieces:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            # Lets the event loop send this piece before the next one joins it.
            await asyncio.sleep(0)
        if then is not None:
            await then.wait()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    return answer


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    """Closes the connection without an answer."""
    writer.close()


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Because", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@dataclass
class Provider:
    """Listens on a free port, keeps what it received, and answers as told."""

    answer: Answer = field(default_factory=lambda: replies(200, {}))
    received: list[Received] = field(default_factory=list[Received])
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    async def start(self) -> None:
        """Opens the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 26)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes the port and every connection."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for writer in list(self._writers):
            writer.close()
            await writer.wait_closed()

    def will(self, answer: Answer) -> None:
        """Forgets what it received, and answers like this from now on."""
        self.answer = answer
        self.received.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                self.received.append(await _read(reader))
                await self.answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {
        name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)
    }
    if headers.get("transfer-encoding") == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method=method, path=path, headers=headers, body=body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
