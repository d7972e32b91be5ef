"""Leases: what is lent to one proxy is never lent to another."""

import asyncio
from collections import Counter
from typing import Any

import grpc
import pytest
from aggregator.billing.v1 import balance_service_pb2 as balance_pb2
from aggregator.billing.v1 import lease_service_pb2 as pb2
from sqlalchemy import text

from services.chassis.postgres import open_database
from services.chassis.status import error_info_of, reason_of
from services.kernel.ids import new_id
from services.kernel.money import NANOS_PER_CENT, NANOS_PER_DOLLAR
from tests.contract.billing.conftest import Billing, acting
from tests.contract.billing.feed import record


def ask(account_id: str, sequence: int, target: int, **fields: Any) -> pb2.AcquireLeaseRequest:
    values: dict[str, Any] = {"instance": "proxy-0", "minimum_granted_nanos": target}
    return pb2.AcquireLeaseRequest(
        account_id=account_id,
        sequence=sequence,
        target_granted_nanos=target,
        **(values | fields),
    )


async def test_racing_proxies_get_no_more_than_the_balance(billing: Billing, user_id: str) -> None:
    await billing.pay(user_id, 10 * NANOS_PER_CENT)

    async def acquire(number: int) -> str:
        request = ask(user_id, 1, NANOS_PER_CENT, instance=f"proxy-{number}")
        try:
            granted = (await billing.leases.AcquireLease(request)).lease.granted_nanos
        except grpc.aio.AioRpcError as error:
            return reason_of(error)
        return f"granted {granted}"

    answers = Counter(await asyncio.gather(*(acquire(number) for number in range(100))))
    assert answers == {f"granted {NANOS_PER_CENT}": 10, "INSUFFICIENT_BALANCE": 90}
    assert await billing.balance(user_id) == (10 * NANOS_PER_CENT, 10 * NANOS_PER_CENT, 0)


async def test_one_proxy_asking_for_more_and_more(billing: Billing, user_id: str) -> None:
    await billing.pay(user_id, NANOS_PER_DOLLAR)
    first = await billing.leases.AcquireLease(ask(user_id, 1, 100))
    lease_id = first.lease.lease_id
    more = await billing.leases.AcquireLease(ask(user_id, 2, 300, lease_id=lease_id))
    assert (more.lease.lease_id, more.lease.granted_nanos) == (lease_id, 300)
    assert more.available_nanos == NANOS_PER_DOLLAR - 300
    assert more.posted_nanos == NANOS_PER_DOLLAR
    late = await billing.leases.AcquireLease(ask(user_id, 1, 900, lease_id=lease_id))
    assert late.lease == more.lease


async def test_a_grant_is_what_is_there_when_that_suffices(billing: Billing, user_id: str) -> None:
    await billing.pay(user_id, NANOS_PER_CENT)
    request = ask(user_id, 1, NANOS_PER_DOLLAR, minimum_granted_nanos=5)
    answer = await billing.leases.AcquireLease(request)
    assert answer.lease.granted_nanos == NANOS_PER_CENT
    assert answer.available_nanos == 0


async def test_a_refusal_tells_held_money_from_none(billing: Billing, user_id: str) -> None:
    await billing.pay(user_id, NANOS_PER_CENT)
    await billing.leases.AcquireLease(ask(user_id, 1, NANOS_PER_CENT - 7))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.leases.AcquireLease(ask(user_id, 1, 8, instance="proxy-1"))
    info = error_info_of(refused.value)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert info
    assert dict(info.metadata) == {
        "available_nanos": "7",
        "posted_nanos": str(NANOS_PER_CENT),
        "held_nanos": str(NANOS_PER_CENT - 7),
    }


async def test_returning_frees_and_conflicts_below_what_was_consumed(
    billing: Billing, user_id: str
) -> None:
    await billing.pay(user_id, NANOS_PER_CENT)
    lease = (await billing.leases.AcquireLease(ask(user_id, 1, 1000))).lease
    await billing.feed.send(record(user_id, 400, lease_id=lease.lease_id))

    def back(sequence: int, target: int) -> pb2.ReturnLeaseRequest:
        return pb2.ReturnLeaseRequest(
            lease_id=lease.lease_id, sequence=sequence, target_granted_nanos=target
        )

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.leases.ReturnLease(back(2, 399))
    assert reason_of(refused.value) == "CONFLICT"
    returned = (await billing.leases.ReturnLease(back(3, 600))).lease
    assert (returned.granted_nanos, returned.consumed_nanos) == (600, 400)
    assert await billing.balance(user_id) == (NANOS_PER_CENT - 400, 200, NANOS_PER_CENT - 600)
    await billing.leases.ReturnLease(back(4, 400))
    reopened = await billing.leases.AcquireLease(ask(user_id, 5, 1000, lease_id=lease.lease_id))
    assert reopened.lease.lease_id != lease.lease_id
    # 400 of the 1,000 asked for were consumed of the lease that ended.
    assert (reopened.lease.granted_nanos, reopened.lease.consumed_nanos) == (600, 0)


async def test_an_unknown_lease_is_not_found(billing: Billing) -> None:
    request = pb2.ReturnLeaseRequest(lease_id=new_id(), sequence=1, target_granted_nanos=0)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.leases.ReturnLease(request)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_the_sweeper_frees_what_a_dead_proxy_held(billing: Billing, user_id: str) -> None:
    await billing.pay(user_id, NANOS_PER_CENT)
    lease = (await billing.leases.AcquireLease(ask(user_id, 1, 1000))).lease
    assert lease.expire_time.ToDatetime()
    async with open_database(billing.database.url) as database:
        async with database.transaction() as connection:
            await connection.execute(
                text("UPDATE lease SET expire_time = now() WHERE lease_id = :id"),
                {"id": lease.lease_id},
            )
        async with asyncio.timeout(10):
            while await billing.balance(user_id) != (NANOS_PER_CENT, 0, NANOS_PER_CENT):
                pass
    # What the dead proxy still has in its journal is booked all the same.
    await billing.feed.send(record(user_id, 300, lease_id=lease.lease_id))
    left = NANOS_PER_CENT - 300
    assert await billing.balance(user_id) == (left, 0, left)


async def test_leases_are_for_the_mesh_only(billing: Billing, user_id: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.public_leases.AcquireLease(
            ask(user_id, 1, 0), metadata=acting(f"user:{user_id}")
        )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_the_platforms_own_accounts_lend_nothing(billing: Billing) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await billing.leases.AcquireLease(ask("system:revenue", 1, 0))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_cold_account_is_made(billing: Billing, user_id: str) -> None:
    answer = await billing.leases.AcquireLease(ask(user_id, 1, 0))
    assert answer.lease.granted_nanos == 0
    request = balance_pb2.GetBalanceRequest(user_id=user_id)
    found = await billing.balances.GetBalance(request, metadata=acting("operator:boss"))
    assert found.user_id == user_id
