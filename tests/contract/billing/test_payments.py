"""Payments: one effect for each request id, and only for those who may."""

import asyncio
from typing import Any

import grpc
import pytest
from aggregator.billing.v1 import payment_service_pb2 as pb2
from aggregator.billing.v1.transaction_service_pb2 import TRANSACTION_TYPE_PAYMENT
from google.type.money_pb2 import Money

from services.chassis.status import error_info_of, reason_of
from services.kernel.ids import new_id
from services.kernel.money import NANOS_PER_CENT, NANOS_PER_DOLLAR
from tests.contract.billing.conftest import OPERATOR, Billing, acting


def request(**fields: Any) -> pb2.ProcessPaymentRequest:
    values: dict[str, Any] = {
        "user_id": "me",
        "amount": Money(currency_code="USD", units=5),
        "payment_method": "sandbox_card_success",
        "request_id": new_id(),
    }
    return pb2.ProcessPaymentRequest(**(values | fields))


async def reason(billing: Billing, asked: pb2.ProcessPaymentRequest, token: str) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.payments.ProcessPayment(asked, metadata=acting(token))
    return reason_of(refused.value)


async def test_a_payment_adds_to_the_balance(billing: Billing, user_id: str) -> None:
    answer = await billing.pay(user_id, 5 * NANOS_PER_DOLLAR)
    assert answer.transaction.type == TRANSACTION_TYPE_PAYMENT
    assert answer.transaction.reference == answer.payment_id
    assert answer.transaction.amount.units == 5
    assert await billing.balance(user_id) == (5 * NANOS_PER_DOLLAR, 0, 5 * NANOS_PER_DOLLAR)
    event, created = await billing.feed.created(answer.payment_id)
    assert (event.type, event.source, event.user_id) == ("transaction_created", "billing", user_id)
    assert (created.user_id, created.amount_nanos) == (user_id, 5 * NANOS_PER_DOLLAR)


async def test_twenty_copies_at_once_have_one_effect(billing: Billing, user_id: str) -> None:
    asked = request(request_id=new_id())
    metadata = acting(f"user:{user_id}")
    answers = await asyncio.gather(
        *(billing.payments.ProcessPayment(asked, metadata=metadata) for _ in range(20))
    )
    assert {answer.SerializeToString() for answer in answers} == {answers[0].SerializeToString()}
    assert (await billing.balance(user_id))[0] == 5 * NANOS_PER_DOLLAR


async def test_an_id_is_for_one_request(billing: Billing, user_id: str) -> None:
    asked = request()
    await billing.payments.ProcessPayment(asked, metadata=acting(f"user:{user_id}"))
    other = request(request_id=asked.request_id, amount=Money(units=6))
    assert await reason(billing, other, f"user:{user_id}") == "REQUEST_ID_REUSED"
    assert await reason(billing, asked, f"user:{new_id()}") == "REQUEST_ID_REUSED"
    assert (await billing.balance(user_id))[0] == 5 * NANOS_PER_DOLLAR


async def test_a_declined_card_stays_declined(billing: Billing, user_id: str) -> None:
    asked = request(payment_method="sandbox_card_declined")
    for _ in range(2):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await billing.payments.ProcessPayment(asked, metadata=acting(f"user:{user_id}"))
        info = error_info_of(refused.value)
        assert info
        assert info.reason == "PAYMENT_DECLINED"
        assert info.metadata["decline_code"] == "generic_decline"
    assert await billing.balance(user_id) == (0, 0, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": Money(units=0)},
        {"amount": Money(units=-5)},
        {"amount": Money(nanos=NANOS_PER_CENT // 2)},
        {"amount": Money(units=1_000_000, nanos=NANOS_PER_CENT)},
        {"amount": Money(units=2**62)},
        {"amount": Money(units=1, currency_code="EUR")},
        {"amount": Money(units=1, nanos=-1)},
        {"payment_method": "card_of_somebody"},
        {"request_id": "1"},
    ],
    ids=str,
)
async def test_what_is_wrong_is_refused(
    billing: Billing, user_id: str, fields: dict[str, Any]
) -> None:
    assert await reason(billing, request(**fields), f"user:{user_id}") == "INVALID_FIELD"
    assert await billing.balance(user_id) == (0, 0, 0)


async def test_a_mistyped_method_does_not_use_the_id_up(billing: Billing, user_id: str) -> None:
    wrong = request(payment_method="sandbox_card_succes")
    assert await reason(billing, wrong, f"user:{user_id}") == "INVALID_FIELD"
    right = request(request_id=wrong.request_id)
    await billing.payments.ProcessPayment(right, metadata=acting(f"user:{user_id}"))
    assert (await billing.balance(user_id))[0] == 5 * NANOS_PER_DOLLAR


async def test_an_operator_pays_for_others_and_users_do_not(billing: Billing, user_id: str) -> None:
    asked = request(user_id=user_id)
    assert await reason(billing, asked, f"user:{new_id()}") == "RESOURCE_NOT_FOUND"
    await billing.payments.ProcessPayment(asked, metadata=OPERATOR)
    assert (await billing.balance(user_id))[0] == 5 * NANOS_PER_DOLLAR


async def test_nobody_pays_into_the_platforms_accounts(billing: Billing) -> None:
    asked = request(user_id="system:revenue")
    assert await reason(billing, asked, "operator:boss") == "RESOURCE_NOT_FOUND"


async def test_keys_do_not_pay(billing: Billing, user_id: str) -> None:
    assert await reason(billing, request(), f"user:{user_id}:billing.read") == "PERMISSION_DENIED"
