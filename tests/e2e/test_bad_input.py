"""What a gateway must refuse, and how: the right status, a body that OpenAI's SDKs understand."""

import json
from typing import Any

import grpc
import pytest

from tests.stack import Customer, Reply, Stack

GOOD = {"model": "demo-chat", "messages": [{"role": "user", "content": "Hi"}]}


def error_of(answer: Reply) -> dict[str, Any]:
    assert answer.headers["content-type"].startswith("application/json")
    error = answer.json["error"]
    assert set(error) >= {"message", "type", "param", "code"}
    assert error["message"]
    return error


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b'{"model":"demo-chat","messages":[{}],}', "body"),
        (b'{"model":NaN}', "body"),
        (b'\xff{"model":"demo-chat"}', "body"),
        (b"[" * 100_000, "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b'{"model":"\\ud800","messages":[{}]}', "body"),
        (json.dumps({**GOOD, "messages": []}).encode(), "messages"),
        (json.dumps({**GOOD, "model": 5}).encode(), "model"),
        (b'{"model":"demo-chat","model":"x","messages":[{}]}', "model"),
        (json.dumps({**GOOD, "stream": "true"}).encode(), "stream"),
    ],
)
async def test_a_broken_body_is_400(stack: Stack, customer: Customer, raw: bytes, field: str):
    answer = await stack.call("POST", "/v1/chat/completions", key=customer.api_key, raw=raw)
    assert answer.status == 400
    assert error_of(answer)["param"] == field


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": "Bearer sk-something"},
        {"authorization": "Bearer agg_000000000000_0000000000000000000000000000000000"},
        {"authorization": "Bearer " + "x" * 5000},
        {"x-api-key": "agg_nothing"},
        {"authorization": "Bearer \xe9\xe8"},
    ],
)
async def test_no_key_or_garbage_is_401(stack: Stack, headers: dict[str, str]):
    answer = await stack.call("POST", "/v1/chat/completions", headers=headers, body=GOOD)
    assert answer.status == 401
    assert error_of(answer)["code"] == "invalid_api_key"
    models = await stack.call("GET", "/v1/models", headers=headers)
    assert models.status == 401
    assert error_of(models)["code"] == "invalid_api_key"


async def test_an_empty_balance_is_402_and_topping_up_helps_at_once(stack: Stack):
    poor = await stack.new_customer(dollars=0)
    refused = await stack.chat(poor.api_key)
    assert refused.status == 402
    assert error_of(refused)["code"] == "insufficient_balance"
    assert refused.headers["x-should-retry"] == "false"
    await stack.pay(poor.access_token, dollars=1)
    assert (await stack.chat(poor.api_key)).status == 200


async def test_a_key_without_the_scope_is_403(stack: Stack, customer: Customer):
    made = await stack.call(
        "POST", "/auth/api-keys", key=customer.access_token, body={"scopes": ["billing.read"]}
    )
    refused = await stack.chat(made.json["secret"])
    assert refused.status == 403
    assert error_of(refused)["code"] == "permission_denied"


async def test_an_unknown_model_is_404(stack: Stack, customer: Customer):
    refused = await stack.chat(customer.api_key, model="no-such-model")
    assert refused.status == 404
    assert error_of(refused)["code"] == "model_not_found"


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/chat/nothing", "/proxy/demo/nothing"])
async def test_an_unknown_path_is_404(stack: Stack, customer: Customer, path: str):
    refused = await stack.call("POST", path, key=customer.api_key, body=GOOD)
    assert refused.status == 404
    error_of(refused)


async def test_another_method_is_405(stack: Stack, customer: Customer):
    refused = await stack.call("GET", "/v1/chat/completions", key=customer.api_key)
    assert refused.status == 405
    assert refused.headers["allow"] == "POST"


async def test_forty_megabytes_are_413(stack: Stack, customer: Customer):
    raw = b'{"model":"demo-chat","messages":[{"content":"' + b"x" * 40_000_000 + b'"}]}'
    refused = await stack.call("POST", "/v1/chat/completions", key=customer.api_key, raw=raw)
    assert refused.status == 413
    error_of(refused)


async def test_ten_megabytes_pass(stack: Stack, customer: Customer):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10**7}}
    content = [{"type": "text", "text": "What is it?"}, picture]
    answer = await stack.chat(customer.api_key, messages=[{"role": "user", "content": content}])
    assert answer.status == 200


async def test_management_errors_name_the_field(stack: Stack):
    refused = await stack.call(
        "POST", "/auth/register", body={"email": "nobody", "password": "short"}
    )
    assert refused.status == 400
    details = {d["@type"].rsplit(".", 1)[-1]: d for d in refused.json["details"]}
    assert details["ErrorInfo"]["reason"] == "INVALID_FIELD"
    fields = {v["field"] for v in details["BadRequest"]["field_violations"]}
    assert fields == {"email", "password"}


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"nope":1}', b'"x"'])
async def test_broken_management_bodies_are_400(stack: Stack, raw: bytes):
    assert (await stack.call("POST", "/auth/login", raw=raw)).status == 400


async def test_a_message_that_is_no_protobuf_is_the_callers_fault(stack: Stack):
    async with grpc.aio.insecure_channel(stack.edge_address) as channel:
        for name in (
            "auth.v1.IdentityService/Login",
            "proxy.v1.InferenceService/StreamChatCompletion",
        ):
            call: Any = channel.unary_unary(f"/aggregator.{name}")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(b"\xff\xff\xff")
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_refused_requests_leave_no_trace_on_the_bill(stack: Stack, customer: Customer):
    await stack.chat(customer.api_key, messages=[])
    await stack.chat(customer.api_key, model="no-such-model")
    answer = await stack.chat(customer.api_key)
    assert answer.status == 200
    assert len(await stack.usage_of(customer, records=1)) == 1
