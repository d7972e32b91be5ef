"""What clients are told when something does not work: in their dialect, and nothing of ours."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from .authorities import admits, refuses
from .conftest import World, edge_settings
from .edge_process import start_edge
from .provider import hangs_up, replies

pytestmark = pytest.mark.asyncio(loop_scope="session")

OURS = ("upstream", "connect error", "envoy", "delayed", "127.0.0.1", "cluster", "no healthy")


def keeps_quiet(text: str) -> bool:
    """Whether the text says nothing about how the platform is built."""
    return not any(word in text.lower() for word in OURS)


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refused_credential_of_the_operator_is_not_the_clients_business(
    world: World, status: int
) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(
        replies(status, {"error": {"message": "key sk-123 is bad"}}, www_authenticate="Bearer")
    )
    answer = await world.infer()
    assert answer.status == 502
    assert "www-authenticate" not in answer.headers
    assert answer.json() == {
        "error": {
            "message": "The provider did not accept the gateway's credential.",
            "type": "api_error",
            "param": None,
            "code": "provider_credential_rejected",
        }
    }
    assert (await world.edge.line_of(answer.headers["x-request-id"]))["code"] == 502


async def test_a_refused_credential_without_a_body_is_told_too(world: World) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(401))
    answer = await world.infer()
    assert answer.json()["error"]["code"] == "provider_credential_rejected"


@pytest.mark.parametrize("status", [401, 402, 403, 404, 429, 503])
async def test_a_refusal_of_admission_passes_as_it_is(world: World, status: int) -> None:
    body = {"error": {"message": "said by admission", "code": "its_own"}}
    world.admission.verdict = refuses(status, body)
    world.alpha.will(replies(200, {}))
    answer = await world.infer()
    assert (answer.status, answer.json()) == (status, body)
    assert answer.headers["content-type"] == "application/json"
    assert not world.alpha.received


@pytest.mark.parametrize(
    ("targets", "code"),
    [(["provider-dead"], 503), (["provider-dead", "provider-dead"], 503), (["provider-no"], 503)],
)
async def test_providers_that_can_not_be_reached(
    world: World, targets: list[str], code: int
) -> None:
    world.admission.verdict = admits(*targets)
    answer = await world.infer()
    assert answer.status == code
    assert answer.json()["error"]["code"] == "provider_unavailable"
    assert keeps_quiet(answer.body.decode())
    assert answer.headers["retry-after"] == "1"


async def test_a_provider_that_hangs_up(world: World) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(hangs_up)
    answer = await world.infer()
    assert answer.status == 503
    assert answer.json()["error"]["type"] == "api_error"
    assert keeps_quiet(answer.body.decode())


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/proxy/alpha/chat/completions"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_another_method_on_an_inference_path(world: World, path: str, method: str) -> None:
    async with world.client.request(method, world.edge.url + path) as answer:
        assert answer.status == 405
        assert answer.headers["allow"] == "POST"
        assert (await answer.json())["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1", "/v1/chat/completions/x", "/proxy/A/x"])
async def test_an_unknown_path_of_openai(world: World, path: str) -> None:
    async with world.client.post(world.edge.url + path) as answer:
        assert answer.status == 404
        error = (await answer.json())["error"]
        assert (error["code"], error["type"]) == ("unknown_url", "invalid_request_error")
        assert error["param"] is None


@pytest.mark.parametrize("path", ["/", "/nothing", "/admin", "/proxying"])
async def test_an_unknown_path(world: World, path: str) -> None:
    async with world.client.get(world.edge.url + path) as answer:
        assert answer.status == 404
        assert await answer.json() == {
            "code": 5,
            "message": "There is nothing at this address.",
            "details": [],
        }


async def test_a_body_of_40_mb_is_too_large(world: World) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, {}))
    status, body = await _upload(world, size=40_000_000)
    assert status == 413
    assert json.loads(body)["error"]["code"] == "request_too_large"
    assert not world.alpha.received


async def _upload(world: World, *, size: int) -> tuple[int, bytes]:
    """Sends a body by hand: a client library may give up before it reads the answer."""
    host, _, port = world.edge.settings.edge_address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: edge\r\ncontent-length: {size}\r\n\r\n"
    writer.write(head.encode() + b"x" * size)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(
        int(line.split(": ")[1]) for line in answer.split("\r\n") if "content-length" in line
    )
    body = await reader.readexactly(length)
    writer.close()
    return int(answer.split(" ")[1]), body


async def test_without_admission_nothing_is_inferred(tmp_path: Path) -> None:
    edge = await start_edge(edge_settings(tmp_path), directory=tmp_path)
    try:
        async with aiohttp.ClientSession() as client:
            url = edge.url + "/v1/chat/completions"
            async with client.post(url, json={"model": "m"}) as answer:
                assert answer.status == 503
                assert (await answer.json())["error"]["code"] == "gateway_unavailable"
                assert keeps_quiet(await answer.text())
            async with client.get(edge.url + "/auth/me") as answer:
                assert answer.status == 503
                assert (await answer.json())["code"] == 14
                assert keeps_quiet(await answer.text())
            async with client.get(edge.url + "/health") as answer:
                assert answer.status == 503
                assert (await answer.json())["code"] == 14
                assert keeps_quiet(await answer.text())
    finally:
        await edge.stop()


async def test_a_header_with_an_underscore_is_refused(world: World) -> None:
    world.admission.verdict = admits("provider-alpha")
    async with world.client.post(
        world.edge.url + "/v1/chat/completions", headers={"x_aggregator_identity": "root"}
    ) as answer:
        assert answer.status == 400
