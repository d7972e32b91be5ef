"""Ends an offer."""

from dataclasses import dataclass

from services.kernel.errors import NotFound
from services.orchestrator.domain.changes import OfferChanged
from services.orchestrator.usecases.ports import Begin


@dataclass(frozen=True, slots=True)
class DeleteOffer:
    """Removes an offer; a model without offers disappears."""

    begin: Begin

    async def __call__(self, provider_id: str, *, model_id: str) -> None:
        """Removes the offer. Raises NotFound."""
        async with self.begin() as tx:
            await tx.lock()
            model = await tx.models.find(model_id)
            offers = model.offers if model else ()
            offer = next((each for each in offers if each.provider_id == provider_id), None)
            if offer is None:
                raise NotFound("offer", f"{provider_id}/{model_id}")
            await tx.models.remove_offer(offer)
            await tx.announce(OfferChanged(model_id, provider_id, None))
