"""Providers in Postgres."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.adapters import tables
from services.orchestrator.domain.base_url import parse_base_url
from services.orchestrator.domain.provider import Provider, ProviderFormat, SealedCredential

_CREDENTIAL = tables.provider_credential.c
_PROVIDER = tables.provider.c


def select_providers() -> Select[Any]:
    """Selects what `to_provider` reads."""
    joined = tables.provider.outerjoin(tables.provider_credential)
    columns = (tables.provider, _CREDENTIAL.nonce, _CREDENTIAL.ciphertext)
    return select(*columns).select_from(joined).order_by(_PROVIDER.provider_id)


def to_provider(row: Row[Any]) -> Provider:
    """Reads a provider from a row."""
    return Provider(
        provider_id=row.provider_id,
        display_name=row.display_name,
        format=ProviderFormat(row.format),
        base_url=parse_base_url(row.base_url),
        has_credential=row.nonce is not None,
        create_time=row.create_time,
    )


def to_sealed(row: Row[Any]) -> SealedCredential | None:
    """Reads a provider's encrypted credential from a row."""
    return None if row.nonce is None else SealedCredential(row.nonce, row.ciphertext)


class ProviderRows:
    """The stored providers, within a transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, provider_id: str) -> Provider | None:
        """Returns a provider."""
        found = await self._connection.execute(
            select_providers().where(_PROVIDER.provider_id == provider_id)
        )
        row = found.one_or_none()
        return None if row is None else to_provider(row)

    async def page(self, *, after: str, limit: int) -> Sequence[Provider]:
        """Returns providers by id, from the first one after an id."""
        query = select_providers().where(_PROVIDER.provider_id > after).limit(limit)
        return [to_provider(row) for row in await self._connection.execute(query)]

    async def add(self, provider: Provider, *, credential: SealedCredential | None) -> None:
        """Stores a provider."""
        values = {
            "provider_id": provider.provider_id,
            "display_name": provider.display_name,
            "format": provider.format.value,
            "base_url": str(provider.base_url),
            "create_time": provider.create_time,
        }
        await self._connection.execute(insert(tables.provider).values(values))
        if credential is not None:
            sealed = {
                "provider_id": provider.provider_id,
                "nonce": credential.nonce,
                "ciphertext": credential.ciphertext,
            }
            await self._connection.execute(insert(tables.provider_credential).values(sealed))

    async def remove(self, provider_id: str) -> None:
        """Removes a provider, its offers, and the models that nobody offers any more."""
        await self._connection.execute(
            delete(tables.provider).where(_PROVIDER.provider_id == provider_id)
        )
        offered = exists().where(tables.offer.c.model_id == tables.model.c.model_id)
        await self._connection.execute(delete(tables.model).where(~offered))
