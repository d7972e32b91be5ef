"""Limits by address: nobody is asked about a request that is over them."""

import dataclasses
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from .authorities import admits, identifies
from .conftest import (
    LOGINS_PER_MINUTE,
    PAGE,
    REQUESTS_PER_MINUTE,
    World,
    edge_settings,
    open_world,
)
from .provider import replies

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOLD = "Too many requests come from this address; slow down."
LOGIN = {"email": "a@b.example", "password": "long enough"}
_addresses = (f"127.0.1.{last}" for last in itertools.count(1))


@asynccontextmanager
async def stranger() -> AsyncGenerator[aiohttp.ClientSession]:
    """A client at an address that no other test has."""
    connector = aiohttp.TCPConnector(local_addr=(next(_addresses), 0))
    async with aiohttp.ClientSession(connector=connector) as client:
        yield client


async def exhaust(client: aiohttp.ClientSession, world: World) -> None:
    """Uses up what an address may ask."""
    for _ in range(REQUESTS_PER_MINUTE):
        async with client.get(world.edge.url + "/nothing") as answer:
            assert answer.status == 404


def waits(answer: aiohttp.ClientResponse, *, per_minute: int) -> bool:
    """Whether the client is told to come back when there is a token again."""
    return 1 <= int(answer.headers["retry-after"]) <= 60 // per_minute


async def test_inference_over_the_limit_is_told_in_openais_dialect(guarded: World) -> None:
    guarded.admission.verdict = admits("provider-alpha")
    guarded.alpha.will(replies(200, {}))
    async with stranger() as client:
        await exhaust(client, guarded)
        guarded.admission.asked.clear()
        lines = len(guarded.edge.journal())
        url = guarded.edge.url + "/v1/chat/completions"
        async with client.post(url, json={"model": "m"}, headers={"origin": PAGE}) as answer:
            assert answer.status == 429
            assert (await answer.json())["error"] == {
                "message": TOLD,
                "type": "rate_limit_error",
                "param": None,
                "code": "rate_limit_exceeded",
            }
            assert waits(answer, per_minute=REQUESTS_PER_MINUTE)
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert not [name for name in answer.headers if "envoy" in name.lower()]
    assert not guarded.admission.asked
    assert not guarded.alpha.received
    assert len(guarded.edge.journal()) == lines


async def test_management_over_the_limit_is_told_in_its_dialect(guarded: World) -> None:
    async with stranger() as client:
        await exhaust(client, guarded)
        guarded.auth.asked.clear()
        async with client.get(guarded.edge.url + "/auth/me") as answer:
            assert answer.status == 429
            assert await answer.json() == {"code": 8, "message": TOLD, "details": []}
            assert waits(answer, per_minute=REQUESTS_PER_MINUTE)
    assert not guarded.auth.asked


async def test_grpc_over_the_limit_is_told_as_a_status(guarded: World) -> None:
    async with stranger() as client:
        await exhaust(client, guarded)
        url = guarded.edge.url + "/aggregator.billing.v1.BalanceService/GetBalance"
        async with client.post(url, headers={"content-type": "application/grpc"}) as answer:
            assert answer.status == 200
            assert answer.headers["grpc-status"] == "8"
            assert answer.headers["grpc-message"] == TOLD


async def test_each_address_has_a_limit_of_its_own(guarded: World) -> None:
    async with stranger() as first, stranger() as second:
        await exhaust(first, guarded)
        await exhaust(second, guarded)


async def test_an_address_may_be_without_a_limit(guarded: World) -> None:
    for _ in range(REQUESTS_PER_MINUTE * 3):
        async with guarded.client.get(guarded.edge.url + "/nothing") as answer:
            assert answer.status == 404


async def test_the_address_is_not_what_a_client_says(guarded: World) -> None:
    async with stranger() as client:
        await exhaust(client, guarded)
        headers = {"x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1"}
        async with client.get(guarded.edge.url + "/nothing", headers=headers) as answer:
            assert answer.status == 429


@pytest.mark.parametrize(
    "path",
    [
        *("/auth/login", "/auth/register", "/auth/refresh", "/auth/login?x=1", "/auth/login/"),
        *("/auth/%6Cogin", "/auth%2Flogin", "/x/../auth//login"),
        "/aggregator.auth.v1.IdentityService/Login",
        "/aggregator.auth.v1.IdentityService/Register",
        "/aggregator.auth.v1.IdentityService/RefreshToken",
    ],
)
async def test_logins_are_limited_more_whatever_they_look_like(guarded: World, path: str) -> None:
    guarded.auth.verdict = identifies("me")
    url = URL(guarded.edge.url + path, encoded=True)
    async with stranger() as client:
        for _ in range(LOGINS_PER_MINUTE):
            async with client.post(guarded.edge.url + "/auth/login", json=LOGIN) as answer:
                assert answer.status == 200
        guarded.auth.asked.clear()
        kind = "application/grpc" if "Service" in path else "application/json"
        async with client.post(url, data=b"{}", headers={"content-type": kind}) as answer:
            assert answer.status == 429 or answer.headers["grpc-status"] == "8"
            assert waits(answer, per_minute=LOGINS_PER_MINUTE)
        assert not guarded.auth.asked
        async with client.get(guarded.edge.url + "/auth/me") as answer:
            assert answer.status == 200


async def test_a_limit_may_be_set_alone_and_counts_what_a_trusted_proxy_tells(
    tmp_path: Path,
) -> None:
    settings = dataclasses.replace(
        edge_settings(tmp_path), login_requests_per_minute=1, trusted_hops=1
    )
    async with open_world(settings, directory=tmp_path) as opened:
        url = opened.edge.url + "/auth/login"

        async def status(forwarded_for: str) -> int:
            headers = {"x-forwarded-for": forwarded_for}
            async with opened.client.post(url, json=LOGIN, headers=headers) as answer:
                return answer.status

        assert await status("192.0.2.1") == 200
        assert await status("192.0.2.1") == 429
        assert await status("192.0.2.9, 192.0.2.1") == 429
        assert await status("192.0.2.2") == 200
        assert await status("2001:db8::1") == 200
        assert await status("2001:db8::2") == 429
        assert await status("2001:db8:0:1::1") == 200
        # More addresses than Envoy would remember by default.
        assert {await status(f"198.51.100.{last}") for last in range(50)} == {200}
        assert await status("192.0.2.1") == 429
        for _ in range(3):
            async with opened.client.get(opened.edge.url + "/nothing") as answer:
                assert answer.status == 404
