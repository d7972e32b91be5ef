"""Changing the catalogue."""

from dataclasses import replace

import pytest

from services.kernel.clock import SystemClock
from services.kernel.errors import AlreadyExists, InvalidField, NotFound
from services.orchestrator.adapters.vault import Vault
from services.orchestrator.domain.changes import OfferChanged, ProviderCreated, ProviderDeleted
from services.orchestrator.domain.offer import UNSTORED_VERSION, Offer
from services.orchestrator.domain.provider import Provider, ProviderFormat
from services.orchestrator.usecases.create_provider import CreateProvider
from services.orchestrator.usecases.delete_offer import DeleteOffer
from services.orchestrator.usecases.delete_provider import DeleteProvider
from services.orchestrator.usecases.get_provider import GetProvider
from services.orchestrator.usecases.put_offer import PutOffer
from services.orchestrator.usecases.route_request import RouteRequest
from tests.unit.orchestrator.catalogue import Catalogue
from tests.unit.orchestrator.examples import PRICE, offer, provider

VAULT = Vault(b"k" * 32)


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue()
    made.providers.stored["alpha"] = provider("alpha")
    return made


async def _create(
    catalogue: Catalogue,
    provider_id: str,
    *,
    base_url: str = "https://provider.example",
    credential: str = "word",
) -> Provider:
    create = CreateProvider(catalogue.begin, VAULT.seal, SystemClock(), allow_private=False)
    return await create(
        provider_id,
        display_name="",
        wire_format=ProviderFormat.OPENAI,
        base_url=base_url,
        credential=credential,
    )


def _wanted(*, input_: int = PRICE.input, priority: int = 0) -> Offer:
    price = replace(PRICE, version=UNSTORED_VERSION, input=input_)
    return offer("alpha", price=price, priority=priority)


async def test_a_provider_is_stored_with_its_credential_sealed(catalogue: Catalogue) -> None:
    made = await _create(catalogue, "bravo")

    sealed = catalogue.providers.credentials["bravo"]
    assert sealed is not None
    assert VAULT.open(made, sealed) == "word"
    assert (made.display_name, made.has_credential) == ("bravo", True)
    assert catalogue.changes == [ProviderCreated(made)]


async def test_a_provider_may_need_no_credential(catalogue: Catalogue) -> None:
    made = await _create(catalogue, "bravo", credential="")

    assert catalogue.providers.credentials["bravo"] is None
    assert not made.has_credential


async def test_a_taken_id_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(AlreadyExists):
        await _create(catalogue, "alpha")

    assert catalogue.changes == []


async def test_a_private_url_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(InvalidField):
        await _create(catalogue, "bravo", base_url="http://127.0.0.1:9000")

    assert "bravo" not in catalogue.providers.stored


async def test_deleting_a_provider_is_announced(catalogue: Catalogue) -> None:
    await DeleteProvider(catalogue.begin)("alpha")

    assert catalogue.changes == [ProviderDeleted(provider("alpha"))]
    with pytest.raises(NotFound):
        await GetProvider(catalogue.begin)("alpha")


async def test_putting_the_same_offer_again_changes_nothing(catalogue: Catalogue) -> None:
    put = PutOffer(catalogue.begin)

    first = await put(_wanted())
    second = await put(_wanted())

    assert first == second
    assert len(catalogue.changes) == len(catalogue.models.prices) == 1


async def test_other_terms_keep_the_price_version(catalogue: Catalogue) -> None:
    put = PutOffer(catalogue.begin)

    await put(_wanted())
    changed = await put(_wanted(priority=3))

    assert [(each.priority, each.price.version) for each in changed.offers] == [(3, 1)]
    assert len(catalogue.changes) == 2


async def test_a_changed_price_becomes_a_new_version(catalogue: Catalogue) -> None:
    put = PutOffer(catalogue.begin)

    await put(_wanted(input_=1))
    changed = await put(_wanted(input_=2))

    assert [each.price.version for each in changed.offers] == [2]
    assert [each.input for each in catalogue.models.prices] == [1, 2]


async def test_an_offer_needs_its_provider(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound, match="provider 'bravo'"):
        await PutOffer(catalogue.begin)(offer("bravo"))


async def test_an_offer_ends(catalogue: Catalogue) -> None:
    await PutOffer(catalogue.begin)(_wanted())

    await DeleteOffer(catalogue.begin)("alpha", model_id="gpt")

    assert catalogue.models.offers == {}
    assert catalogue.changes[-1] == OfferChanged("gpt", "alpha", None)


async def test_ending_an_offer_that_is_not_there_fails(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound):
        await DeleteOffer(catalogue.begin)("alpha", model_id="gpt")


async def test_a_route_needs_a_known_model_and_a_known_pin(catalogue: Catalogue) -> None:
    await PutOffer(catalogue.begin)(_wanted())
    route = RouteRequest(catalogue.begin)

    assert (await route("gpt", pinned="alpha")).provider_id == "alpha"
    with pytest.raises(NotFound, match="model 'unheard'"):
        await route("unheard", pinned="")
    with pytest.raises(NotFound, match="provider 'nobody'"):
        await route("gpt", pinned="nobody")
