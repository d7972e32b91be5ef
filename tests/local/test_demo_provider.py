"""The demo provider speaks OpenAI's format, misbehaves on request, and keeps exact books."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import orjson
import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from tests.local.demo_process import CREDENTIAL, HELLO, ask, demo_provider, record_of


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    async with demo_provider(tmp_path_factory.mktemp("demo")) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="session")
async def client(url: str) -> AsyncGenerator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/demo/v1", api_key="test", max_retries=0) as opened:
        yield opened


async def stream_of(url: str, **demo: object) -> list[bytes]:
    """Returns the events of a raw stream that asks for usage."""
    body = {
        "model": "demo-chat",
        "messages": HELLO,
        "stream": True,
        "stream_options": {"include_usage": True},
        "demo": demo,
    }
    path = f"{url}/demo/v1/chat/completions"
    async with (
        aiohttp.ClientSession() as session,
        session.post(path, json=body, headers=CREDENTIAL) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        raw = await answer.read()
    return raw.removesuffix(b"\n\n").split(b"\n\n")


async def test_the_openai_sdk_gets_a_completion(client: AsyncOpenAI):
    answer = await client.chat.completions.create(
        model="demo-chat", messages=[{"role": "user", "content": "Hello"}]
    )
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (2, 16)
    assert answer.usage.total_tokens == 18


async def test_the_openai_sdk_gets_a_stream(client: AsyncOpenAI):
    stream = await client.chat.completions.create(
        model="demo-chat",
        messages=[{"role": "user", "content": "Hello"}],
        stream=True,
        stream_options={"include_usage": True},
        extra_body={"demo": {"tokens": 100}},
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[0].choices[0].delta.role == "assistant"
    contents = [c for c in chunks if c.choices and c.choices[0].delta.content]
    assert len(contents) == 100
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 100


async def test_the_openai_sdk_lists_models(client: AsyncOpenAI):
    assert "demo-chat" in [model.id for model in (await client.models.list()).data]


async def test_the_sdk_raises_the_error_that_was_asked_for(client: AsyncOpenAI):
    with pytest.raises(openai.RateLimitError) as raised:
        await client.chat.completions.create(
            model="demo-chat",
            messages=[{"role": "user", "content": "Hello"}],
            extra_body={"demo": {"status": 429, "retry_after": 7}},
        )
    assert raised.value.response.headers["retry-after"] == "7"
    assert raised.value.code == "rate_limit_exceeded"


async def test_a_stream_has_exactly_the_events_of_openai(url: str):
    role, first, second, finish, usage, done = await stream_of(url, tokens=2)
    assert orjson.loads(role[6:])["choices"][0]["delta"]["role"] == "assistant"
    for event in (first, second):
        assert orjson.loads(event[6:])["choices"][0]["delta"].keys() == {"content"}
        assert orjson.loads(event[6:])["usage"] is None
    assert orjson.loads(finish[6:])["choices"][0] == {
        "index": 0,
        "delta": {},
        "logprobs": None,
        "finish_reason": "stop",
    }
    assert orjson.loads(usage[6:])["choices"] == []
    assert done == b"data: [DONE]"


async def test_max_tokens_cuts_the_answer(url: str):
    _, answer = await ask(url, max_tokens=3)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 3


@pytest.mark.parametrize(
    ("content", "tokens"),
    [("", 1), ("abcd", 1), ("abcde", 2), ("é" * 4, 2), ([{"type": "text", "text": "abcde"}], 2)],
)
async def test_a_prompt_counts_a_token_per_four_bytes(url: str, content: object, tokens: int):
    _, answer = await ask(url, messages=[{"role": "user", "content": content}])
    assert answer["usage"]["prompt_tokens"] == tokens


async def test_cached_and_reasoning_tokens_are_reported(url: str):
    demo = {"tokens": 8, "cached_tokens": 1, "reasoning_tokens": 5}
    _, answer = await ask(url, demo=demo)
    assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] == 1
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] == 5


async def test_without_a_credential_it_answers_401(url: str):
    status, answer = await ask(url, headers={})
    assert (status, answer["error"]["code"]) == (401, "invalid_api_key")


async def test_an_unknown_path_answers_404(url: str):
    async with aiohttp.ClientSession() as session, session.get(f"{url}/demo/v1/none") as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"model": ""}, "model"),
        ({"demo": {"nonsense": 1}}, "demo"),
        ({"demo": {"tokens": -1}}, "demo"),
        ({"demo": 5}, "demo"),
        ({"max_tokens": "many"}, "max_tokens"),
    ],
)
async def test_a_bad_request_names_the_field(url: str, fields: dict[str, Any], param: str):
    status, answer = await ask(url, **fields)
    assert (status, answer["error"]["param"]) == (400, param)


async def test_failures_may_be_meant_for_one_provider(url: str):
    demo = {"status": 503, "only": "demo"}
    assert (await ask(url, provider="demo", demo=demo))[0] == 503
    assert (await ask(url, provider="demo-backup", demo=demo))[0] == 200


async def test_control_sets_a_provider_until_it_is_cleared(url: str):
    async with aiohttp.ClientSession() as session:
        await session.post(f"{url}/control", json={"moody": {"status": 500}})
        assert (await ask(url, provider="moody"))[0] == 500
        assert (await ask(url, provider="demo"))[0] == 200
        await session.delete(f"{url}/control")
        assert (await ask(url, provider="moody"))[0] == 200
        refused = await session.post(f"{url}/control", json={"moody": {"status": 200}})
        assert refused.status == 400


async def test_a_reset_before_the_headers_counts_nothing(url: str):
    with pytest.raises(aiohttp.ClientError):
        await ask(url, demo={"reset": "before", "nonce": "reset-before"})
    record = await record_of(url, nonce="reset-before")
    assert (record["ended"], record["prompt_tokens"]) == ("reset", 0)


async def test_a_reset_in_a_stream_counts_what_was_written(url: str):
    with pytest.raises(aiohttp.ClientError):
        await stream_of(url, reset=5, nonce="reset-5")
    record = await record_of(url, nonce="reset-5")
    assert (record["ended"], record["prompt_tokens"], record["completion_tokens"]) == (
        "reset",
        2,
        5,
    )


@pytest.mark.parametrize(
    ("demo", "stream", "tokens"),
    [
        ({"hang": 3}, True, (2, 3)),
        ({"hang": "before"}, True, (0, 0)),
        ({"hang": "before"}, False, (0, 0)),
        ({"delay_ms": 60_000}, False, (0, 0)),
    ],
)
async def test_a_client_that_leaves_is_entered_as_a_cut(
    url: str, demo: dict[str, object], *, stream: bool, tokens: tuple[int, int]
):
    nonce = f"cut-{demo}-{stream}"
    body = {"model": "m", "messages": HELLO, "stream": stream, "demo": {**demo, "nonce": nonce}}
    timeout = aiohttp.ClientTimeout(total=0.3)
    with pytest.raises(TimeoutError):
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(
                f"{url}/demo/v1/chat/completions", json=body, headers=CREDENTIAL
            ) as answer,
        ):
            await answer.read()
    record = await record_of(url, nonce=nonce)
    assert record["ended"] == "cut"
    assert (record["prompt_tokens"], record["completion_tokens"]) == tokens


async def test_a_gap_is_kept_between_tokens(url: str):
    start = asyncio.get_running_loop().time()
    await stream_of(url, tokens=5, gap_ms=20)
    assert asyncio.get_running_loop().time() - start >= 0.1


async def test_it_shows_what_it_was_sent(url: str):
    await ask(url, seed=12345678901234567890)
    async with aiohttp.ClientSession() as session, session.get(f"{url}/requests") as answer:
        newest = (await answer.json())["requests"][-1]
    assert newest["provider"] == "demo"
    assert "12345678901234567890" in newest["body"]
    assert ["authorization", "Bearer test"] in newest["headers"]


async def test_the_books_survive_the_provider(tmp_path: Path):
    async with demo_provider(tmp_path) as url:
        await ask(url, demo={"nonce": "kept"})
    with (tmp_path / "served.jsonl").open("ab") as file:
        file.write(b'{"torn')
    async with demo_provider(tmp_path) as url:
        assert (await record_of(url, nonce="kept"))["completion_tokens"] == 16
        await ask(url, demo={"nonce": "after"})
    async with demo_provider(tmp_path) as url:
        await record_of(url, nonce="after")
        async with aiohttp.ClientSession() as session:
            answer = await session.get(f"{url}/served?totals")
            assert (await answer.json())["totals"]["requests"] == 2
