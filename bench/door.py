"""What does admission's own door save over a general gRPC server?

Both serve the same keeper on a unix socket, each in a process of its own, and the same gRPC client
calls them in turns. What counts is the server's CPU time for a call.

    .venv/bin/python -m bench.door [--calls 20000] [--rounds 3]
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import grpc
import uvloop

from services.proxy.rpc.door import open_door

METHOD = "Check"
SERVICE = "envoy.service.auth.v3.Authorization"
CONCURRENT = 32
REQUEST = os.urandom(900)
ANSWER = os.urandom(700)
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Keeper:
    """Answers at once, so that only the way there and back is measured."""

    def at_once(self, _request: bytes) -> bytes | None:
        """Returns an answer of a usual size."""
        return ANSWER

    async def later(self, _request: bytes) -> bytes:
        """Is never asked."""
        return ANSWER


async def serve(kind: str, socket: Path) -> None:
    """Serves until killed."""
    if kind == "door":
        async with open_door(Keeper(), socket):
            await asyncio.Event().wait()

    async def check(request: bytes, _context: Any) -> bytes | None:
        return Keeper().at_once(request)

    server = grpc.aio.server()
    handlers = {METHOD: grpc.unary_unary_rpc_method_handler(check)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(f"unix:{socket}")
    await server.start()
    await server.wait_for_termination()


async def measure(socket: Path, pid: int, *, calls: int) -> tuple[float, float]:
    """Returns the server's CPU microseconds a call, and the calls per second."""
    async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
        check: Any = channel.unary_unary(f"/{SERVICE}/{METHOD}")

        async def caller(count: int) -> None:
            for _ in range(count):
                await check(REQUEST)

        await caller(200)
        used, began = _cpu_seconds(pid), time.perf_counter()
        await asyncio.gather(*(caller(calls // CONCURRENT) for _ in range(CONCURRENT)))
        seconds = time.perf_counter() - began
        return 1e6 * (_cpu_seconds(pid) - used) / calls, calls / seconds


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


async def main() -> None:
    """Compares, and prints medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", nargs=2, metavar=("KIND", "SOCKET"))
    arguments = parser.parse_args()
    if arguments.serve:
        await serve(arguments.serve[0], Path(arguments.serve[1]))
    folder = Path(tempfile.mkdtemp(prefix="agg-door-"))
    results: dict[str, list[tuple[float, float]]] = {"grpc.aio": [], "door": []}
    for turn in range(arguments.rounds):
        for kind, measured in results.items():
            socket = folder / f"{kind}{turn}.sock"
            command = [sys.executable, "-m", "bench.door", "--serve", kind, str(socket)]
            server = subprocess.Popen(command)
            while not socket.exists():
                await asyncio.sleep(0.05)
            measured.append(await measure(socket, server.pid, calls=arguments.calls))
            server.terminate()
            server.wait()
    for kind, measured in results.items():
        cpu = statistics.median(cost for cost, _ in measured)
        rate = statistics.median(rate for _, rate in measured)
        print(f"{kind:9} {cpu:6.0f} us of CPU a call, {rate:6.0f} calls/s with this client")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
