"""Headers that keep browsers and caches careful, on every answer."""

import asyncio

import pytest

from .authorities import admits, identifies, refuses
from .conftest import PAGE, World
from .provider import hangs_up, replies

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_no_answer_is_sniffed(world: World, guarded: World) -> None:
    world.auth.verdict = identifies("me")
    for path in ("/auth/me", "/auth/me?unknown=1", "/health", "/nothing", "/v1/x", "/billing/a"):
        async with world.client.get(world.edge.url + path) as answer:
            assert answer.headers.getall("x-content-type-options") == ["nosniff"]
    preflight = {"origin": PAGE, "access-control-request-method": "GET"}
    async with guarded.client.options(guarded.edge.url, headers=preflight) as answer:
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_no_answer_of_inference_is_sniffed(world: World) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, {}, x_content_type_options="other"))
    assert (await world.infer()).headers["x-content-type-options"] == "nosniff"
    world.alpha.will(hangs_up)
    assert (await world.infer()).headers["x-content-type-options"] == "nosniff"
    world.admission.verdict = refuses(401, {"error": {}})
    assert (await world.infer()).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("request_line", ["GET / HTTP/1.1\r\nbad_name: 1", "GET / HTTP/9.9"])
async def test_an_answer_before_any_filter_is_not_sniffed(world: World, request_line: str) -> None:
    host, _, port = world.edge.settings.edge_address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{request_line}\r\nhost: edge\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    writer.close()
    assert head.startswith("http/1.1 4")
    assert head.count("x-content-type-options: nosniff") == 1


async def test_management_is_not_cached_and_inference_is_the_providers_choice(
    world: World,
) -> None:
    world.auth.verdict = identifies("me")
    for path in ("/auth/me", "/auth/nothing", "/billing/balance/u", "/health"):
        async with world.client.get(world.edge.url + path) as answer:
            assert answer.headers.getall("cache-control") == ["no-store"]
    world.auth.verdict = refuses(401, {"code": 16})
    async with world.client.get(world.edge.url + "/auth/me") as answer:
        assert answer.headers["cache-control"] == "no-store"
    world.auth.verdict = identifies("me")
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, {}))
    assert "cache-control" not in (await world.infer()).headers
    world.alpha.will(replies(200, {}, cache_control="no-cache"))
    assert (await world.infer()).headers["cache-control"] == "no-cache"
