"""Envoy killed in the middle of a request: no record is left, so the request expires."""

import asyncio
from pathlib import Path

import aiohttp

from tests.stack import Stack, eventually, nanos, running_stack

SHORT = {"AGG_MAX_REQUEST_SECONDS": "3", "AGG_JOURNAL_GRACE_SECONDS": "2"}


async def test_a_request_without_a_record_expires_and_costs_nothing(tmp_path: Path):
    async with running_stack(data=tmp_path / "data", environment=SHORT) as stack:
        customer = await stack.new_customer(dollars=1)

        async def ask() -> None:
            try:
                await stack.chat(customer.api_key, demo={"hang": "before"})
            except (aiohttp.ClientError, OSError):
                return
            raise AssertionError("the edge was killed and yet it answered")

        asking = asyncio.ensure_future(ask())
        await eventually(lambda: held(stack, customer.access_token, customer.user_id))
        # The request has reached the provider, so Envoy holds it.
        await eventually(lambda: reached(stack))
        stack.kill("envoy")
        await asking
        await stack.until_serving()
        [record] = await stack.usage_of(customer, records=1)
        assert (record["outcome"], record["amount_nanos"]) == ("OUTCOME_EXPIRED", "0")
        assert await stack.posted(customer) == 1_000_000_000
        assert (await stack.chat(customer.api_key, max_tokens=1)).status == 200
        assert len(await stack.usage_of(customer, records=2)) == 2
        assert (await stack.trial_balance())["sum_nanos"] == "0"


async def held(stack: Stack, token: str, user_id: str) -> int:
    balance = await stack.call("GET", f"/billing/balance/{user_id}", key=token)
    return nanos(balance.json["held"])


async def reached(stack: Stack) -> bool:
    seen = (await stack.call("GET", f"{stack.demo_url}/requests")).json["requests"]
    return any("hang" in request["body"] for request in seen)
