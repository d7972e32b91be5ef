"""Lists the models."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.domain.offer import Model
from services.orchestrator.usecases.ports import Begin


@dataclass(frozen=True, slots=True)
class ListModels:
    """Reads models by id, each with its offers, first choice first."""

    begin: Begin

    async def __call__(self, *, after: str = "", limit: int | None = None) -> Sequence[Model]:
        """Returns at most `limit` models, from the first one after an id; all without a limit."""
        async with self.begin() as tx:
            return await tx.models.page(after=after, limit=limit)
