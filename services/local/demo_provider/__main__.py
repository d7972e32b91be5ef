"""`python -m services.local.demo_provider --port P --record FILE`: serves until SIGTERM."""

import argparse
import asyncio
import signal
from pathlib import Path

import uvloop
from aiohttp import web

from services.local.demo_provider.app import DemoProvider
from services.local.demo_provider.books import Books

BACKLOG = 4096
SHUTDOWN_SECONDS = 1.0


async def serve(*, port: int, record: Path) -> None:
    """Serves on the loopback interface."""
    books = Books(record)
    runner = web.AppRunner(
        DemoProvider(books).application(),
        access_log=None,
        # The books must know when a client has left.
        handler_cancellation=True,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=BACKLOG).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()
    books.close()


def main() -> None:
    """Reads the arguments and serves."""
    parser = argparse.ArgumentParser(prog="python -m services.local.demo_provider")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--record", type=Path, required=True)
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(port=arguments.port, record=arguments.record))


if __name__ == "__main__":
    main()
