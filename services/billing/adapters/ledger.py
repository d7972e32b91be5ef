"""The ledger in Postgres: entries that never change, and the balances that they add up to."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, desc, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.billing.adapters.announcement import announcement
from services.billing.adapters.tables import ledger_transaction as table
from services.billing.domain.books import TrialBalance
from services.billing.domain.page import Page
from services.billing.domain.transaction import Transaction, TransactionType
from services.chassis.bus import ANALYTICS_SUBJECT
from services.chassis.outbox import Outbox
from services.chassis.page_token import cut

INSERT_TRANSACTIONS = text(
    """
    INSERT INTO ledger_transaction
        (transaction_id, type, account_id, amount, reference, create_time, reason)
    SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:accounts AS text[]),
        CAST(:amounts AS bigint[]), CAST(:references AS uuid[]), CAST(:times AS timestamptz[]),
        CAST(:reasons AS text[])
    )
    """
)
INSERT_ENTRIES = text(
    """
    INSERT INTO ledger_entry (transaction_id, line, account_id, amount)
    SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:lines AS smallint[]), CAST(:accounts AS text[]),
        CAST(:amounts AS bigint[])
    )
    """
)
MOVE_ACCOUNTS = text(
    """
    UPDATE account SET posted = posted + gained
    FROM unnest(CAST(:ids AS text[]), CAST(:amounts AS bigint[])) AS moved (id, gained)
    WHERE account_id = id
    """
)
PROOF_TIMEOUT = text("SET LOCAL statement_timeout = '25s'")
# One statement sees one moment.
PROOF = text(
    """
    WITH replay AS (
        SELECT account_id, sum(amount) AS posted, count(*) AS entries
        FROM ledger_entry GROUP BY account_id
    ), reserved AS (
        SELECT account_id, sum(greatest(granted - consumed, 0)) AS leased
        FROM lease WHERE is_open GROUP BY account_id
    )
    SELECT
        (SELECT coalesce(sum(posted), 0)::bigint FROM replay) AS total,
        (SELECT coalesce(sum(entries), 0)::bigint FROM replay) AS entries,
        (SELECT count(*) FROM ledger_transaction) AS transactions,
        (SELECT count(*) FROM usage_record) AS usage_records,
        ARRAY(
            SELECT account_id FROM account
            LEFT JOIN replay USING (account_id) LEFT JOIN reserved USING (account_id)
            WHERE account.posted <> coalesce(replay.posted, 0)
                OR account.leased <> coalesce(reserved.leased, 0)
            ORDER BY account_id LIMIT 1000
        ) AS drifted
    """
)


def _transaction(row: Row[Any]) -> Transaction:
    return Transaction(
        transaction_id=row.transaction_id,
        type=TransactionType(row.type),
        account_id=row.account_id,
        amount=row.amount,
        reference=row.reference,
        create_time=row.create_time,
        reason=row.reason,
    )


class SqlLedger:
    """Implements the port Ledger."""

    def __init__(self, connection: AsyncConnection, outbox: Outbox) -> None:
        self._connection = connection
        self._outbox = outbox
        # Whether something was announced, which the relay should publish after the commit.
        self.has_posted = False

    async def post(self, transactions: Sequence[Transaction]) -> None:
        """Books transactions, moves the locked accounts accordingly and announces the former."""
        await self._insert_transactions(transactions)
        await self._insert_entries(transactions)
        await self._move_accounts(transactions)
        await self._outbox.append(ANALYTICS_SUBJECT, [announcement(transactions)])
        self.has_posted = True

    async def _insert_transactions(self, transactions: Sequence[Transaction]) -> None:
        values = {
            "ids": [each.transaction_id for each in transactions],
            "types": [each.type.value for each in transactions],
            "accounts": [each.account_id for each in transactions],
            "amounts": [each.amount for each in transactions],
            "references": [each.reference for each in transactions],
            "times": [each.create_time for each in transactions],
            "reasons": [each.reason for each in transactions],
        }
        await self._connection.execute(INSERT_TRANSACTIONS, values)

    async def _insert_entries(self, transactions: Sequence[Transaction]) -> None:
        lines = [
            (each.transaction_id, line, entry)
            for each in transactions
            for line, entry in enumerate(each.entries, start=1)
        ]
        values = {
            "ids": [transaction_id for transaction_id, _, _ in lines],
            "lines": [line for _, line, _ in lines],
            "accounts": [entry.account_id for _, _, entry in lines],
            "amounts": [entry.amount for _, _, entry in lines],
        }
        await self._connection.execute(INSERT_ENTRIES, values)

    async def _move_accounts(self, transactions: Sequence[Transaction]) -> None:
        gained: Counter[str] = Counter()
        for each in transactions:
            for entry in each.entries:
                gained[entry.account_id] += entry.amount
        values = {"ids": list(gained), "amounts": list(gained.values())}
        await self._connection.execute(MOVE_ACCOUNTS, values)

    async def find(self, transaction_id: str) -> Transaction | None:
        """Returns a transaction."""
        query = select(table).where(table.c.transaction_id == transaction_id)
        row = (await self._connection.execute(query)).first()
        return _transaction(row) if row else None

    async def find_by(self, reference: str, *, kind: TransactionType) -> Transaction | None:
        """Returns the one transaction of a type that has a reference."""
        query = select(table).where(table.c.reference == reference, table.c.type == kind.value)
        row = (await self._connection.execute(query)).first()
        return _transaction(row) if row else None

    async def page(self, account_id: str, *, before: int | None, limit: int) -> Page[Transaction]:
        """Returns an account's transactions, newest first."""
        query = select(table).where(table.c.account_id == account_id)
        if before is not None:
            query = query.where(table.c.position < before)
        query = query.order_by(desc(table.c.position)).limit(limit + 1)
        rows, more = cut((await self._connection.execute(query)).all(), limit)
        return Page([_transaction(row) for row in rows], rows[-1].position if more else None)

    async def trial_balance(self) -> TrialBalance:
        """Adds up and replays everything, as of one moment."""
        await self._connection.execute(PROOF_TIMEOUT)
        row = (await self._connection.execute(PROOF)).one()
        return TrialBalance(
            total=row.total,
            entries=row.entries,
            transactions=row.transactions,
            usage_records=row.usage_records,
            drifted_account_ids=tuple(row.drifted),
        )
