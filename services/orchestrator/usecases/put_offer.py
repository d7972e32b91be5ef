"""Makes a provider offer a model, or changes the offer."""

from dataclasses import dataclass, replace

from services.kernel.errors import NotFound
from services.orchestrator.domain.changes import OfferChanged
from services.orchestrator.domain.offer import UNSTORED_VERSION, Model, Offer, with_kept_price
from services.orchestrator.usecases.ports import Begin, Transaction


@dataclass(frozen=True, slots=True)
class PutOffer:
    """Stores an offer. Putting the same offer again changes nothing."""

    begin: Begin

    async def __call__(self, wanted: Offer) -> Model:
        """Returns the model with its offers. Raises NotFound when there is no such provider."""
        async with self.begin() as tx:
            await tx.lock()
            if await tx.providers.find(wanted.provider_id) is None:
                raise NotFound("provider", wanted.provider_id)
            current = _offer_at(wanted.provider_id, await tx.models.find(wanted.model_id))
            offer = with_kept_price(wanted, current=current)
            if offer != current:
                await _store(tx, offer)
            model = await tx.models.find(offer.model_id)
        if model is None:
            raise NotFound("model", wanted.model_id)
        return model


def _offer_at(provider_id: str, model: Model | None) -> Offer | None:
    offers = model.offers if model else ()
    return next((offer for offer in offers if offer.provider_id == provider_id), None)


async def _store(tx: Transaction, offer: Offer) -> None:
    if offer.price.version == UNSTORED_VERSION:
        offer = replace(offer, price=await tx.models.add_price(offer))
    await tx.models.put_offer(offer)
    await tx.announce(OfferChanged(offer.model_id, offer.provider_id, offer))
