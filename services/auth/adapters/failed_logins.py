"""Failed logins in Postgres."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import FAILED_LOGINS
from services.auth.domain.login_backoff import Failures

# Each failure takes away more old rows than it adds, so that the table can't grow for ever.
SWEEP_ROWS = 5


@dataclass(frozen=True, slots=True)
class SqlFailedLogins:
    """Implements the port FailedLogins."""

    connection: AsyncConnection

    async def get(self, email: str) -> Failures | None:
        """Returns the failures of an address."""
        query = select(FAILED_LOGINS).where(FAILED_LOGINS.c.email_digest == _digest(email))
        row = (await self.connection.execute(query)).first()
        return Failures(row.failures, row.last_time) if row else None

    async def add(self, email: str, *, now: datetime, window: timedelta) -> None:
        """Counts a failure; those before the window are forgotten."""
        table = FAILED_LOGINS
        statement = insert(table).values(email_digest=_digest(email), failures=1, last_time=now)
        is_old = table.c.last_time <= now - window
        counted = case((is_old, 1), else_=table.c.failures + 1)
        await self.connection.execute(
            statement.on_conflict_do_update(
                index_elements=["email_digest"], set_={"failures": counted, "last_time": now}
            )
        )
        old = select(table.c.email_digest).where(is_old).limit(SWEEP_ROWS)
        old = old.with_for_update(skip_locked=True)
        await self.connection.execute(delete(table).where(table.c.email_digest.in_(old)))

    async def clear(self, email: str) -> None:
        """Forgets the failures of an address."""
        statement = delete(FAILED_LOGINS).where(FAILED_LOGINS.c.email_digest == _digest(email))
        await self.connection.execute(statement)


def _digest(email: str) -> bytes:
    return hashlib.sha256(email.encode()).digest()
