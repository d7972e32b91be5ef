"""The official OpenAI SDK with only its base URL changed."""

import asyncio
import json
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.stack import Customer, Stack

MESSAGES: Any = [{"role": "user", "content": "Say something."}]


@pytest.fixture
async def client(stack: Stack, customer: Customer):
    async with AsyncOpenAI(base_url=f"{stack.edge_url}/v1", api_key=customer.api_key) as client:
        yield client


async def test_the_synchronous_client_completes(stack: Stack, customer: Customer):
    def ask() -> Any:
        with OpenAI(base_url=f"{stack.edge_url}/v1", api_key=customer.api_key) as client:
            return client.chat.completions.create(model="demo-chat", messages=MESSAGES)

    answer = await asyncio.to_thread(ask)
    assert answer.choices[0].message.content
    assert answer.usage.completion_tokens == 16


async def test_the_asynchronous_client_streams(client: AsyncOpenAI):
    stream = await client.chat.completions.create(
        model="demo-chat", messages=MESSAGES, stream=True, max_tokens=12
    )
    pieces = [chunk async for chunk in stream]
    text = [c.choices[0].delta.content for c in pieces if c.choices and c.choices[0].delta.content]
    assert len(text) == 12
    # Usage is asked for behind the client's back, and stays behind it.
    assert all(chunk.choices for chunk in pieces)
    assert all(chunk.usage is None for chunk in pieces)
    assert pieces[-1].choices[0].finish_reason == "length"


async def test_usage_is_shown_to_who_asks_for_it(client: AsyncOpenAI):
    stream = await client.chat.completions.create(
        model="demo-chat",
        messages=MESSAGES,
        stream=True,
        max_tokens=3,
        stream_options={"include_usage": True},
    )
    pieces = [chunk async for chunk in stream]
    assert pieces[-1].choices == []
    assert pieces[-1].usage
    assert pieces[-1].usage.completion_tokens == 3


async def test_models_are_listed(client: AsyncOpenAI):
    models = [model.id async for model in client.models.list()]
    assert "demo-chat" in models


async def test_unknown_members_reach_the_provider_untouched(stack: Stack, client: AsyncOpenAI):
    extra = {"demo": {"nonce": "untouched-1"}, "future": {"big": 123456789012345678901234567890}}
    await client.chat.completions.create(model="demo-chat", messages=MESSAGES, extra_body=extra)
    seen = (await stack.call("GET", f"{stack.demo_url}/requests")).json["requests"]
    [request] = [r for r in seen if "untouched-1" in r["body"]]
    assert '"big":123456789012345678901234567890' in request["body"].replace(": ", ":")
    assert json.loads(request["body"])["model"] == "demo-chat"


async def test_the_provider_sees_its_own_key_and_nothing_of_the_client(
    stack: Stack, client: AsyncOpenAI, customer: Customer
):
    await client.chat.completions.create(
        model="demo-chat",
        messages=MESSAGES,
        extra_body={"demo": {"nonce": "private-1"}},
        extra_headers={
            "cookie": "session=1",
            "x-forwarded-for": "10.1.2.3",
            "x-aggregator-identity": "forged",
        },
    )
    seen = (await stack.call("GET", f"{stack.demo_url}/requests")).json["requests"]
    [request] = [r for r in seen if "private-1" in r["body"]]
    headers = {name.lower(): value for name, value in request["headers"]}
    assert headers["authorization"].startswith("Bearer ")
    assert customer.api_key not in str(headers)
    forbidden = ("cookie", "x-forwarded-", "x-aggregator-", "x-envoy-", "traceparent")
    assert not [name for name in headers if name.startswith(forbidden)]


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"model": "no-such-model"}, openai.NotFoundError, "model_not_found"),
        ({"messages": []}, openai.BadRequestError, "invalid_value"),
        ({"max_tokens": -1}, openai.BadRequestError, "invalid_value"),
    ],
)
async def test_refusals_raise_the_right_exception(
    client: AsyncOpenAI, change: dict[str, Any], error: type[openai.APIStatusError], code: str
):
    create: Any = client.chat.completions.create
    with pytest.raises(error) as refused:
        await create(**{"model": "demo-chat", "messages": MESSAGES, **change})
    assert refused.value.code == code


async def test_a_wrong_key_is_an_authentication_error(stack: Stack):
    async with AsyncOpenAI(base_url=f"{stack.edge_url}/v1", api_key="agg_wrong") as client:
        with pytest.raises(openai.AuthenticationError) as refused:
            await client.chat.completions.create(model="demo-chat", messages=MESSAGES)
    assert refused.value.code == "invalid_api_key"


async def test_a_stream_that_the_provider_resets_raises(client: AsyncOpenAI):
    stream = await client.chat.completions.create(
        model="demo-chat",
        messages=MESSAGES,
        stream=True,
        extra_body={"demo": {"reset": 3, "tokens": 10}},
    )
    with pytest.raises(Exception) as broken:  # noqa: PT011 - the SDK lets its transport's error out
        _ = [chunk async for chunk in stream]
    assert "peer closed" in str(broken.value) or isinstance(broken.value, openai.APIError)
