"""A revoked key is refused within a second, everywhere."""

import time

import pytest

from tests.stack import Customer, Stack


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/billing/balance/me"])
async def test_a_revoked_key_stops_working_within_a_second(
    stack: Stack, customer: Customer, path: str
):
    async def use() -> int:
        if path == "/v1/chat/completions":
            return (await stack.chat(customer.api_key, max_tokens=1)).status
        return (await stack.call("GET", path, key=customer.api_key)).status

    assert await use() == 200
    assert await use() == 200
    revoked = await stack.call(
        "DELETE", f"/auth/api-keys/{customer.key_id}", key=customer.access_token
    )
    assert revoked.status == 200
    at = time.monotonic()
    while await use() != 401:
        assert time.monotonic() - at < 1
    # It stays refused.
    assert [await use() for _ in range(5)] == [401] * 5
