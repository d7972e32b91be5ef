"""A new user: register, pay in, make a key, ask, and find the use in billing and analytics."""

from tests.stack import Stack, eventually, nanos


async def test_from_registration_to_the_first_request_in_the_statistics(stack: Stack):
    customer = await stack.new_customer(dollars=5)
    assert await stack.posted(customer) == 5_000_000_000

    answer = await stack.chat(customer.api_key, max_tokens=20)
    assert answer.status == 200
    usage = answer.json["usage"]

    [record] = await stack.usage_of(customer, records=1)
    cost = usage["prompt_tokens"] * 150 + usage["completion_tokens"] * 600
    assert int(record["amount_nanos"]) == cost
    assert record["outcome"] == "OUTCOME_SETTLED"
    assert record["provider_id"] == "demo"
    assert await stack.posted(customer) == 5_000_000_000 - cost

    transactions = await stack.call(
        "GET", f"/billing/transactions/{customer.user_id}", key=customer.api_key
    )
    kinds = [t["type"] for t in transactions.json["transactions"]]
    assert kinds == ["TRANSACTION_TYPE_USAGE", "TRANSACTION_TYPE_PAYMENT"]
    assert nanos(transactions.json["transactions"][0]["amount"]) == -cost
    assert transactions.json["transactions"][0]["reference"] == record["request_id"]

    async def metrics():
        return (await stack.call("GET", "/analytics/metrics", key=customer.api_key)).json

    seen = await eventually(metrics, until=lambda m: m["total"]["requests"] == "1")
    [row] = seen["by_model_and_provider"]
    assert (row["model"], row["provider_id"]) == ("demo-chat", "demo")
    assert int(row["input_tokens"]) == usage["prompt_tokens"]
    assert int(row["output_tokens"]) == usage["completion_tokens"]
    assert nanos(row["cost"]) == cost
    assert row["duration"]["p50_ms"] > 0

    async def summary():
        answer = await stack.call("GET", "/analytics/events/summary", key=customer.api_key)
        return {event["type"]: int(event["count"]) for event in answer.json["events"]}

    await eventually(
        summary,
        until=lambda s: s.get("ai_usage") == 1 and s.get("transaction_created", 0) >= 2,
    )


async def test_a_user_sees_only_what_is_theirs(stack: Stack):
    alice, bob = await stack.new_customer(), await stack.new_customer()
    for path in ("balance", "transactions", "usage"):
        foreign = await stack.call("GET", f"/billing/{path}/{bob.user_id}", key=alice.access_token)
        absent = await stack.call(
            "GET", f"/billing/{path}/01a00000-0000-7000-8000-000000000000", key=alice.access_token
        )
        assert foreign.status == absent.status == 404
    mine = await stack.call("GET", f"/analytics/metrics?user_id={bob.user_id}", key=alice.api_key)
    assert mine.status == 404
    operator = await stack.operator_token()
    seen = await stack.call("GET", f"/billing/balance/{bob.user_id}", key=operator)
    assert seen.status == 200
