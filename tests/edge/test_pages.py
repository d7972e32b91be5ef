"""Pages in browsers: those of the configured origins may call and read, others may not."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from .authorities import admits, identifies, refuses
from .conftest import PAGE, World, edge_settings, open_world
from .provider import hangs_up, replies

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATHS = ["/v1/chat/completions", "/proxy/alpha/chat/completions", "/v1/models", "/auth/me", "/x"]
# What the OpenAI SDK for browsers sends beside the body.
SDK_HEADERS = {
    "authorization", "content-type", "x-stainless-arch", "x-stainless-lang", "x-stainless-os",
    "x-stainless-package-version", "x-stainless-retry-count", "x-stainless-runtime",
    "x-stainless-runtime-version", "x-stainless-timeout",
}  # fmt: skip


def asks(origin: str, method: str = "POST") -> dict[str, str]:
    """Headers of a preflight."""
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": ", ".join(sorted(SDK_HEADERS)),
    }


def words(headers: Mapping[str, str], name: str) -> set[str]:
    """The members of a header that is a list."""
    return {each.strip() for each in headers[name].split(",")}


def cors(headers: Mapping[str, str]) -> set[str]:
    """The names of all headers that say what pages may do."""
    return {name.lower() for name in headers if name.lower().startswith("access-control-")}


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_may_ask_first_and_only_the_edge_answers(guarded: World, path: str) -> None:
    guarded.admission.asked.clear()
    guarded.auth.asked.clear()
    async with guarded.client.options(guarded.edge.url + path, headers=asks(PAGE)) as answer:
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == PAGE
        methods = words(answer.headers, "access-control-allow-methods")
        assert methods == {"GET", "POST", "PATCH", "DELETE", "OPTIONS"}
        assert words(answer.headers, "access-control-allow-headers") >= SDK_HEADERS
        assert "x-api-key" in words(answer.headers, "access-control-allow-headers")
        assert "idempotency-key" in words(answer.headers, "access-control-allow-headers")
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["access-control-max-age"] == "7200"
    assert not guarded.admission.asked
    assert not guarded.auth.asked


@pytest.mark.parametrize(
    "origin", ["https://evil.example", PAGE + ".evil.example", "http://app.example.com", "null"]
)
async def test_another_page_may_not(guarded: World, origin: str) -> None:
    guarded.admission.verdict = admits("provider-alpha")
    guarded.alpha.will(replies(200, {}))
    url = guarded.edge.url + "/v1/chat/completions"
    async with guarded.client.options(url, headers=asks(origin)) as answer:
        assert "access-control-allow-origin" not in answer.headers
    assert not guarded.alpha.received
    assert not cors((await guarded.infer(origin=origin)).headers)


async def test_a_page_reads_an_answer_and_its_headers(guarded: World) -> None:
    guarded.admission.verdict = admits("provider-alpha")
    guarded.alpha.will(replies(200, {"id": "x"}))
    answer = await guarded.infer(origin=PAGE)
    assert answer.json() == {"id": "x"}
    assert cors(answer.headers) == {"access-control-allow-origin", "access-control-expose-headers"}
    assert answer.headers["access-control-allow-origin"] == PAGE
    exposed = words(answer.headers, "access-control-expose-headers")
    assert exposed >= {"x-request-id", "retry-after", "x-ratelimit-remaining-requests"}


async def test_a_page_reads_refusals(guarded: World) -> None:
    guarded.admission.verdict = refuses(401, {"error": {}})
    assert (await guarded.infer(origin=PAGE)).headers["access-control-allow-origin"] == PAGE
    guarded.admission.verdict = admits("provider-alpha")
    guarded.alpha.will(hangs_up)
    assert (await guarded.infer(origin=PAGE)).headers["access-control-allow-origin"] == PAGE
    guarded.auth.verdict = refuses(401, {"code": 16})
    url = guarded.edge.url + "/auth/me"
    async with guarded.client.get(url, headers={"origin": PAGE}) as answer:
        assert answer.status == 401
        assert answer.headers["access-control-allow-origin"] == PAGE
    guarded.auth.verdict = identifies("me")


@pytest.mark.parametrize("headers", [{}, {"origin": PAGE}, {"access-control-request-method": "A"}])
async def test_options_without_a_page_is_another_method(
    guarded: World, headers: dict[str, str]
) -> None:
    url = guarded.edge.url + "/v1/chat/completions"
    async with guarded.client.options(url, headers=headers) as answer:
        assert answer.status == 405


async def test_providers_do_not_say_which_pages_may_read(world: World, guarded: World) -> None:
    said = {"access_control_allow_origin": "*", "access_control_expose_headers": "x-other"}
    for one in (world, guarded):
        one.admission.verdict = admits("provider-alpha")
        one.alpha.will(replies(200, {}, **said))
        assert not cors((await one.infer()).headers)


@pytest.mark.parametrize(("path", "status"), [("/v1/chat/completions", 405), ("/nothing", 404)])
async def test_without_configured_pages_there_is_no_cors(
    world: World, path: str, status: int
) -> None:
    async with world.client.options(world.edge.url + path, headers=asks(PAGE)) as answer:
        assert answer.status == status
        assert not cors(answer.headers)
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, {}))
    assert not cors((await world.infer(origin=PAGE)).headers)


async def test_all_pages_are_allowed_by_a_star(tmp_path: Path) -> None:
    settings = dataclasses.replace(edge_settings(tmp_path), cors_origins=("*",))
    async with open_world(settings, directory=tmp_path) as opened:
        url = opened.edge.url + "/v1/chat/completions"
        async with opened.client.options(url, headers=asks("https://any.example")) as answer:
            assert answer.headers["access-control-allow-origin"] == "https://any.example"
            assert "access-control-allow-credentials" not in answer.headers
