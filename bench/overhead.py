"""What does the gateway add to a request, with everything running and charging on?

The same demo provider is called through an Envoy that does nothing else and through the gateway, in
turns within one run, on one machine. Only the ratio means anything.

    .venv/bin/python -m bench.overhead [--seconds 5] [--rounds 3] [--json FILE]
"""

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from bench.load import Result, http_request, run_load
from bench.plain_envoy import plain_envoy
from tests.servers import free_port
from tests.stack import Stack, eventually, running_stack

CONNECTIONS = (1, 16, 64)
STREAM_TOKENS = 200
WARM_UP_SECONDS = 1.0


@dataclass(frozen=True)
class Row:
    """One comparison. Rates are answers per second, times milliseconds; medians of the rounds."""

    case: str
    connections: int
    plain_rate: float
    gateway_rate: float
    plain_p50: float
    gateway_p50: float
    plain_p99: float
    gateway_p99: float
    failures: int


async def compare(
    case: str,
    connections: int,
    rounds: int,
    through_plain: Callable[[], Awaitable[Result]],
    through_gateway: Callable[[], Awaitable[Result]],
) -> Row:
    """Measures both in turns."""
    plain: list[Result] = []
    gateway: list[Result] = []
    for _ in range(rounds):
        plain.append(await through_plain())
        gateway.append(await through_gateway())

    def median(results: list[Result], value: Callable[[Result], float]) -> float:
        return round(statistics.median(value(result) for result in results), 3)

    return Row(
        case,
        connections,
        median(plain, lambda r: r.per_second),
        median(gateway, lambda r: r.per_second),
        median(plain, lambda r: r.percentile_ms(50)),
        median(gateway, lambda r: r.percentile_ms(50)),
        median(plain, lambda r: r.percentile_ms(99)),
        median(gateway, lambda r: r.percentile_ms(99)),
        sum(result.failures for result in (*plain, *gateway)),
    )


async def measure(stack: Stack, *, seconds: float, rounds: int) -> list[Row]:
    """Measures whole answers and streams at several numbers of connections."""
    customer = await stack.new_customer(dollars=1000)
    provider_port = int(stack.demo_url.rpartition(":")[2])
    rows: list[Row] = []
    port = free_port()
    with plain_envoy(stack.data, port=port, upstream_port=provider_port) as plain_address:
        for stream in (False, True):
            body = _body(stream=stream)
            direct = http_request(plain_address, "/demo/v1/chat/completions", body=body, key="demo")
            gateway = http_request(
                stack.edge_address, "/v1/chat/completions", body=body, key=customer.api_key
            )
            for connections in CONNECTIONS:

                async def load(
                    address: str, request: bytes, *, connections: int = connections
                ) -> Result:
                    return await run_load(
                        address, request, connections=connections, seconds=seconds
                    )

                await run_load(
                    stack.edge_address, gateway, connections=connections, seconds=WARM_UP_SECONDS
                )
                row = await compare(
                    f"{STREAM_TOKENS}-chunk stream" if stream else "whole answer",
                    connections,
                    rounds,
                    lambda direct=direct, load=load: load(plain_address, direct),
                    lambda gateway=gateway, load=load: load(stack.edge_address, gateway),
                )
                print(_text(row), flush=True)
                rows.append(row)
    await _check_bill(stack)
    return rows


def _body(*, stream: bool) -> bytes:
    members = {
        "model": "demo-chat",
        "messages": [{"role": "user", "content": "A question of a usual length. " * 8}],
        "max_tokens": STREAM_TOKENS if stream else 64,
    }
    return json.dumps({**members, "stream": True} if stream else members).encode()


async def _check_bill(stack: Stack) -> None:
    """Shows that every answer was charged: a benchmark without charging would measure nothing."""
    seen = -1

    async def settled() -> bool:
        nonlocal seen
        before, seen = seen, int((await stack.trial_balance())["usage_records"])
        await asyncio.sleep(1)
        return before == seen

    await eventually(settled, seconds=120)
    proof = await stack.trial_balance()
    print(f"charged: {proof['usage_records']} records, ledger sum {proof['sum_nanos']}")


def _text(row: Row) -> str:
    def side(name: str, rate: float, p50: float, p99: float) -> str:
        return f"{name} {rate:7.0f}/s p50 {p50:6.2f} p99 {p99:6.2f} ms"

    plain = side("plain Envoy", row.plain_rate, row.plain_p50, row.plain_p99)
    gateway = side("gateway", row.gateway_rate, row.gateway_p50, row.gateway_p99)
    ratio, added = row.gateway_rate / row.plain_rate, row.gateway_p50 - row.plain_p50
    return (
        f"{row.case:16} {row.connections:3} connections: {plain} | {gateway} | "
        f"{ratio:.2f} x, +{added:.2f} ms at p50, failures {row.failures}"
    )


async def main() -> None:
    """Runs the comparison and prints it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    async with running_stack(data=Path(tempfile.mkdtemp(prefix="agg-bench-"))) as stack:
        rows = await measure(stack, seconds=arguments.seconds, rounds=arguments.rounds)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
