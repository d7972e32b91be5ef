"""Two hundred mixed requests, and books that agree to the last nano-dollar."""

import asyncio
import random
from typing import Any

import aiohttp

from tests.stack import Customer, Stack, eventually

INPUT_NANOS = {"demo": 150, "demo-backup": 200}
OUTPUT_NANOS = {"demo": 600, "demo-backup": 800}


async def cut_after(stack: Stack, key: str, *, chunks: int, nonce: str) -> None:
    """Reads some chunks of a stream and leaves. The provider waits there until it is cut."""
    body = {
        "model": "demo-chat",
        "messages": [{"role": "user", "content": "x" * random.randrange(1, 200)}],
        "stream": True,
        "demo": {"nonce": nonce, "tokens": chunks + 50, "hang": chunks},
    }
    headers = {"authorization": f"Bearer {key}"}
    async with stack.session.post(
        f"{stack.edge_url}/v1/chat/completions", json=body, headers=headers
    ) as answer:
        assert answer.status == 200
        seen = 0
        async for line in answer.content:
            seen += b'"content":"' in line and b'"content":""' not in line
            if seen == chunks:
                break
        answer.close()


async def one(stack: Stack, key: str, number: int, run: str) -> int:
    """Sends one request of a kind that depends on its number; returns 1 if it was admitted."""
    nonce, tokens = f"{run}-{number}", random.randrange(1, 60)
    content = "word " * random.randrange(1, 80)
    members: dict[str, Any] = {
        "messages": [{"role": "user", "content": content}],
        "max_tokens": tokens,
    }
    match number % 8:
        case 0 | 1:
            answer = await stack.chat(key, **members, demo={"nonce": nonce})
        case 2 | 3:
            answer = await stack.chat(key, **members, stream=True, demo={"nonce": nonce})
        case 4:
            failing = {"nonce": nonce, "status": 503, "only": "demo"}
            answer = await stack.chat(key, **members, stream=number % 16 < 8, demo=failing)
        case 5:
            await cut_after(stack, key, chunks=random.randrange(1, 9), nonce=nonce)
            return 1
        case 6:
            answer = await stack.chat(key, **members, demo={"nonce": nonce, "status": 500})
            assert answer.status == 500
            return 1
        case _:
            answer = await stack.chat(key, model="no-such-model", demo={"nonce": nonce})
            assert answer.status == 404
            return 0
    assert answer.status == 200, answer.body
    return 1


async def test_two_hundred_mixed_requests_are_billed_exactly(stack: Stack):
    customer: Customer = await stack.new_customer(dollars=3)
    run = f"exact-{random.randrange(10**9)}"
    gate = asyncio.Semaphore(24)

    async def through_gate(number: int) -> int:
        async with gate:
            return await one(stack, customer.api_key, number, run)

    admitted = sum(await asyncio.gather(*(through_gate(number) for number in range(200))))
    records = await stack.usage_of(customer, records=admitted)
    assert len(records) == admitted
    assert len({record["request_id"] for record in records}) == admitted

    async def served():
        return await stack.served(run)

    # 175 reached a provider; those of case 4 twice, those of case 6 at both.
    counted = await eventually(served, until=lambda found: len(found) >= admitted)
    cost = sum(
        record["prompt_tokens"] * INPUT_NANOS[record["provider"]]
        + record["completion_tokens"] * OUTPUT_NANOS[record["provider"]]
        for record in counted
        if record["ended"] in {"complete", "cut", "reset"}
    )
    assert cost > 0
    assert await stack.posted(customer) == 3_000_000_000 - cost
    assert sum(int(record["amount_nanos"]) for record in records) == cost
    outcomes = [record["outcome"] for record in records]
    assert outcomes.count("OUTCOME_ESTIMATED") == 25
    assert outcomes.count("OUTCOME_SETTLED") == admitted - 25

    proof = await stack.trial_balance()
    assert proof["sum_nanos"] == "0"
    assert proof["drifted_account_ids"] == []


async def test_a_cut_stream_ends_at_the_provider_within_a_second(stack: Stack):
    customer = await stack.new_customer()
    nonce = f"cut-{random.randrange(10**9)}"
    try:
        async with asyncio.timeout(5):
            await cut_after(stack, customer.api_key, chunks=3, nonce=nonce)
    except aiohttp.ClientError as error:
        raise AssertionError from error

    async def served():
        return await stack.served(nonce)

    [record] = await eventually(served, seconds=1)
    assert (record["ended"], record["completion_tokens"]) == ("cut", 3)
