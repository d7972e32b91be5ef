"""Typed gRPC inference through the edge."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from aggregator.proxy.v1 import inference_service_pb2 as pb2
from aggregator.proxy.v1.inference_service_pb2_grpc import InferenceServiceStub

from tests.stack import Customer, Stack


@pytest.fixture
async def inference(stack: Stack) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(stack.edge_address) as channel:
        yield InferenceServiceStub(channel)


def chat(model: str = "demo-chat", *, max_tokens: int = 10) -> pb2.ChatCompletionInput:
    message = pb2.ChatMessage(role=pb2.CHAT_ROLE_USER, content="Hello")
    return pb2.ChatCompletionInput(model=model, messages=[message], max_tokens=max_tokens)


def credential(key: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {key}"),)


async def test_a_completion(inference: Any, customer: Customer):
    answer = await inference.CreateChatCompletion(
        pb2.CreateChatCompletionRequest(input=chat(max_tokens=5)),
        metadata=credential(customer.api_key),
    )
    assert answer.message.role == pb2.CHAT_ROLE_ASSISTANT
    assert answer.message.content
    assert answer.usage.completion_tokens == 5
    assert answer.finish_reason == "length"


async def test_a_stream_is_one_request_on_the_bill(
    stack: Stack, inference: Any, customer: Customer
):
    pieces = [
        piece
        async for piece in inference.StreamChatCompletion(
            pb2.StreamChatCompletionRequest(input=chat(max_tokens=5)),
            metadata=credential(customer.api_key),
        )
    ]
    assert sum(bool(piece.delta) for piece in pieces) == 5
    assert pieces[-1].usage.completion_tokens == 5
    [record] = await stack.usage_of(customer, records=1)
    assert (record["stream"], record["tokens"]["output"]) == (True, "5")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (chat("no-such-model"), grpc.StatusCode.NOT_FOUND),
        (pb2.ChatCompletionInput(model="demo-chat"), grpc.StatusCode.INVALID_ARGUMENT),
        (chat(max_tokens=0), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_bad_requests(
    inference: Any,
    customer: Customer,
    request_: pb2.ChatCompletionInput,
    code: grpc.StatusCode,
):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inference.CreateChatCompletion(
            pb2.CreateChatCompletionRequest(input=request_), metadata=credential(customer.api_key)
        )
    assert refused.value.code() is code


@pytest.mark.parametrize("metadata", [(), credential("agg_wrong")])
async def test_nobody_is_unauthenticated(inference: Any, metadata: tuple[tuple[str, str], ...]):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inference.CreateChatCompletion(
            pb2.CreateChatCompletionRequest(input=chat()), metadata=metadata
        )
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
