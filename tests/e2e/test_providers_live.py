"""Operators change providers while the platform runs."""

import pytest

from tests.stack import Customer, Stack, eventually


async def test_a_new_provider_is_callable_without_a_restart(stack: Stack, customer: Customer):
    operator = await stack.operator_token()
    before = dict(stack.ready["processes"])
    body = {
        "provider_id": "fresh",
        "base_url": f"{stack.demo_url}/fresh/v1",
        "credential": "key-of-fresh",
    }
    made = await stack.call("POST", "/orchestrator/providers", key=operator, body=body)
    assert made.status == 200
    assert "key-of-fresh" not in made.body.decode()
    price = {"input_per_million": {"units": "1"}, "output_per_million": {"units": "2"}}
    offer = {
        "model_id": "fresh-model",
        "provider_id": "fresh",
        "upstream_model": "its-own-name",
        "price": price,
    }
    assert (
        await stack.call("POST", "/orchestrator/offers", key=operator, body=offer)
    ).status == 200

    async def ask():
        return await stack.chat(
            customer.api_key, model="fresh-model", demo={"nonce": "fresh-1"}, max_tokens=4
        )

    answer = await eventually(ask, until=lambda answer: answer.status == 200)
    assert answer.json["model"] == "its-own-name"
    seen = (await stack.call("GET", f"{stack.demo_url}/requests")).json["requests"]
    request = [r for r in seen if "fresh-1" in r["body"]][-1]
    headers = {name.lower(): value for name, value in request["headers"]}
    assert headers["authorization"] == "Bearer key-of-fresh"
    assert dict(stack.ready["processes"]) == before

    gone = await stack.call("DELETE", "/orchestrator/providers/fresh", key=operator)
    assert gone.status == 200
    await eventually(ask, until=lambda answer: answer.status == 404)


async def test_routing_is_explained(stack: Stack, customer: Customer):
    answer = await stack.call(
        "POST", "/orchestrator/route-request", key=customer.api_key, body={"model": "demo-chat"}
    )
    assert answer.status == 200
    ranks = {c["provider_id"]: c["rank"] for c in answer.json["candidates"]}
    assert ranks == {"demo": 1, "demo-backup": 2}
    assert all(candidate["reason"] for candidate in answer.json["candidates"])


async def test_models_are_listed_with_prices(stack: Stack, customer: Customer):
    answer = await stack.call("GET", "/orchestrator/models", key=customer.api_key)
    [model] = [m for m in answer.json["models"] if m["model_id"] == "demo-chat"]
    assert model["offers"][0]["price"]["input_per_million"]["nanos"] == 150_000_000


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/orchestrator/providers"),
        ("GET", "/orchestrator/providers"),
        ("POST", "/orchestrator/offers"),
        ("DELETE", "/orchestrator/providers/demo"),
        ("GET", "/billing/trial-balance"),
    ],
)
async def test_only_operators_run_the_platform(
    stack: Stack, customer: Customer, method: str, path: str
):
    price = {"input_per_million": {"units": "1"}, "output_per_million": {"units": "1"}}
    bodies = {
        "/orchestrator/providers": {"provider_id": "mine", "base_url": "http://127.0.0.1:1/v1"},
        "/orchestrator/offers": {"model_id": "m", "provider_id": "demo", "price": price},
    }
    body = bodies.get(path) if method == "POST" else None
    for key in (customer.access_token, customer.api_key):
        assert (await stack.call(method, path, key=key, body=body)).status == 403
    assert (await stack.call(method, path, body=body)).status == 401
