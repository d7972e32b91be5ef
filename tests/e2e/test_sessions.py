"""What a user takes away is gone within a second, seen from outside: sessions, passwords, keys."""

import secrets
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

from tests.stack import Customer, Reply, Stack


async def becomes(status: int, use: Callable[[], Awaitable[Reply]]) -> None:
    """Fails unless a use is answered so within a second, and from then on."""
    at = time.monotonic()
    while (await use()).status != status:
        assert time.monotonic() - at < 1
    assert [(await use()).status for _ in range(5)] == [status] * 5


async def login(stack: Stack, customer: Customer, password: str = "") -> Reply:
    body = {"email": customer.email, "password": password or customer.password}
    return await stack.call("POST", "/auth/login", body=body)


async def test_logout_makes_the_access_token_worthless(stack: Stack, customer: Customer):
    tokens = (await login(stack, customer)).json["tokens"]

    async def me() -> Reply:
        return await stack.call("GET", "/auth/me", key=tokens["access_token"])

    async def balance() -> Reply:
        return await stack.call("GET", "/billing/balance/me", key=tokens["access_token"])

    assert (await me()).status == (await balance()).status == 200
    out = await stack.call("POST", "/auth/logout", key=tokens["access_token"], body={})
    assert (out.status, out.json) == (200, {})
    await becomes(401, me)
    await becomes(401, balance)
    body = {"refresh_token": tokens["refresh_token"]}
    assert (await stack.call("POST", "/auth/refresh", body=body)).status == 401
    # The other session and the key go on.
    assert (await stack.call("GET", "/auth/me", key=customer.access_token)).status == 200
    assert (await stack.chat(customer.api_key, max_tokens=1)).status == 200


async def test_sessions_are_seen_and_ended_from_elsewhere(stack: Stack, customer: Customer):
    lost = (await login(stack, customer)).json["tokens"]["access_token"]
    listed = (await stack.call("GET", "/auth/sessions", key=customer.access_token)).json["sessions"]
    assert [session["current"] for session in listed] == [False, True]
    path = f"/auth/sessions/{listed[0]['session_id']}"
    ended = await stack.call("DELETE", path, key=customer.access_token)
    assert ended.json["session"]["end_time"]
    await becomes(401, lambda: stack.call("GET", "/auth/me", key=lost))
    refused = await stack.call("GET", "/auth/sessions", key=customer.api_key)
    assert refused.status == 403
    everywhere = await stack.call("POST", "/auth/sessions:revokeAll", key=customer.access_token)
    assert (everywhere.status, everywhere.json) == (200, {"ended_sessions": 1})
    await becomes(401, lambda: stack.call("GET", "/auth/me", key=customer.access_token))


async def test_a_changed_password_ends_the_other_sessions(stack: Stack, customer: Customer):
    lost = (await login(stack, customer)).json["tokens"]["access_token"]
    new = secrets.token_urlsafe(12)
    body = {"current_password": "a wrong guess", "new_password": new}
    wrong = await stack.call("POST", "/auth/password", key=customer.access_token, body=body)
    assert wrong.status == 400
    body = {"current_password": customer.password, "new_password": new}
    changed = await stack.call("POST", "/auth/password", key=customer.access_token, body=body)
    assert (changed.status, changed.json) == (200, {"ended_sessions": 1})
    await becomes(401, lambda: stack.call("GET", "/auth/me", key=lost))
    assert (await stack.call("GET", "/auth/me", key=customer.access_token)).status == 200
    assert (await login(stack, customer)).status == 401
    assert (await login(stack, customer, new)).status == 200


async def test_a_rotated_key_hands_over_at_once(stack: Stack, customer: Customer):
    assert (await stack.chat(customer.api_key, max_tokens=1)).status == 200
    path = f"/auth/api-keys/{customer.key_id}:rotate"
    body = {"request_id": str(uuid4())}
    rotated = await stack.call("POST", path, key=customer.access_token, body=body)
    assert rotated.status == 200, rotated.body
    new = rotated.json["secret"]
    assert (await stack.chat(new, max_tokens=1)).status == 200
    await becomes(401, lambda: stack.chat(customer.api_key, max_tokens=1))
    await becomes(401, lambda: stack.call("GET", "/billing/balance/me", key=customer.api_key))
    again = await stack.call("POST", path, key=customer.access_token, body=body)
    assert again.json["api_key"] == rotated.json["api_key"]
    assert again.json["secret"] == ""


async def test_a_rotated_key_works_during_its_grace(stack: Stack, customer: Customer):
    assert (await stack.chat(customer.api_key, max_tokens=1)).status == 200
    path = f"/auth/api-keys/{customer.key_id}:rotate"
    body = {"grace_period": "2s"}
    rotated = await stack.call("POST", path, key=customer.access_token, body=body)
    assert rotated.json["replaced_api_key"]["expire_time"]
    assert (await stack.chat(customer.api_key, max_tokens=1)).status == 200
    until = time.monotonic() + 2
    while (await stack.chat(customer.api_key, max_tokens=1)).status == 200:
        assert time.monotonic() < until + 1
    assert (await stack.chat(rotated.json["secret"], max_tokens=1)).status == 200


async def test_narrowed_scopes_bite_on_inference(stack: Stack, customer: Customer):
    path = f"/auth/api-keys/{customer.key_id}"

    async def set_scopes(*scopes: str) -> None:
        body = {"scopes": scopes, "update_mask": "scopes"}
        changed = await stack.call("PATCH", path, key=customer.access_token, body=body)
        assert changed.status == 200, changed.body
        assert changed.json["api_key"]["scopes"] == list(scopes)

    async def chat() -> Reply:
        return await stack.chat(customer.api_key, max_tokens=1)

    assert (await chat()).status == 200
    await set_scopes("models.read")
    await becomes(403, chat)
    await becomes(200, lambda: stack.call("GET", "/v1/models", key=customer.api_key))
    # The key was changed, not revoked: it gets back what it had.
    await set_scopes("models.read", "inference")
    await becomes(200, chat)


async def test_a_key_is_read_and_renamed(stack: Stack, customer: Customer):
    path = f"/auth/api-keys/{customer.key_id}"
    body = {"display_name": "deploy", "update_mask": "displayName"}
    renamed = await stack.call("PATCH", path, key=customer.access_token, body=body)
    assert renamed.status == 200, renamed.body
    read = await stack.call("GET", path, key=customer.access_token)
    assert read.json["api_key"] == renamed.json["api_key"]
    assert read.json["api_key"]["display_name"] == "deploy"
    body = {"update_mask": "user_id"}
    refused = await stack.call("PATCH", path, key=customer.access_token, body=body)
    assert refused.status == 400
