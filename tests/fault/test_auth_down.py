"""auth away: known keys go on, unknown ones are neither let in nor called wrong."""

import asyncio

from services.kernel.api_key import with_checksum
from tests.fault.test_service_down_under_traffic import keep_killing
from tests.stack import Stack


async def test_known_keys_work_and_unknown_ones_get_503(stack: Stack):
    await stack.until_serving()
    customer = await stack.new_customer()
    assert (await stack.chat(customer.api_key, max_tokens=1)).status == 200
    killing = asyncio.ensure_future(keep_killing(stack, "auth", seconds=6))
    await asyncio.sleep(1)
    statuses: set[int] = set()
    number = 0
    while not killing.done():
        assert (await stack.chat(customer.api_key, max_tokens=1)).status == 200
        number += 1
        stranger = with_checksum(f"agg_{number:012}_" + "0" * 27)
        statuses.add((await stack.chat(stranger)).status)
    assert await killing >= 1
    # 401 only in the moments when auth lived long enough to say so.
    assert 503 in statuses
    assert statuses <= {401, 503}
    await stack.until_serving()
