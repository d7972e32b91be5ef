"""Requests judged through the edge, in both dialects, without a trace."""

from typing import Any

import grpc
import pytest
from aggregator.proxy.v1 import validation_service_pb2 as pb2
from aggregator.proxy.v1.validation_service_pb2_grpc import ValidationServiceStub
from google.protobuf import struct_pb2

from tests.stack import Customer, Reply, Stack, nanos

PATH = "/proxy/validate-request"
GOOD: dict[str, Any] = {
    "model": "demo-chat",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hi"}],
}
# "Hi" is 17 tokens at most; the demo costs $0.15 and $0.60 per million, its backup $0.20 and $0.80.
DEMO_COST = 17 * 150 + 100 * 600
BACKUP_COST = 17 * 200 + 100 * 800


async def validate(stack: Stack, key: str, body: Any, *, provider: str = "") -> Reply:
    return await stack.call("POST", PATH, key=key, body={"body": body, "provider": provider})


async def judged(
    stack: Stack, customer: Customer, body: Any, *, provider: str = ""
) -> dict[str, Any]:
    answer = await validate(stack, customer.api_key, body, provider=provider)
    assert answer.status == 200, answer.body
    return answer.json


async def test_a_valid_request_names_its_providers_and_its_limits(stack: Stack, customer: Customer):
    found = await judged(stack, customer, GOOD)
    assert (found["valid"], found["problems"], found["model"]) == (True, [], "demo-chat")
    assert [(each["provider_id"], nanos(each["max_cost"])) for each in found["targets"]] == [
        ("demo", DEMO_COST),
        ("demo-backup", BACKUP_COST),
    ]
    assert nanos(found["max_cost"]) == BACKUP_COST
    assert found["estimated_input_tokens"] == "1"


async def test_several_problems_are_told_at_once(stack: Stack, customer: Customer):
    body = {"model": "no-such-model", "messages": [7], "stream": "yes", "n": 0}
    found = await judged(stack, customer, body, provider="nobody")
    assert found["valid"] is False
    assert {(each["field"], each["code"]) for each in found["problems"]} == {
        ("provider", "provider_not_found"),
        ("model", "model_not_found"),
        ("messages[0]", "invalid_value"),
        ("stream", "invalid_value"),
        ("n", "invalid_value"),
    }
    assert all(each["message"] for each in found["problems"])
    assert (found["targets"], found.get("max_cost")) == ([], None)


async def test_an_unknown_model_is_told_as_the_request_itself_would_be(
    stack: Stack, customer: Customer
):
    found = await judged(stack, customer, {**GOOD, "model": "no-such-model"})
    refused = (await stack.chat(customer.api_key, model="no-such-model")).json["error"]
    [problem] = found["problems"]
    assert problem == {name: refused[name] for name in ("code", "message")} | {"field": "model"}


async def test_a_pinned_provider_is_the_only_one(stack: Stack, customer: Customer):
    found = await judged(stack, customer, GOOD, provider="demo")
    assert [each["provider_id"] for each in found["targets"]] == ["demo"]
    assert nanos(found["max_cost"]) == DEMO_COST


async def test_an_empty_body_is_judged_and_none_is_refused(stack: Stack, customer: Customer):
    found = await judged(stack, customer, {})
    assert {each["field"] for each in found["problems"]} == {"model", "messages"}
    assert (await stack.call("POST", PATH, key=customer.api_key, body={})).status == 400


async def test_nobody_and_who_lacks_the_scope_are_refused(stack: Stack, customer: Customer):
    assert (await validate(stack, "", GOOD)).status == 401
    assert (await validate(stack, "agg_wrong", GOOD)).status == 401
    made = await stack.call(
        "POST", "/auth/api-keys", key=customer.access_token, body={"scopes": ["billing.read"]}
    )
    assert (await validate(stack, made.json["secret"], GOOD)).status == 403
    assert (await validate(stack, customer.access_token, GOOD)).status == 200


async def test_grpc_tells_the_same(stack: Stack, customer: Customer):
    body = struct_pb2.Struct()
    body.update(GOOD)
    request = pb2.ValidateRequestRequest(body=body)
    async with grpc.aio.insecure_channel(stack.edge_address) as channel:
        # mypy-protobuf types the stub for blocking channels too.
        service: Any = ValidationServiceStub(channel)
        metadata = (("authorization", f"Bearer {customer.api_key}"),)
        found = await service.ValidateRequest(request, metadata=metadata)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await service.ValidateRequest(request)
    assert found.valid
    assert [each.provider_id for each in found.targets] == ["demo", "demo-backup"]
    assert (found.max_cost.units, found.max_cost.nanos) == (0, BACKUP_COST)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_nothing_is_held_recorded_or_sent(stack: Stack, customer: Customer):
    nonce = customer.user_id
    body = {**GOOD, "demo": {"nonce": nonce}}
    assert (await judged(stack, customer, body))["valid"]
    assert not (await judged(stack, customer, {**body, "n": 0}))["valid"]
    balance = await stack.call("GET", "/billing/balance/me", key=customer.api_key)
    assert nanos(balance.json["held"]) == 0
    assert nanos(balance.json["available"]) == nanos(balance.json["posted"]) == 5 * 10**9
    # A request that is really sent shows that the records would have been seen.
    assert (await stack.chat(customer.api_key, demo={"nonce": nonce})).status == 200
    assert len(await stack.usage_of(customer, records=1)) == 1
    assert len(await stack.served(nonce)) == 1
