"""Explains where a request would go."""

from dataclasses import dataclass

from services.kernel.errors import NotFound
from services.orchestrator.domain.routing import Decision, decide
from services.orchestrator.usecases.ports import Begin


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """Decides as the routing table would, without sending anything."""

    begin: Begin

    async def __call__(self, model_id: str, *, pinned: str) -> Decision:
        """Returns the decision. Raises NotFound for an unknown model or pinned provider."""
        async with self.begin() as tx:
            # Read first: should a change come in between, the decision is newer than it says.
            version = await tx.version()
            if pinned and await tx.providers.find(pinned) is None:
                raise NotFound("provider", pinned)
            model = await tx.models.find(model_id)
        if model is None:
            raise NotFound("model", model_id)
        return decide(model, pinned=pinned, table_version=version)
