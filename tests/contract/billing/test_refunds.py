"""Refunds: by operators, once for each request id, and never more than was paid and is there."""

import asyncio
from typing import Any

import grpc
import pytest
from aggregator.billing.v1 import lease_service_pb2 as lease_pb2
from aggregator.billing.v1 import payment_service_pb2 as pb2
from aggregator.billing.v1 import transaction_service_pb2 as transaction_pb2
from google.type.money_pb2 import Money

from services.chassis.money import to_money
from services.chassis.status import reason_of
from services.kernel.ids import new_id
from services.kernel.money import NANOS_PER_CENT, NANOS_PER_DOLLAR
from tests.contract.billing.conftest import OPERATOR, Billing, Metadata, acting
from tests.contract.billing.feed import record


def request(payment_id: str, dollars: int | None = None, **fields: Any) -> pb2.RefundPaymentRequest:
    values: dict[str, Any] = {
        "payment_id": payment_id,
        "reason": "did not work",
        "request_id": new_id(),
        "amount": None if dollars is None else to_money(dollars * NANOS_PER_DOLLAR),
    }
    return pb2.RefundPaymentRequest(**(values | fields))


async def refund(billing: Billing, asked: pb2.RefundPaymentRequest) -> pb2.RefundPaymentResponse:
    return await billing.payments.RefundPayment(asked, metadata=OPERATOR)


async def reason(
    billing: Billing, asked: pb2.RefundPaymentRequest, metadata: Metadata = OPERATOR
) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.payments.RefundPayment(asked, metadata=metadata)
    return reason_of(refused.value)


async def require_proven(billing: Billing) -> None:
    proof = await billing.proof()
    assert (proof.sum_nanos, list(proof.drifted_account_ids)) == (0, [])


@pytest.fixture
async def payment_id(billing: Billing, user_id: str) -> str:
    """A payment of 5 USD."""
    return (await billing.pay(user_id, 5 * NANOS_PER_DOLLAR)).payment_id


async def test_a_part_and_then_the_rest(billing: Billing, user_id: str, payment_id: str) -> None:
    part = await refund(billing, request(payment_id, 2))
    assert (await billing.balance(user_id))[0] == 3 * NANOS_PER_DOLLAR
    rest = await refund(billing, request(payment_id.upper(), reason="the rest"))
    assert rest.transaction.amount.units == -3
    assert await billing.balance(user_id) == (0, 0, 0)
    listed = await billing.transactions.ListTransactions(
        transaction_pb2.ListTransactionsRequest(user_id="me"), metadata=acting(f"user:{user_id}")
    )
    assert list(listed.transactions)[:2] == [rest.transaction, part.transaction]
    kind = transaction_pb2.TRANSACTION_TYPE_REFUND
    assert [each.type for each in listed.transactions[:2]] == [kind, kind]
    assert [each.reason for each in listed.transactions] == ["the rest", "did not work", ""]
    event, created = await billing.feed.created(part.refund_id)
    assert (event.type, created.type) == ("transaction_created", kind)
    assert (created.user_id, created.amount_nanos) == (user_id, -2 * NANOS_PER_DOLLAR)
    await require_proven(billing)


async def test_twenty_copies_at_once_have_one_effect(
    billing: Billing, user_id: str, payment_id: str
) -> None:
    asked = request(payment_id, 1)
    answers = await asyncio.gather(*(refund(billing, asked) for _ in range(20)))
    assert {answer.SerializeToString() for answer in answers} == {answers[0].SerializeToString()}
    assert (await billing.balance(user_id))[0] == 4 * NANOS_PER_DOLLAR


async def test_refunds_that_race_never_exceed_the_payment(
    billing: Billing, user_id: str, payment_id: str
) -> None:
    await billing.pay(user_id, 100 * NANOS_PER_DOLLAR)
    calls = (refund(billing, request(payment_id, 2)) for _ in range(10))
    ended = await asyncio.gather(*calls, return_exceptions=True)
    refused = [each for each in ended if isinstance(each, grpc.aio.AioRpcError)]
    assert [reason_of(each) for each in refused] == ["CONFLICT"] * 8
    assert (await billing.balance(user_id))[0] == 101 * NANOS_PER_DOLLAR
    await require_proven(billing)


async def test_an_id_is_for_one_refund(billing: Billing, user_id: str, payment_id: str) -> None:
    asked = request(payment_id, 1)
    await refund(billing, asked)
    second = (await billing.pay(user_id, NANOS_PER_DOLLAR)).payment_id
    for other in (
        request(payment_id, 2, request_id=asked.request_id),
        request(payment_id, request_id=asked.request_id),
        request(second, 1, request_id=asked.request_id),
    ):
        assert await reason(billing, other) == "REQUEST_ID_REUSED"
    assert (await billing.balance(user_id))[0] == 5 * NANOS_PER_DOLLAR


async def test_an_id_is_for_one_refund_also_when_payments_of_many_race(billing: Billing) -> None:
    paid = await asyncio.gather(*(billing.pay(new_id(), NANOS_PER_DOLLAR) for _ in range(10)))
    request_id = new_id()
    calls = (refund(billing, request(each.payment_id, request_id=request_id)) for each in paid)
    ended = await asyncio.gather(*calls, return_exceptions=True)
    refused = [each for each in ended if isinstance(each, grpc.aio.AioRpcError)]
    assert [reason_of(each) for each in refused] == ["REQUEST_ID_REUSED"] * 9


async def test_what_was_spent_is_not_refunded(
    billing: Billing, user_id: str, payment_id: str
) -> None:
    await billing.feed.send(record(user_id, 1))
    assert await reason(billing, request(payment_id)) == "INSUFFICIENT_BALANCE"
    assert (await billing.balance(user_id))[0] == 5 * NANOS_PER_DOLLAR - 1
    await refund(billing, request(payment_id, 4))


async def test_what_is_lent_is_not_refunded(
    billing: Billing, user_id: str, payment_id: str
) -> None:
    lent = lease_pb2.AcquireLeaseRequest(
        account_id=user_id,
        instance="proxy-0",
        sequence=1,
        target_granted_nanos=NANOS_PER_DOLLAR,
        minimum_granted_nanos=NANOS_PER_DOLLAR,
    )
    await billing.leases.AcquireLease(lent)
    assert await reason(billing, request(payment_id)) == "INSUFFICIENT_BALANCE"
    await refund(billing, request(payment_id, 4))
    assert await billing.balance(user_id) == (NANOS_PER_DOLLAR, NANOS_PER_DOLLAR, 0)
    await require_proven(billing)


async def test_an_unknown_payment(billing: Billing) -> None:
    assert await reason(billing, request(new_id())) == "RESOURCE_NOT_FOUND"
    assert await reason(billing, request("1")) == "INVALID_FIELD"


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": Money()},
        {"amount": Money(units=-1)},
        {"amount": Money(nanos=NANOS_PER_CENT // 2)},
        {"amount": Money(units=1, currency_code="EUR")},
        {"reason": ""},
        {"reason": "x" * 201},
        {"reason": "\0"},
        {"request_id": "1"},
    ],
    ids=str,
)
async def test_what_is_wrong_is_refused(
    billing: Billing, user_id: str, payment_id: str, fields: dict[str, Any]
) -> None:
    assert await reason(billing, request(payment_id, **fields)) == "INVALID_FIELD"
    assert (await billing.balance(user_id))[0] == 5 * NANOS_PER_DOLLAR


async def test_only_operators_refund(billing: Billing, user_id: str, payment_id: str) -> None:
    for token in (f"user:{user_id}", "operator:boss:billing.read"):
        asked = request(payment_id)
        assert await reason(billing, asked, acting(token)) == "PERMISSION_DENIED"
    assert await reason(billing, request(payment_id), ()) == "INVALID_CREDENTIAL"
    assert (await billing.balance(user_id))[0] == 5 * NANOS_PER_DOLLAR
