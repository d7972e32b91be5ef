"""Adjustments: by operators, with a reason, once for each request id."""

import asyncio
from typing import Any

import grpc
import pytest
from aggregator.billing.v1 import transaction_service_pb2 as pb2
from google.type.money_pb2 import Money

from services.chassis.money import to_money
from services.chassis.status import reason_of
from services.kernel.ids import new_id
from tests.contract.billing.conftest import OPERATOR, Billing, Metadata, acting


def request(user_id: str, nanos: int, **fields: Any) -> pb2.CreateTransactionRequest:
    values: dict[str, Any] = {
        "user_id": user_id,
        "amount": to_money(nanos),
        "reason": "a gift",
        "request_id": new_id(),
    }
    return pb2.CreateTransactionRequest(**(values | fields))


async def adjust(billing: Billing, asked: pb2.CreateTransactionRequest) -> pb2.Transaction:
    answer = await billing.transactions.CreateTransaction(asked, metadata=OPERATOR)
    return answer.transaction


async def reason(
    billing: Billing, asked: pb2.CreateTransactionRequest, metadata: Metadata = OPERATOR
) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.transactions.CreateTransaction(asked, metadata=metadata)
    return reason_of(refused.value)


async def test_a_balance_grows_and_shrinks(billing: Billing, user_id: str) -> None:
    given = await adjust(billing, request(user_id, 7))
    taken = await adjust(billing, request(user_id, -5, reason="a mistake"))
    assert await billing.balance(user_id) == (2, 0, 2)
    listed = await billing.transactions.ListTransactions(
        pb2.ListTransactionsRequest(user_id="me"), metadata=acting(f"user:{user_id}")
    )
    assert list(listed.transactions) == [taken, given]
    assert (taken.type, taken.reason) == (pb2.TRANSACTION_TYPE_ADJUSTMENT, "a mistake")
    event, created = await billing.feed.created(taken.reference)
    assert (event.type, created.type) == ("transaction_created", taken.type)
    assert (created.user_id, created.amount_nanos) == (user_id, -5)
    proof = await billing.proof()
    assert (proof.sum_nanos, list(proof.drifted_account_ids)) == (0, [])


async def test_twenty_copies_at_once_have_one_effect(billing: Billing, user_id: str) -> None:
    asked = request(user_id, 7)
    answers = await asyncio.gather(*(adjust(billing, asked) for _ in range(20)))
    assert {answer.SerializeToString() for answer in answers} == {answers[0].SerializeToString()}
    assert await billing.balance(user_id) == (7, 0, 7)


async def test_an_id_is_for_one_adjustment(billing: Billing, user_id: str) -> None:
    asked = request(user_id, 7)
    await adjust(billing, asked)
    for other in (
        request(user_id, 8, request_id=asked.request_id),
        request(new_id(), 7, request_id=asked.request_id),
        request(user_id, 7, request_id=asked.request_id, reason="another"),
    ):
        assert await reason(billing, other) == "REQUEST_ID_REUSED"
    assert await billing.balance(user_id) == (7, 0, 7)


async def test_no_more_is_taken_than_is_available(billing: Billing, user_id: str) -> None:
    await adjust(billing, request(user_id, 7))
    assert await reason(billing, request(user_id, -8)) == "INSUFFICIENT_BALANCE"
    assert await reason(billing, request(new_id(), -1)) == "INSUFFICIENT_BALANCE"
    calls = (adjust(billing, request(user_id, -2)) for _ in range(10))
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(each, pb2.Transaction) for each in ended) == 3
    assert await billing.balance(user_id) == (1, 0, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": None},
        {"amount": Money()},
        {"amount": Money(units=1_000_000, nanos=1)},
        {"amount": Money(units=-1_000_000, nanos=-1)},
        {"amount": Money(units=1, nanos=-1)},
        {"amount": Money(units=1, currency_code="EUR")},
        {"reason": ""},
        {"reason": "x" * 201},
        {"request_id": "1"},
    ],
    ids=str,
)
async def test_what_is_wrong_is_refused(
    billing: Billing, user_id: str, fields: dict[str, Any]
) -> None:
    assert await reason(billing, request(user_id, 7, **fields)) == "INVALID_FIELD"
    assert await billing.balance(user_id) == (0, 0, 0)


async def test_the_platforms_accounts_are_not_adjusted(billing: Billing) -> None:
    assert await reason(billing, request("system:revenue", 7)) == "RESOURCE_NOT_FOUND"


async def test_only_operators_adjust(billing: Billing, user_id: str) -> None:
    for token in (f"user:{user_id}", "operator:boss:billing.read"):
        asked = request(user_id, 7)
        assert await reason(billing, asked, acting(token)) == "PERMISSION_DENIED"
    assert await reason(billing, request(user_id, 7), ()) == "INVALID_CREDENTIAL"
    assert await billing.balance(user_id) == (0, 0, 0)
