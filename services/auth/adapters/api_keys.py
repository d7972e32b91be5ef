"""API keys in Postgres."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.adapters.tables import API_KEYS
from services.auth.domain.api_key import ApiKey, KeyRequest, Mac, Rotation
from services.auth.usecases.ports import Position


@dataclass(frozen=True, slots=True)
class SqlApiKeys:
    """Implements the port ApiKeys."""

    connection: AsyncConnection

    async def add(self, key: ApiKey, *, mac: Mac, request: KeyRequest | Rotation) -> bool:
        """Adds a key; False when its owner's request id was used before."""
        statement = insert(API_KEYS).values(
            key_id=key.key_id,
            user_id=key.user_id,
            display_name=key.display_name,
            scopes=list(key.scopes),
            mac=mac.digest,
            pepper_id=mac.pepper_id,
            create_time=key.create_time,
            expire_time=key.expire_time,
            request_id=request.request_id or None,
            request_digest=request.digest() if request.request_id else None,
        )
        added = await self.connection.execute(
            statement.on_conflict_do_nothing().returning(API_KEYS.c.key_id)
        )
        return added.first() is not None

    async def find_by_request(self, user_id: str, request_id: str) -> tuple[ApiKey, bytes] | None:
        """Returns the key that a request made, and the digest of that request."""
        if not request_id:
            return None
        mine = API_KEYS.c.user_id == user_id
        query = select(API_KEYS).where(mine, API_KEYS.c.request_id == request_id)
        row = (await self.connection.execute(query)).first()
        return (_key(row), row.request_digest) if row else None

    async def find_by_mac(self, macs: tuple[Mac, ...]) -> ApiKey | None:
        """Returns the key that has one of the MACs."""
        query = select(API_KEYS).where(API_KEYS.c.mac.in_([mac.digest for mac in macs]))
        row = (await self.connection.execute(query)).first()
        return _key(row) if row else None

    async def get(self, key_id: str, *, user_id: str) -> ApiKey | None:
        """Returns a key of a user."""
        row = (await self.connection.execute(_one(key_id, user_id=user_id))).first()
        return _key(row) if row else None

    async def get_for_update(self, key_id: str, *, user_id: str) -> ApiKey | None:
        """Returns a key of a user and keeps others from it until this transaction ends."""
        query = _one(key_id, user_id=user_id).with_for_update()
        row = (await self.connection.execute(query)).first()
        return _key(row) if row else None

    async def list(self, user_id: str, *, after: Position | None, limit: int) -> list[ApiKey]:
        """Returns keys of a user, newest first."""
        table = API_KEYS
        query = select(table).where(table.c.user_id == user_id)
        if after is not None:
            order = tuple_(table.c.create_time, table.c.key_id)
            query = query.where(order < tuple_(after.create_time, after.identifier))
        query = query.order_by(table.c.create_time.desc(), table.c.key_id.desc()).limit(limit)
        return [_key(row) for row in (await self.connection.execute(query)).all()]

    async def update(self, key: ApiKey) -> None:
        """Stores what may change about a key: name, scopes and end."""
        statement = update(API_KEYS).where(API_KEYS.c.key_id == key.key_id)
        await self.connection.execute(
            statement.values(
                display_name=key.display_name,
                scopes=list(key.scopes),
                expire_time=key.expire_time,
            )
        )

    async def set_revoked(self, key_id: str, *, now: datetime) -> None:
        """Says that a key no longer works."""
        statement = update(API_KEYS).where(API_KEYS.c.key_id == key_id)
        await self.connection.execute(statement.values(revoke_time=now))


def _one(key_id: str, *, user_id: str) -> Select[Any]:
    return select(API_KEYS).where(API_KEYS.c.user_id == user_id, API_KEYS.c.key_id == key_id)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        user_id=row.user_id,
        display_name=row.display_name,
        scopes=tuple(row.scopes),
        create_time=row.create_time,
        expire_time=row.expire_time,
        revoke_time=row.revoke_time,
    )
