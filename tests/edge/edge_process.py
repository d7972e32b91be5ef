"""The real Envoy under the product's configuration."""

import asyncio
import importlib.util
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from services.local.edge_config import EdgeSettings, render

DEADLINE_SECONDS = 10.0


def envoy_program() -> Path:
    """The binary itself: the console script would start it as a child that a signal misses."""
    found = importlib.util.find_spec("envoy")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(next(iter(found.submodule_search_locations))) / "_bin" / "envoy"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return ports


T = TypeVar("T")


async def eventually(probe: Callable[[], T | None]) -> T:
    """Returns the first result of the probe that is something; fails when there is none in time."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (found := probe()) is None:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)
    return found


@dataclass
class Edge:
    """A running edge."""

    settings: EdgeSettings
    process: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"http://{self.settings.edge_address}"

    async def stop(self) -> None:
        """Ends the process."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def journal(self) -> list[dict[str, Any]]:
        """The lines written so far."""
        path = Path(self.settings.journal_path)
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    async def line_of(self, request_id: str) -> dict[str, Any]:
        """Waits for the journal line of a request."""

        def find() -> dict[str, Any] | None:
            lines = [line for line in self.journal() if line["request"] == request_id]
            return lines[0] if lines else None

        return await eventually(find)


async def start_edge(settings: EdgeSettings, *, directory: Path) -> Edge:
    """Starts Envoy and returns when its port is open."""
    config = directory / "edge.yaml"
    config.write_text(render(settings))
    log = (directory / "envoy.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        *(str(envoy_program()), "--config-path", str(config), "--concurrency", "1"),
        *("--file-flush-interval-msec", "100", "--disable-hot-restart", "--log-level", "warning"),
        stdout=log,
        stderr=log,
    )
    edge = Edge(settings=settings, process=process)
    try:
        await _ready(edge)
    except BaseException:
        await edge.stop()
        raise
    finally:
        log.close()
    return edge


async def _ready(edge: Edge) -> None:
    async with aiohttp.ClientSession() as client, asyncio.timeout(DEADLINE_SECONDS):
        while edge.process.returncode is None:
            try:
                async with client.get(f"http://{edge.settings.admin_address}/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)
    raise AssertionError("Envoy ended before it was ready; see envoy.log.")
