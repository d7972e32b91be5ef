"""A provider that remembers what it was sent."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class ProviderServer:
    """Answers every request; one to a path that ends in /stream when it is told to go on."""

    port: int = 0
    requests: list[web.Request] = field(default_factory=list[web.Request])
    # While it is clear, an answer stops after its first half.
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.go_on.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.requests.append(request)
        self.asked.set()
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first half, ")
        await self.go_on.wait()
        await response.write(b"second half")
        return response


@asynccontextmanager
async def provider_server(
    *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[ProviderServer]:
    """Serves on loopback until the block ends; on a free port when none is given."""
    server = ProviderServer()
    app = web.Application()
    app.router.add_post("/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
        await site.start()
        server.port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()
