"""The database itself refuses to change history and to take what does not add up."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.chassis.postgres import open_database
from services.kernel.ids import new_id
from tests.contract.billing.conftest import Billing
from tests.contract.billing.feed import record

HISTORY = ("ledger_transaction", "ledger_entry", "usage_record")
DELETE = "DELETE FROM {}"
CHANGES = ("UPDATE {} SET account_id = account_id", DELETE, "TRUNCATE {} CASCADE")
INSUFFICIENT_PRIVILEGE = "42501"
CHECK_VIOLATION = "23514"
UNIQUE_VIOLATION = "23505"


Statement = tuple[str, dict[str, Any]]


async def execute(url: str, statements: tuple[Statement, ...]) -> None:
    async with open_database(url) as database, database.transaction() as connection:
        for statement, values in statements:
            await connection.execute(text(statement), values)


async def refusal(url: str, *statements: Statement) -> DBAPIError:
    """Returns how the statements are refused; whatever they did is rolled back."""
    with pytest.raises(DBAPIError) as refused:
        await execute(url, statements)
    return refused.value


def sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", ""))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", HISTORY)
async def test_history_does_not_change(
    billing: Billing, user_id: str, table: str, change: str
) -> None:
    await billing.feed.send(record(user_id, 1))
    statement = (change.format(table), {})
    for url in (billing.database.url, billing.database.owner_url):
        assert sqlstate(await refusal(url, statement)) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("table", HISTORY)
async def test_a_trigger_guards_history_from_its_owner(billing: Billing, table: str) -> None:
    error = await refusal(billing.database.owner_url, (DELETE.format(table), {}))
    assert "append-only" in str(error.orig)


def a_transaction(transaction_id: str, **values: Any) -> Statement:
    defaults = {"account": "system:payments", "reference": new_id()}
    statement = """
        INSERT INTO ledger_transaction
            (transaction_id, type, account_id, amount, reference, create_time)
        VALUES (:id, 'usage', :account, 1, :reference, now())
    """
    return statement, defaults | values | {"id": transaction_id}


def entries(transaction_id: str, *amounts: int, first: int = 1) -> Statement:
    lines = list(range(first, first + len(amounts)))
    statement = """
        INSERT INTO ledger_entry (transaction_id, line, account_id, amount)
        SELECT CAST(:id AS uuid), line, 'system:revenue', amount
        FROM unnest(CAST(:lines AS smallint[]), CAST(:amounts AS bigint[])) AS one (line, amount)
    """
    return statement, {"id": transaction_id, "lines": lines, "amounts": list(amounts)}


@pytest.mark.parametrize("amounts", [(1,), (1, -2), (0,), (5, -4, -2)], ids=str)
async def test_what_does_not_add_up_is_refused(billing: Billing, amounts: tuple[int, ...]) -> None:
    one = new_id()
    for url in (billing.database.url, billing.database.owner_url):
        error = await refusal(url, a_transaction(one), entries(one, *amounts))
        assert sqlstate(error) == CHECK_VIOLATION


async def test_what_adds_up_is_taken(billing: Billing) -> None:
    one = new_id()
    # Two entries of one account that undo each other, so that its balance stays right.
    await execute(billing.database.url, (a_transaction(one), entries(one, 4, -4)))


async def test_nothing_is_added_to_a_transaction_later(billing: Billing) -> None:
    one = new_id()
    before = (a_transaction(one), entries(one, 4, -4))
    url = billing.database.url
    assert sqlstate(await refusal(url, *before, entries(one, 4, -4))) == UNIQUE_VIOLATION
    assert sqlstate(await refusal(url, *before, entries(one, 4, -4, first=3))) == CHECK_VIOLATION


async def test_no_request_is_booked_twice(billing: Billing, user_id: str) -> None:
    charged = record(user_id, 1)
    await billing.feed.send(charged)
    again = a_transaction(new_id(), account=user_id, reference=charged.request_id)
    assert sqlstate(await refusal(billing.database.url, again)) == UNIQUE_VIOLATION


async def test_no_account_has_less_than_nothing_lent(billing: Billing) -> None:
    statement = "UPDATE account SET leased = leased - 1 WHERE account_id = 'system:revenue'"
    assert sqlstate(await refusal(billing.database.url, (statement, {}))) == CHECK_VIOLATION
