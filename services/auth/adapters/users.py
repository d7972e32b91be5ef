"""Users in Postgres."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import USERS
from services.auth.domain.user import Account, Role, User

# Any number will do that no other lock of this database uses.
OPERATOR_LOCK = 4_711_101


@dataclass(frozen=True, slots=True)
class SqlUsers:
    """Implements the port Users."""

    connection: AsyncConnection

    async def add(self, user: User, *, password_hash: str) -> bool:
        """Adds a user; False when the e-mail address is taken."""
        statement = insert(USERS).values(
            user_id=user.user_id,
            email=user.email,
            role=user.role.value,
            password_hash=password_hash,
            create_time=user.create_time,
        )
        statement = statement.on_conflict_do_nothing(index_elements=["email"])
        added = await self.connection.execute(statement.returning(USERS.c.user_id))
        return added.first() is not None

    async def get(self, user_id: str) -> User | None:
        """Returns a user."""
        query = select(USERS).where(USERS.c.user_id == user_id)
        row = (await self.connection.execute(query)).first()
        return _user(row) if row else None

    async def find(self, email: str) -> Account | None:
        """Returns the account of an e-mail address."""
        if "\0" in email:
            # Postgres can't hold it, so nobody has it.
            return None
        query = select(USERS).where(USERS.c.email == email)
        row = (await self.connection.execute(query)).first()
        return Account(_user(row), row.password_hash) if row else None

    async def lock(self, user_id: str) -> Account | None:
        """Returns an account and keeps others from it until this transaction ends."""
        query = select(USERS).where(USERS.c.user_id == user_id).with_for_update()
        row = (await self.connection.execute(query)).first()
        return Account(_user(row), row.password_hash) if row else None

    async def set_password_hash(self, user_id: str, *, password_hash: str) -> None:
        """Replaces a password's hash."""
        statement = update(USERS).where(USERS.c.user_id == user_id)
        await self.connection.execute(statement.values(password_hash=password_hash))

    async def has_operator(self) -> bool:
        """Says whether there is an operator; nobody else can add one until the transaction ends."""
        await self.connection.execute(text(f"SELECT pg_advisory_xact_lock({OPERATOR_LOCK})"))
        query = select(USERS.c.user_id).where(USERS.c.role == Role.OPERATOR.value).limit(1)
        return (await self.connection.execute(query)).first() is not None


def _user(row: Row[Any]) -> User:
    return User(row.user_id, row.email, Role(row.role), row.create_time)
