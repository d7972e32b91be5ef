"""Tokens never touch Python: streams flow on while the proxy is killed, and each is billed once."""

import asyncio

from tests.fault.traffic import Traffic, assert_books_agree
from tests.stack import Stack, eventually

STREAMS = 20
TOKENS = 60


async def test_twenty_streams_survive_the_proxy_and_are_charged_once(stack: Stack):
    await stack.until_serving()
    customer = await stack.new_customer(dollars=2)
    run, traffic = "midstream", Traffic()
    begun = asyncio.Queue[None]()
    body = {
        "model": "demo-chat",
        "messages": [{"role": "user", "content": "Count slowly."}],
        "stream": True,
    }

    async def stream(number: int) -> None:
        demo = {"nonce": f"{run}-{number}", "tokens": TOKENS, "gap_ms": 50}
        async with stack.session.post(
            f"{stack.edge_url}/v1/chat/completions",
            json={**body, "demo": demo},
            headers={"authorization": f"Bearer {customer.api_key}"},
        ) as answer:
            assert answer.status == 200
            content = b""
            async for line in answer.content:
                if b'"content":"' in line and content.count(b'"content":"') == 5:
                    begun.put_nowait(None)
                content += line
        assert content.rstrip().endswith(b"[DONE]")
        traffic.acknowledged.append(str(demo["nonce"]))

    async with asyncio.TaskGroup() as group:
        for number in range(STREAMS):
            group.create_task(stream(number))
        for _ in range(STREAMS):
            await begun.get()
        killed = stack.pid("proxy")
        stack.kill("proxy")
    assert len(traffic.acknowledged) == STREAMS
    await stack.usage_of(customer, records=STREAMS)
    await assert_books_agree(stack, customer, traffic, run=run, paid=2_000_000_000)

    async def serves() -> int:
        return (await stack.chat(customer.api_key, max_tokens=1)).status

    await eventually(serves, until=lambda status: status == 200)
    assert stack.pid("proxy") != killed
