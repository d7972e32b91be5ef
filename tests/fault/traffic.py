"""Steady traffic while something breaks, and what the clients saw."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.stack import Customer, Stack

PACE_SECONDS = 0.05


@dataclass
class Traffic:
    """The clients' own journal."""

    # Nonces of requests whose answer arrived to its last byte.
    acknowledged: list[str] = field(default_factory=list[str])
    # What went wrong, by nonce.
    failures: dict[str, str] = field(default_factory=dict[str, str])
    sent: int = 0


@asynccontextmanager
async def steady_traffic(stack: Stack, customer: Customer, *, run: str) -> AsyncGenerator[Traffic]:
    """Sends twenty requests a second, half of them streams, until the block ends; then waits."""
    traffic = Traffic()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:

        async def send_steadily() -> None:
            while not stop.is_set():
                traffic.sent += 1
                group.create_task(_one(stack, customer, traffic, f"{run}-{traffic.sent}"))
                await asyncio.sleep(PACE_SECONDS)

        group.create_task(send_steadily())
        try:
            yield traffic
        finally:
            stop.set()


async def _one(stack: Stack, customer: Customer, traffic: Traffic, nonce: str) -> None:
    stream = random.random() < 0.5
    demo = {"nonce": nonce, "gap_ms": 10, "delay_ms": random.randrange(100)}
    try:
        answer = await stack.chat(
            customer.api_key, stream=stream, max_tokens=random.randrange(1, 30), demo=demo
        )
    except aiohttp.ClientError as error:
        traffic.failures[nonce] = repr(error)
        return
    ended = answer.body.rstrip().endswith(b"[DONE]") if stream else answer.status == 200
    if answer.status == 200 and ended:
        traffic.acknowledged.append(nonce)
    else:
        traffic.failures[nonce] = f"{answer.status} {answer.body[-200:]!r}"


async def assert_books_agree(
    stack: Stack, customer: Customer, traffic: Traffic, *, run: str, paid: int
) -> None:
    """Checks the three journals against each other: clients', provider's, ledger's."""
    served = await stack.served(f"{run}-")
    nonces = [record["nonce"] for record in served]
    assert len(nonces) == len(set(nonces)), "the provider was asked twice for one request"
    assert set(traffic.acknowledged) <= set(nonces)
    cost = sum(r["prompt_tokens"] * 150 + r["completion_tokens"] * 600 for r in served)
    records = await stack.usage_of(customer, records=len(served))
    assert len(records) == len(served)
    assert sum(int(record["amount_nanos"]) for record in records) == cost
    assert await stack.posted(customer) == paid - cost
    proof = await stack.trial_balance()
    assert proof["sum_nanos"] == "0"
    assert proof["drifted_account_ids"] == []
