"""Billing's use cases on a real Postgres, driven from synchronous code."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import uvloop
from sqlalchemy import text

from services.billing.adapters.books import OpenBooks, SqlBooks
from services.billing.adapters.sandbox_processor import SUCCESS, SandboxProcessor
from services.billing.adapters.tables import outbox
from services.billing.domain.adjustment import AdjustmentAsk
from services.billing.domain.payment import PaymentAsk
from services.billing.domain.refund import RefundAsk
from services.billing.usecases.acquire_lease import AcquireLease
from services.billing.usecases.close_expired_leases import CloseExpiredLeases
from services.billing.usecases.create_transaction import CreateTransaction
from services.billing.usecases.get_trial_balance import GetTrialBalance
from services.billing.usecases.process_payment import ProcessPayment
from services.billing.usecases.refund_payment import RefundPayment
from services.billing.usecases.return_lease import ReturnLease
from services.billing.usecases.settle_usage import SettleUsage
from services.chassis.bus import Bus
from services.chassis.outbox import OutboxRelay
from services.chassis.postgres import Database, open_database
from services.kernel.caller import Caller, Kind
from services.kernel.clock import SystemClock
from services.kernel.ids import new_id

Result = TypeVar("Result")
# All of an account at once: its balance, the replay of its entries, and what its transactions add
# up to with both their sides.
STATE = text(
    """
    SELECT account.posted, account.leased, replayed.posted AS replayed, replayed.total
    FROM account, LATERAL (
        SELECT coalesce(sum(e.amount), 0)::bigint AS total,
            coalesce(sum(e.amount) FILTER (WHERE e.account_id = :id), 0)::bigint AS posted
        FROM ledger_transaction t JOIN ledger_entry e USING (transaction_id)
        WHERE t.account_id = :id
    ) AS replayed
    WHERE account.account_id = :id
    """
)
MAKE_DUE = text("UPDATE lease SET expire_time = now() - interval '1 second' WHERE lease_id = :id")


class Crash(Exception):
    """The process dies before its transaction commits."""


@dataclass(frozen=True)
class State:
    posted: int = 0
    leased: int = 0
    # What the account's entries add up to, and both sides of its transactions.
    replayed: int = 0
    total: int = 0


@dataclass
class LedgerSystem:
    runner: asyncio.Runner
    database: Database
    begin: OpenBooks

    def __post_init__(self) -> None:
        clock = SystemClock()
        self.acquire = AcquireLease(self.begin)
        self.give_back = ReturnLease(self.begin)
        self.sweep = CloseExpiredLeases(self.begin)
        self.settle = SettleUsage(self.begin, clock, records_max=3)
        self.settle_and_crash = SettleUsage(self._begin_and_crash, clock)
        self.prove = GetTrialBalance(self.begin)
        self._pay = ProcessPayment(self.begin, SandboxProcessor(), clock)
        self._refund = RefundPayment(self.begin, SandboxProcessor(), clock)
        self._adjust = CreateTransaction(self.begin, clock)

    def run(self, awaitable: Awaitable[Result]) -> Result:
        async def wait() -> Result:
            return await awaitable

        return self.runner.run(wait())

    def pay(self, account_id: str, amount: int, *, request_id: str = "") -> str:
        ask = PaymentAsk(request_id or new_id(), account_id, amount, SUCCESS)
        return self.run(self._pay(Caller(Kind.USER, account_id), ask))[0].payment_id

    def refund(self, payment_id: str, amount: int | None) -> int:
        """Returns what the account gained."""
        ask = RefundAsk(new_id(), payment_id, "a test", amount)
        return self.run(self._refund(ask))[1].amount

    def adjust(self, account_id: str, amount: int) -> None:
        ask = AdjustmentAsk(new_id(), account_id, amount, "a test")
        self.run(self._adjust(Caller(Kind.OPERATOR, "boss"), ask))

    def state(self, account_id: str) -> State:
        row = self._one(STATE, account_id)
        return State(row.posted, row.leased, row.replayed, row.total) if row else State()

    def make_due(self, lease_id: str) -> None:
        self._one(MAKE_DUE, lease_id)

    def history(self, account_id: str, *, limit: int) -> list[int]:
        """What the account gained, newest first, read page by page."""

        async def read() -> list[int]:
            gained: list[int] = []
            before: int | None = None
            while True:
                async with self.begin() as books:
                    page = await books.ledger.page(account_id, before=before, limit=limit)
                gained += [transaction.amount for transaction in page.items]
                before = page.next_position
                if before is None:
                    return gained

        return self.run(read())

    def _one(self, statement: Any, identifier: str) -> Any:
        async def execute() -> Any:
            async with self.database.transaction() as connection:
                result = await connection.execute(statement, {"id": identifier})
                return result.first() if result.returns_rows else None

        return self.run(execute())

    @asynccontextmanager
    async def _begin_and_crash(self) -> AsyncGenerator[SqlBooks]:
        async with self.begin() as books:
            yield books
            raise Crash


@contextmanager
def ledger_system(url: str) -> Generator[LedgerSystem]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        opened = open_database(url)
        database = runner.run(_enter(opened.__aenter__))
        relay = OutboxRelay(database, outbox, Bus("nats://127.0.0.1:1", name="unused"))
        yield LedgerSystem(runner, database, OpenBooks(database, relay, lease_seconds=1800))
        runner.run(_enter(lambda: opened.__aexit__(None, None, None)))


async def _enter(make: Callable[[], Awaitable[Result]]) -> Result:
    return await make()
