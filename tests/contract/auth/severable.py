"""A way to a server that can be cut and mended."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

CHUNK_BYTES = 65_536


class Severable:
    """Passes TCP connections on to a port; while severed, it refuses them all."""

    def __init__(self, target_port: int, *, port: int) -> None:
        self.port = port
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        """Lets connections through."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)

    async def sever(self) -> None:
        """Ends every connection and refuses new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._writers.add(there[1])
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
        finally:
            self._writers.discard(writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def severable(target_port: int, *, port: int) -> AsyncGenerator[Severable]:
    """Yields a way to a port; severed at first."""
    way = Severable(target_port, port=port)
    try:
        yield way
    finally:
        await way.sever()
