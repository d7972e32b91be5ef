"""What a provider gets, and which provider."""

import json

import pytest

from .authorities import MESH_SECRET, admits, edit
from .conftest import World
from .provider import hangs_up, replies

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOWN = {"host", "content-type", "content-length", "user-agent", "authorization", "accept"}


async def test_each_attempt_gets_its_own_path_body_and_credential(world: World) -> None:
    body = b'{"model":"chat", "big":12345678901234567890,"messages":[]}'
    start = body.index(b'"chat"')
    longer, shorter = (
        edit(start, start + 6, '"alpha/very-long-model"'),
        edit(start, start + 6, '"b"'),
    )
    world.admission.verdict = admits(
        "provider-alpha",
        "provider-beta",
        paths={"provider-alpha": "/a/chat", "provider-beta": "/b/chat?version=2"},
        edits={
            "provider-alpha": longer + edit(len(body) - 1, len(body) - 1, ',"x":"é:1:2"'),
            "provider-beta": shorter,
        },
    )
    world.alpha.will(replies(503, {"error": "busy"}))
    world.beta.will(replies(200, {"id": "1"}))

    answer = await world.infer(body)

    assert answer.status == 200
    [alpha], [beta] = world.alpha.received, world.beta.received
    assert alpha.path == "/a/chat"
    assert alpha.body == (
        b'{"model":"alpha/very-long-model", "big":12345678901234567890,"messages":[]'
        b',"x":"\xc3\xa9:1:2"}'
    )
    assert alpha.headers["authorization"] == "Bearer credential-alpha"
    assert alpha.headers["host"] == "alpha.example"
    assert beta.path == "/b/chat?version=2"
    assert beta.body == b'{"model":"b", "big":12345678901234567890,"messages":[]}'
    assert beta.headers["authorization"] == "Bearer credential-beta"
    assert beta.headers["host"] == "beta.example"


async def test_a_body_without_edits_passes_untouched(world: World) -> None:
    body = json.dumps({"model": "m", "text": "x" * 30_000_000}).encode()
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, {}))
    assert (await world.infer(body)).status == 200
    assert world.alpha.received[0].body == body


async def test_a_large_body_is_edited_and_tried_twice(world: World) -> None:
    body = b'{"model":"m","text":"' + b"x" * 32_000_000 + b'"}'
    change = edit(10, 11, "other") + edit(len(body) - 1, len(body), ',"n":1}')
    world.admission.verdict = admits(
        "provider-alpha", "provider-beta", edits={"provider-beta": change}
    )
    world.alpha.will(replies(503))
    world.beta.will(replies(200, {}))
    assert (await world.infer(body)).status == 200
    assert world.beta.received[0].body == b'{"model":"other' + body[11:-1] + b',"n":1}'


async def test_a_provider_sees_nothing_of_the_client(world: World) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, {}))
    await world.infer(
        authorization="Bearer agg_secret",
        x_api_key="agg_secret",
        cookie="session=1",
        x_forwarded_for="203.0.113.7",
        forwarded="for=203.0.113.7",
        via="1.1 somewhere",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate="a=b",
        x_request_id="mine",
        accept_encoding="gzip",
        openai_organization="org",
    )
    [received] = world.alpha.received
    assert set(received.headers) <= SHOWN
    assert "agg_secret" not in str(received)


@pytest.mark.parametrize("status", [401, 402, 403, 408, 429, 500, 503])
async def test_the_next_provider_answers_when_one_refuses(world: World, status: int) -> None:
    world.admission.verdict = admits("provider-alpha", "provider-beta")
    world.alpha.will(replies(status, {"error": {}}))
    world.beta.will(replies(200, {"id": "beta"}))
    answer = await world.infer()
    assert answer.json() == {"id": "beta"}
    assert len(world.alpha.received) == len(world.beta.received) == 1


async def test_the_next_provider_answers_when_one_is_gone_or_hangs_up(world: World) -> None:
    world.admission.verdict = admits("provider-dead", "provider-alpha", "provider-beta")
    world.alpha.will(hangs_up)
    world.beta.will(replies(200, {"id": "beta"}))
    assert (await world.infer()).json() == {"id": "beta"}


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_mistake_of_the_client_is_not_tried_elsewhere(world: World, status: int) -> None:
    world.admission.verdict = admits("provider-alpha", "provider-beta")
    world.alpha.will(replies(status, {"error": {"message": "no"}}))
    world.beta.will(replies(200, {}))
    answer = await world.infer()
    assert answer.status == status
    assert answer.json() == {"error": {"message": "no"}}
    assert not world.beta.received


async def test_a_client_has_no_say_in_retries_or_deadlines(world: World) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(503, {}))
    await world.infer(
        x_envoy_max_retries="5",
        x_envoy_retry_on="5xx",
        x_envoy_upstream_rq_timeout_ms="1",
        x_envoy_upstream_alt_stat_name="x",
        X_Envoy_Force_Trace="1",
    )
    assert len(world.alpha.received) == 1
    asked = world.admission.asked[-1].attributes.request.http.headers
    made_by_envoy = {"x-envoy-external-address", "x-envoy-auth-partial-body"}
    assert {name for name in asked if name.startswith("x-envoy-")} <= made_by_envoy


async def test_a_client_can_not_speak_in_the_name_of_the_mesh(world: World) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, {}))
    await world.infer(x_aggregator_mesh="guess", X_Aggregator_Identity="root", x_aggregator_new="1")
    asked = world.admission.asked[-1].attributes.request.http.headers
    assert not [name for name in asked if name.startswith("x-aggregator-")]
    assert world.admission.metadata[-1]["x-aggregator-mesh"] == MESH_SECRET


async def test_an_attempt_without_instructions_sends_nothing(world: World) -> None:
    world.admission.verdict = admits("provider-alpha", drop="path:provider-alpha")
    world.alpha.will(replies(200, {}))
    assert (await world.infer()).status == 503
    world.admission.verdict = admits("provider-alpha", edits={"provider-alpha": "nonsense"})
    assert (await world.infer()).status == 503
    assert not world.alpha.received


async def test_a_pinned_provider_is_reached_by_its_own_path(world: World) -> None:
    world.admission.verdict = admits("provider-alpha")
    world.alpha.will(replies(200, {}))
    assert (await world.infer(path="/proxy/alpha/chat/completions")).status == 200
    assert world.admission.asked[-1].attributes.request.http.path == "/proxy/alpha/chat/completions"
    assert world.alpha.received[0].path == "/v1/chat/completions"
