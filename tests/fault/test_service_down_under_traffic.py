"""NATS, billing or orchestrator away for ten seconds under traffic: no client notices."""

import asyncio
import os
import signal
import time
from contextlib import suppress

import pytest

from tests.fault.traffic import assert_books_agree, steady_traffic
from tests.stack import Stack

AWAY_SECONDS = 10.0


async def keep_killing(stack: Stack, name: str, *, seconds: float = AWAY_SECONDS) -> int:
    """Kills a process again as soon as it is back, for a time; returns how often."""
    kills, killed = 0, 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pid = stack.pid(name)
        if pid != killed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            kills, killed = kills + 1, pid
        await asyncio.sleep(0.01)
    return kills


@pytest.mark.parametrize("name", ["nats", "billing", "orchestrator"])
async def test_ten_seconds_without_it_cost_no_request_and_no_cent(stack: Stack, name: str):
    await stack.until_serving()
    customer = await stack.new_customer(dollars=4)
    run = f"down-{name}"
    # The account is warm, as one that is in use is.
    warm = await stack.chat(customer.api_key, max_tokens=1, demo={"nonce": f"{run}-0"})
    assert warm.status == 200
    async with steady_traffic(stack, customer, run=run) as traffic:
        await asyncio.sleep(1)
        assert await keep_killing(stack, name) >= 1
        await asyncio.sleep(1)
    await stack.until_serving()
    assert traffic.failures == {}
    assert len(traffic.acknowledged) == traffic.sent > 100
    await stack.usage_of(customer, records=traffic.sent + 1)
    await assert_books_agree(stack, customer, traffic, run=run, paid=4_000_000_000)
