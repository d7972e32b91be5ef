"""Money moves through the edge: paid, refunded and adjusted, and the books still add up."""

from typing import Any
from uuid import uuid4

from tests.stack import Customer, Reply, Stack, nanos


def money(units: int, *, nano: int = 0) -> dict[str, Any]:
    return {"currency_code": "USD", "units": str(units), "nanos": nano}


async def refund(stack: Stack, key: str, payment_id: str, amount: dict[str, Any]) -> Reply:
    body = {"payment_id": payment_id, "amount": amount, "reason": "it failed"}
    body["request_id"] = str(uuid4())
    return await stack.call("POST", "/billing/payment/refund", key=key, body=body)


async def adjust(stack: Stack, key: str, user_id: str, amount: dict[str, Any]) -> Reply:
    body = {"user_id": user_id, "amount": amount, "reason": "a gift", "request_id": str(uuid4())}
    return await stack.call("POST", "/billing/transaction", key=key, body=body)


async def listed(stack: Stack, customer: Customer) -> list[dict[str, Any]]:
    """Returns a customer's transactions, newest first."""
    path = f"/billing/transactions/{customer.user_id}"
    answer = await stack.call("GET", path, key=customer.access_token)
    assert answer.status == 200, answer.body
    return answer.json["transactions"]


async def test_a_refund_and_an_adjustment_are_booked_exactly(stack: Stack):
    customer = await stack.new_customer(dollars=5)
    operator = await stack.operator_token()
    [paid] = await listed(stack, customer)
    payment_id = paid["reference"]

    refunded = await refund(stack, operator, payment_id, money(2))
    assert refunded.status == 200, refunded.body
    assert nanos(refunded.json["transaction"]["amount"]) == -2_000_000_000
    adjusted = await adjust(stack, operator, customer.user_id, money(0, nano=7))
    assert adjusted.status == 200, adjusted.body
    assert await stack.posted(customer) == 3_000_000_007

    assert [(each["type"], each.get("reason", "")) for each in await listed(stack, customer)] == [
        ("TRANSACTION_TYPE_ADJUSTMENT", "a gift"),
        ("TRANSACTION_TYPE_REFUND", "it failed"),
        ("TRANSACTION_TYPE_PAYMENT", ""),
    ]
    proof = await stack.trial_balance()
    assert proof["sum_nanos"] == "0"
    assert proof["drifted_account_ids"] == []


async def test_what_is_not_there_is_not_taken(stack: Stack):
    customer = await stack.new_customer(dollars=5)
    operator = await stack.operator_token()
    [paid] = await listed(stack, customer)
    assert (await refund(stack, operator, paid["reference"], money(6))).status == 409
    assert (await refund(stack, operator, str(uuid4()), money(1))).status == 404
    taken = await adjust(stack, operator, customer.user_id, money(-6))
    [info] = [each for each in taken.json["details"] if each["@type"].endswith("ErrorInfo")]
    assert info["reason"] == "INSUFFICIENT_BALANCE"
    assert await stack.posted(customer) == 5_000_000_000


async def test_users_do_neither(stack: Stack, customer: Customer):
    for key in (customer.access_token, customer.api_key):
        assert (await refund(stack, key, str(uuid4()), money(1))).status == 403
        assert (await adjust(stack, key, customer.user_id, money(1))).status == 403
