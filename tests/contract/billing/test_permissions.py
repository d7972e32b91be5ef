"""Who may see whose money, and how lists page."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from aggregator.billing.v1 import balance_service_pb2 as balance_pb2
from aggregator.billing.v1 import transaction_service_pb2 as transaction_pb2

from services.kernel.ids import new_id
from services.kernel.money import NANOS_PER_CENT
from tests.contract.billing.conftest import OPERATOR, Billing, Metadata, acting
from tests.contract.billing.feed import record

Call = Callable[[Billing, str, Metadata], Awaitable[Any]]


async def get_balance(billing: Billing, user_id: str, metadata: Metadata) -> Any:
    request = balance_pb2.GetBalanceRequest(user_id=user_id)
    return await billing.balances.GetBalance(request, metadata=metadata)


async def list_transactions(billing: Billing, user_id: str, metadata: Metadata) -> Any:
    request = transaction_pb2.ListTransactionsRequest(user_id=user_id)
    return await billing.transactions.ListTransactions(request, metadata=metadata)


async def list_usage(billing: Billing, user_id: str, metadata: Metadata) -> Any:
    request = transaction_pb2.ListUsageRequest(user_id=user_id)
    return await billing.transactions.ListUsage(request, metadata=metadata)


READS = pytest.mark.parametrize("read", [get_balance, list_transactions, list_usage])


async def code_of(call: Awaitable[Any]) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@READS
async def test_who_may_read(billing: Billing, user_id: str, read: Call) -> None:
    await billing.pay(user_id, NANOS_PER_CENT)
    stranger, code = new_id(), grpc.StatusCode
    expected = {
        acting(f"user:{user_id}"): code.OK,
        acting(f"user:{user_id}:billing.read"): code.OK,
        acting(f"operator:{stranger}"): code.OK,
        acting(f"user:{user_id}:inference"): code.PERMISSION_DENIED,
        acting(f"user:{stranger}"): code.NOT_FOUND,
        # A key acts for its user, also when that is an operator.
        acting(f"operator:{stranger}:billing.read"): code.NOT_FOUND,
        (): code.UNAUTHENTICATED,
    }
    for metadata, wanted in expected.items():
        assert await code_of(read(billing, user_id, metadata)) is wanted, metadata


@READS
async def test_me_is_the_caller(billing: Billing, user_id: str, read: Call) -> None:
    assert await code_of(read(billing, "me", acting(f"user:{user_id}"))) is grpc.StatusCode.OK


@READS
async def test_platform_accounts_are_nobodys(billing: Billing, read: Call) -> None:
    assert await code_of(read(billing, "system:revenue", OPERATOR)) is grpc.StatusCode.NOT_FOUND


async def test_an_operator_learns_that_an_account_is_unknown(billing: Billing) -> None:
    assert await code_of(get_balance(billing, new_id(), OPERATOR)) is grpc.StatusCode.NOT_FOUND


async def test_only_operators_prove_the_books(billing: Billing, user_id: str) -> None:
    request = balance_pb2.GetTrialBalanceRequest()
    for token in (f"user:{user_id}", "operator:boss:billing.read"):
        call = billing.balances.GetTrialBalance(request, metadata=acting(token))
        assert await code_of(call) is grpc.StatusCode.PERMISSION_DENIED
    proof = await billing.proof()
    assert (proof.sum_nanos, list(proof.drifted_account_ids)) == (0, [])


async def test_pages_are_newest_first_and_lose_nothing(billing: Billing, user_id: str) -> None:
    records = [record(user_id, amount) for amount in range(1, 8)]
    for each in records:
        await billing.feed.send(each)
    metadata, token, pages = acting(f"user:{user_id}"), "", list[list[str]]()
    while token or not pages:
        request = transaction_pb2.ListTransactionsRequest(
            user_id="me", page_size=3, page_token=token
        )
        answer = await billing.transactions.ListTransactions(request, metadata=metadata)
        pages.append([each.reference for each in answer.transactions])
        token = answer.next_page_token
    references = [each.request_id for each in reversed(records)]
    assert pages == [references[:3], references[3:6], references[6:]]


@pytest.mark.parametrize("token", ["x", "W10", "WzFd" * 3, "Wy0xXQ", "W3RydWVd"])
async def test_tokens_that_no_list_returned(billing: Billing, user_id: str, token: str) -> None:
    request = transaction_pb2.ListUsageRequest(user_id="me", page_token=token)
    call = billing.transactions.ListUsage(request, metadata=acting(f"user:{user_id}"))
    assert await code_of(call) is grpc.StatusCode.INVALID_ARGUMENT
