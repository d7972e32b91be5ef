"""Usage from the bus: each request is booked once, whatever the bus does."""

import random

from aggregator.billing.v1 import transaction_service_pb2 as pb2
from aggregator.proxy.v1.proxy_events_pb2 import OUTCOME_EXPIRED, UsageBatch, UsageRecorded
from sqlalchemy import text

from services.chassis.postgres import open_database
from services.kernel.ids import new_id
from services.kernel.money import NANOS_PER_CENT
from tests.contract.billing.conftest import Billing, acting
from tests.contract.billing.feed import record
from tests.contract.billing.test_leases import ask


async def test_replayed_and_shuffled_records_count_once(billing: Billing, user_id: str) -> None:
    await billing.pay(user_id, NANOS_PER_CENT)
    lease = (await billing.leases.AcquireLease(ask(user_id, 1, 10_000))).lease
    records = [record(user_id, amount, lease_id=lease.lease_id) for amount in range(1, 41)]
    copies = records * 5
    random.Random(7).shuffle(copies)
    batches = [UsageBatch(records=copies[start : start + 7]) for start in range(0, 200, 7)]
    await billing.feed.send_raw(batch.SerializeToString() for batch in batches)
    spent = sum(range(1, 41))
    assert await billing.balance(user_id) == (
        NANOS_PER_CENT - spent,
        10_000 - spent,
        NANOS_PER_CENT - 10_000,
    )
    assert await dead_letters(billing, records) == 0
    proof = await billing.proof()
    assert (proof.sum_nanos, list(proof.drifted_account_ids)) == (0, [])


async def dead_letters(billing: Billing, records: list[UsageRecorded]) -> int:
    """Counts those of the records that were put aside."""
    query = text("SELECT count(*) FROM dead_usage WHERE payload = ANY(:payloads)")
    payloads = [each.SerializeToString() for each in records]
    async with open_database(billing.database.url) as database, database.transaction() as opened:
        return (await opened.execute(query, {"payloads": payloads})).scalar_one()


async def test_a_charge_is_announced(billing: Billing, user_id: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    charged = record(user_id, 25, traceparent=trace)
    await billing.feed.send(charged)
    event, created = await billing.feed.created(charged.request_id)
    assert (event.type, event.traceparent) == ("transaction_created", trace)
    assert event.id == created.transaction_id
    assert (created.user_id, created.amount_nanos) == (user_id, -25)
    assert created.type == pb2.TRANSACTION_TYPE_USAGE


async def test_more_than_the_lease_had_left_is_owed(billing: Billing, user_id: str) -> None:
    await billing.pay(user_id, NANOS_PER_CENT)
    lease = (await billing.leases.AcquireLease(ask(user_id, 1, 100))).lease
    await billing.feed.send(record(user_id, 150, lease_id=lease.lease_id))
    left = NANOS_PER_CENT - 150
    assert await billing.balance(user_id) == (left, 0, left)


async def test_a_lease_of_somebody_else_is_not_touched(billing: Billing, user_id: str) -> None:
    await billing.pay(user_id, NANOS_PER_CENT)
    lease = (await billing.leases.AcquireLease(ask(user_id, 1, 100))).lease
    await billing.feed.send(record(new_id(), 60, lease_id=lease.lease_id))
    assert await billing.balance(user_id) == (NANOS_PER_CENT, 100, NANOS_PER_CENT - 100)


async def test_what_cost_nothing_is_listed_but_not_booked(billing: Billing, user_id: str) -> None:
    expired = record(user_id, 0, outcome=OUTCOME_EXPIRED)
    charged = record(user_id, 3)
    await billing.feed.send(expired)
    await billing.feed.send(charged)
    metadata = acting(f"user:{user_id}")
    usage = await billing.transactions.ListUsage(
        pb2.ListUsageRequest(user_id="me"), metadata=metadata
    )
    assert list(usage.records) == [charged, expired]
    moved = await billing.transactions.ListTransactions(
        pb2.ListTransactionsRequest(user_id="me"), metadata=metadata
    )
    assert [each.reference for each in moved.transactions] == [charged.request_id]
    assert moved.transactions[0].amount.nanos == -3


async def test_poison_is_put_aside_once_and_the_others_are_booked(
    billing: Billing, user_id: str
) -> None:
    poison = [
        record(user_id, -5),
        record(user_id, 10, hold_nanos=9),
        record(user_id, 10, request_id="not-a-uuid"),
        record("", 10),
        record(user_id, 10, account_id="system:payments"),
        record(user_id, 10, lease_id="\0"),
        record(user_id, 2**62),
    ]
    good = [record(user_id, 10) for _ in range(2)]
    for _ in range(2):
        await billing.feed.send(good[0], *poison, good[1])
    assert (await billing.balance(user_id))[0] == -20
    assert await dead_letters(billing, poison) == len(poison)


async def test_what_the_database_refuses_does_not_block_the_others(
    billing: Billing, user_id: str
) -> None:
    # The account is as low as a 64-bit integer goes: nothing more can be charged to it.
    async with open_database(billing.database.owner_url) as database, database.transaction() as own:
        await own.execute(
            text("INSERT INTO account (account_id, kind, posted) VALUES (:id, 'user', :low)"),
            {"id": user_id, "low": -(2**63)},
        )
    other = new_id()
    await billing.feed.send(record(other, 1), record(user_id, 1), record(other, 2))
    assert (await billing.balance(other))[0] == -3
    async with open_database(billing.database.owner_url) as database, database.transaction() as own:
        query = text("SELECT problem FROM dead_usage ORDER BY create_time DESC LIMIT 1")
        assert "22003" in (await own.execute(query)).scalar_one()
        await own.execute(
            text("UPDATE account SET posted = 0 WHERE account_id = :id"), {"id": user_id}
        )


async def test_garbage_on_the_bus_does_not_block(billing: Billing, user_id: str) -> None:
    await billing.feed.send_raw([b"\xff\xff\xff"])
    await billing.feed.send(record(user_id, 4))
    assert (await billing.balance(user_id))[0] == -4
