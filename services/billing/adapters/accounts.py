"""Accounts in Postgres."""

from collections.abc import Collection, Mapping

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.billing.adapters.tables import account
from services.billing.domain.account import Account

# Whoever needs several accounts asks for all at once, in the order of their ids; new ones are made
# before any is locked. So two transactions never wait for each other.
MAKE = text(
    """
    INSERT INTO account (account_id, kind)
    SELECT id, 'user' FROM unnest(CAST(:ids AS text[])) AS asked (id) ORDER BY id COLLATE "C"
    ON CONFLICT DO NOTHING
    """
)
LOCK = text(
    """
    SELECT account_id, posted, leased FROM account WHERE account_id = ANY(CAST(:ids AS text[]))
    ORDER BY account_id FOR NO KEY UPDATE
    """
)
LEND = text(
    """
    UPDATE account SET leased = leased + change
    FROM unnest(CAST(:ids AS text[]), CAST(:changes AS bigint[])) AS lent (id, change)
    WHERE account_id = id
    """
)


class SqlAccounts:
    """Implements the port Accounts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self, account_ids: Collection[str]) -> dict[str, Account]:
        """Makes the accounts that are missing, locks all in one order, and returns them."""
        ids = list(account_ids)
        await self._connection.execute(MAKE, {"ids": ids})
        rows = (await self._connection.execute(LOCK, {"ids": ids})).all()
        return {row.account_id: Account(row.account_id, row.posted, row.leased) for row in rows}

    async def find(self, account_id: str) -> Account | None:
        """Returns an account."""
        query = select(account).where(account.c.account_id == account_id)
        row = (await self._connection.execute(query)).first()
        return Account(row.account_id, row.posted, row.leased) if row else None

    async def lend(self, changes: Mapping[str, int]) -> None:
        """Adds to what is set aside in leases; locked accounts only."""
        changed = {account_id: change for account_id, change in changes.items() if change}
        if changed:
            values = {"ids": list(changed), "changes": list(changed.values())}
            await self._connection.execute(LEND, values)
