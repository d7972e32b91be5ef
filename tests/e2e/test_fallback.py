"""One provider fails, another serves; the bill says who."""

from typing import Any

import pytest

from tests.stack import Customer, Stack


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 500},
        {"status": 503},
        {"status": 429, "retry_after": 5},
        {"status": 401},
        {"reset": "before"},
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_the_next_provider_serves(
    stack: Stack, customer: Customer, failure: dict[str, Any], stream: bool
):
    answer = await stack.chat(
        customer.api_key, stream=stream, max_tokens=4, demo={**failure, "only": "demo"}
    )
    assert answer.status == 200
    [record] = await stack.usage_of(customer, records=1)
    assert (record["provider_id"], record["attempts"]) == ("demo-backup", 2)
    tokens = record["tokens"]
    # The backup's own price: $0.20 and $0.80 per million.
    assert int(record["amount_nanos"]) == int(tokens["input"]) * 200 + int(tokens["output"]) * 800


async def test_when_all_fail_the_client_gets_the_error_and_pays_nothing(
    stack: Stack, customer: Customer
):
    answer = await stack.chat(customer.api_key, demo={"status": 429, "retry_after": 7})
    assert answer.status == 429
    assert answer.headers["retry-after"] == "7"
    [record] = await stack.usage_of(customer, records=1)
    assert (record["amount_nanos"], record["http_status"], record["attempts"]) == ("0", 429, 2)


async def test_a_path_pins_its_provider(stack: Stack, customer: Customer):
    path = "/proxy/demo-backup/chat/completions"
    assert (await stack.chat(customer.api_key, path=path)).status == 200
    [record] = await stack.usage_of(customer, records=1)
    assert (record["provider_id"], record["resource"]) == ("demo-backup", path)
    failed = await stack.chat(customer.api_key, path=path, demo={"status": 500})
    assert failed.status == 500


@pytest.mark.parametrize("provider", ["openai", "openrouter"])
async def test_the_paths_of_the_mission_pin_theirs(stack: Stack, customer: Customer, provider: str):
    """Registers the demo provider under the real names, as an operator would the real ones."""
    operator = await stack.operator_token()
    body = {
        "provider_id": provider,
        "base_url": f"{stack.demo_url}/{provider}/v1",
        "credential": "key-of-" + provider,
    }
    made = await stack.call("POST", "/orchestrator/providers", key=operator, body=body)
    assert made.status in {200, 409}
    price = {"input_per_million": {"units": "1"}, "output_per_million": {"units": "2"}}
    offer = {"model_id": f"{provider}/small", "provider_id": provider, "price": price}
    put = await stack.call("POST", "/orchestrator/offers", key=operator, body=offer)
    assert put.status == 200
    path = f"/proxy/{provider}/chat/completions"

    async def ask():
        return await stack.chat(customer.api_key, path=path, model=f"{provider}/small")

    from tests.stack import eventually  # noqa: PLC0415

    await eventually(ask, until=lambda answer: answer.status == 200)
    [record] = await stack.usage_of(customer, records=1)
    assert record["provider_id"] == provider
