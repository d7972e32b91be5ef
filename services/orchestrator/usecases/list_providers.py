"""Lists the providers."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.domain.provider import Provider
from services.orchestrator.usecases.ports import Begin


@dataclass(frozen=True, slots=True)
class ListProviders:
    """Reads providers by id."""

    begin: Begin

    async def __call__(self, *, after: str, limit: int) -> Sequence[Provider]:
        """Returns at most `limit` providers, from the first one after an id."""
        async with self.begin() as tx:
            return await tx.providers.page(after=after, limit=limit)
