"""The demo provider as a process of its own, as the stack runs it."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from services.local import probes
from services.local.ports import HOST
from services.local.process_log import ProcessLog
from services.local.process_spec import ProcessSpec
from services.local.supervised import SupervisedProcess
from tests.local.free_port import free_port

CREDENTIAL = {"authorization": "Bearer test"}
HELLO = [{"role": "user", "content": "Hello"}]


@asynccontextmanager
async def demo_provider(folder: Path) -> AsyncGenerator[str]:
    """Runs the provider; yields its address."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    spec = ProcessSpec(
        name="demo-provider",
        command=(
            *(sys.executable, "-m", "services.local.demo_provider"),
            *("--port", str(port), "--record", str(folder / "served.jsonl")),
        ),
        environment=dict(os.environ),
        probe=probes.serves_http(f"{url}/health"),
        stop_seconds=5,
    )
    process = SupervisedProcess(
        spec,
        log=ProcessLog("demo-provider", folder=folder, show=lambda _: None),
        on_start=lambda _name, _pid: None,
        say=lambda _: None,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(process.run())
        try:
            await process.first_ready()
            yield url
        finally:
            await process.stop()


async def ask(
    url: str, *, provider: str = "demo", headers: dict[str, str] = CREDENTIAL, **fields: Any
) -> tuple[int, dict[str, Any]]:
    """Asks without streaming; returns status and JSON."""
    body = {"model": "demo-chat", "messages": HELLO, **fields}
    path = f"{url}/{provider}/v1/chat/completions"
    async with (
        aiohttp.ClientSession() as session,
        session.post(path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def record_of(url: str, *, nonce: str) -> dict[str, Any]:
    """Waits until the provider has a request in its books."""
    async with asyncio.timeout(5), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{url}/served") as answer:
                records = (await answer.json())["requests"]
            for record in records:
                if record["nonce"] == nonce:
                    return record
            await asyncio.sleep(0.02)
