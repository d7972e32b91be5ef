"""The database itself refuses to change history and to take what does not add up."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.chassis.postgres import open_database
from services.kernel.ids import new_id
from tests.contract.billing.conftest import Billing
from tests.contract.billing.feed import record

HISTORY = ("ledger_transaction", "ledger_entry", "usage_record")
CHANGES = (
    "UPDATE {} SET account_id = account_id",
    "DELETE FROM {}",
    "TRUNCATE {} CASCADE",
)
INSUFFICIENT_PRIVILEGE = "42501"
CHECK_VIOLATION = "23514"
UNIQUE_VIOLATION = "23505"


async def refusal(url: str, *statements: str) -> str:
    """Returns the SQLSTATE with which the last statement is refused; everything is rolled back."""
    with pytest.raises(DBAPIError) as refused:
        async with open_database(url) as database, database.transaction() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    return str(getattr(refused.value.orig, "sqlstate", ""))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", HISTORY)
async def test_history_does_not_change(
    billing: Billing, user_id: str, table: str, change: str
) -> None:
    await billing.feed.send(record(user_id, 1))
    statement = change.format(table)
    for url in (billing.database.url, billing.database.owner_url):
        assert await refusal(url, statement) == INSUFFICIENT_PRIVILEGE


async def test_the_trigger_and_not_only_the_role_guards_history(billing: Billing) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with open_database(billing.database.owner_url) as database:  # noqa: SIM117
            async with database.transaction() as connection:
                await connection.execute(text("DELETE FROM ledger_entry"))


def a_transaction(transaction_id: str) -> str:
    return (
        "INSERT INTO ledger_transaction"
        " (transaction_id, type, account_id, amount, reference, create_time)"
        f" VALUES ('{transaction_id}', 'usage', 'system:payments', 1, '{new_id()}', now())"
    )


def entries(transaction_id: str, *amounts: int, first: int = 1) -> str:
    rows = [
        f"('{transaction_id}', {line}, 'system:revenue', {amount})"
        for line, amount in enumerate(amounts, start=first)
    ]
    columns = "transaction_id, line, account_id, amount"
    return f"INSERT INTO ledger_entry ({columns}) VALUES {', '.join(rows)}"


@pytest.mark.parametrize("amounts", [(1,), (1, -2), (0,), (5, -4, -2)], ids=str)
async def test_what_does_not_add_up_is_refused(billing: Billing, amounts: tuple[int, ...]) -> None:
    one = new_id()
    for url in (billing.database.url, billing.database.owner_url):
        assert await refusal(url, a_transaction(one), entries(one, *amounts)) == CHECK_VIOLATION


async def test_nothing_is_added_to_a_transaction_later(billing: Billing) -> None:
    one = new_id()
    before = (a_transaction(one), entries(one, 4, -4))
    url = billing.database.url
    assert await refusal(url, *before, entries(one, 4, -4)) == UNIQUE_VIOLATION
    assert await refusal(url, *before, entries(one, 4, -4, first=3)) == CHECK_VIOLATION


async def test_no_request_is_booked_twice(billing: Billing, user_id: str) -> None:
    charged = record(user_id, 1)
    await billing.feed.send(charged)
    again = (
        "INSERT INTO ledger_transaction"
        " (transaction_id, type, account_id, amount, reference, create_time)"
        f" VALUES ('{new_id()}', 'usage', '{user_id}', -1, '{charged.request_id}', now())"
    )
    assert await refusal(billing.database.url, again) == UNIQUE_VIOLATION


async def test_no_account_has_less_than_nothing_lent(billing: Billing) -> None:
    statement = "UPDATE account SET leased = leased - 1 WHERE account_id = 'system:revenue'"
    assert await refusal(billing.database.url, statement) == CHECK_VIOLATION
