"""Models, offers and prices in Postgres."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, delete, exists, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kernel.price import Price
from services.orchestrator.adapters import tables
from services.orchestrator.domain.offer import Model, Offer, first_choice_first

_OFFER = tables.offer.c
_PRICE = tables.price.c
_MODEL = tables.model.c


def select_offers() -> Select[Any]:
    """Selects what `to_offer` reads."""
    rates = (
        _PRICE.version,
        _PRICE.input_nanos_per_million,
        _PRICE.output_nanos_per_million,
        _PRICE.cached_input_nanos_per_million,
        _PRICE.request_nanos,
    )
    joined = tables.offer.join(tables.price, _OFFER.price_version == _PRICE.version)
    return select(tables.offer, *rates).select_from(joined)


def to_offer(row: Row[Any]) -> Offer:
    """Reads an offer from a row."""
    price = Price(
        version=row.version,
        input=row.input_nanos_per_million,
        output=row.output_nanos_per_million,
        cached_input=row.cached_input_nanos_per_million,
        request=row.request_nanos,
    )
    return Offer(
        model_id=row.model_id,
        provider_id=row.provider_id,
        upstream_model=row.upstream_model,
        price=price,
        priority=row.priority,
        max_output_tokens=row.max_output_tokens,
    )


class ModelRows:
    """The stored models, within a transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, model_id: str) -> Model | None:
        """Returns a model."""
        found = await self._read(select(_MODEL.model_id).where(_MODEL.model_id == model_id))
        return found[0] if found else None

    async def page(self, *, after: str, limit: int | None) -> Sequence[Model]:
        """Returns models by id, from the first one after an id; all of them without a limit."""
        return await self._read(
            select(_MODEL.model_id)
            .where(_MODEL.model_id > after)
            .order_by(_MODEL.model_id)
            .limit(limit)
        )

    async def _read(self, ids: Select[Any]) -> list[Model]:
        query = select_offers().add_columns(_MODEL.create_time)
        query = query.join(tables.model, _MODEL.model_id == _OFFER.model_id)
        query = query.where(_OFFER.model_id.in_(ids)).order_by(_OFFER.model_id)
        rows = await self._connection.execute(query)
        models: list[Model] = []
        for model_id, of_model in groupby(rows, lambda row: row.model_id):
            together = list(of_model)
            offers = first_choice_first(tuple(map(to_offer, together)))
            models.append(Model(model_id, together[0].create_time, offers))
        return models

    async def add_price(self, offer: Offer) -> Price:
        """Stores the offer's price under a new version, and returns it."""
        price = offer.price
        values = {
            "model_id": offer.model_id,
            "provider_id": offer.provider_id,
            "input_nanos_per_million": price.input,
            "output_nanos_per_million": price.output,
            "cached_input_nanos_per_million": price.cached_input,
            "request_nanos": price.request,
        }
        statement = insert(tables.price).values(values).returning(_PRICE.version)
        version = (await self._connection.execute(statement)).scalar_one()
        return Price(version, price.input, price.output, price.cached_input, price.request)

    async def put_offer(self, offer: Offer) -> None:
        """Stores an offer in the place of the one before it, and its model if it is new."""
        model = postgresql.insert(tables.model).values(model_id=offer.model_id)
        await self._connection.execute(model.on_conflict_do_nothing())
        terms = {
            "upstream_model": offer.upstream_model,
            "price_version": offer.price.version,
            "priority": offer.priority,
            "max_output_tokens": offer.max_output_tokens,
        }
        key = {"model_id": offer.model_id, "provider_id": offer.provider_id}
        statement = postgresql.insert(tables.offer).values(key | terms)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=terms)
        )

    async def remove_offer(self, offer: Offer) -> None:
        """Removes an offer, and the model if nobody else offers it."""
        same = (_OFFER.model_id == offer.model_id) & (_OFFER.provider_id == offer.provider_id)
        await self._connection.execute(delete(tables.offer).where(same))
        offered = exists().where(_OFFER.model_id == _MODEL.model_id)
        await self._connection.execute(
            delete(tables.model).where(_MODEL.model_id == offer.model_id).where(~offered)
        )
