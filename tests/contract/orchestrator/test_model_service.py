"""Models, offers and prices over gRPC."""

import grpc
import pytest
from aggregator.orchestrator.v1 import model_service_pb2 as pb2
from aggregator.orchestrator.v1 import provider_service_pb2 as provider_pb2
from google.type import money_pb2

from services.chassis.money import to_money
from services.chassis.status import reason_of
from tests.contract.orchestrator.conftest import OPERATOR, USER, Metadata, Orchestrator, acting
from tests.contract.orchestrator.requests import DOLLAR, create_provider, price_list, put_offer


@pytest.fixture(autouse=True)
async def providers(orchestrator: Orchestrator) -> None:
    for name in ("alpha", "bravo"):
        await orchestrator.providers.CreateProvider(create_provider(name), metadata=OPERATOR)


async def _put(
    orchestrator: Orchestrator,
    model_id: str,
    *,
    provider_id: str = "alpha",
    price: pb2.PriceList | None = None,
    priority: int = 0,
) -> pb2.Model:
    request = put_offer(model_id, provider_id=provider_id, price=price, priority=priority)
    return (await orchestrator.models.PutOffer(request, metadata=OPERATOR)).model


async def _models(orchestrator: Orchestrator) -> list[pb2.Model]:
    answer = await orchestrator.models.ListModels(pb2.ListModelsRequest(), metadata=USER)
    return list(answer.models)


async def test_a_model_appears_with_its_first_offer(orchestrator: Orchestrator) -> None:
    made = await _put(orchestrator, "meta/llama-3", price=price_list(input_=5, output=7))

    (offer,) = made.offers
    assert await _models(orchestrator) == [made]
    assert (offer.provider_id, offer.upstream_model) == ("alpha", "meta/llama-3")
    assert offer.max_output_tokens == 4096
    assert offer.price.input_per_million == to_money(5)
    # Absent means the input price, and nothing per request.
    assert offer.price.cached_input_per_million == to_money(5)
    assert offer.price.per_request == to_money(0)
    assert offer.price.version > 0


async def test_offers_stand_in_the_order_in_which_they_are_tried(
    orchestrator: Orchestrator,
) -> None:
    await _put(orchestrator, "gpt", provider_id="alpha", priority=1)
    model = await _put(orchestrator, "gpt", provider_id="bravo", priority=0)

    assert [each.provider_id for each in model.offers] == ["bravo", "alpha"]


async def test_putting_an_offer_again_changes_nothing(orchestrator: Orchestrator) -> None:
    first = await _put(orchestrator, "gpt")

    assert await _put(orchestrator, "gpt") == first


async def test_a_changed_price_becomes_a_new_version(orchestrator: Orchestrator) -> None:
    first = await _put(orchestrator, "gpt")
    reordered = await _put(orchestrator, "gpt", priority=5)
    dearer = await _put(orchestrator, "gpt", priority=5, price=price_list(input_=2 * DOLLAR))

    versions = [each.offers[0].price.version for each in (first, reordered, dearer)]
    assert versions[0] == versions[1] < versions[2]


@pytest.mark.parametrize(
    ("price", "field"),
    [
        (pb2.PriceList(), "price.input_per_million"),
        (price_list(input_=-1), "price.input_per_million"),
        (price_list(output=-DOLLAR), "price.output_per_million"),
        (price_list(output=1_000_001 * DOLLAR), "price.output_per_million"),
        (
            pb2.PriceList(
                input_per_million=money_pb2.Money(currency_code="EUR", units=1),
                output_per_million=to_money(0),
            ),
            "price.input_per_million.currency_code",
        ),
    ],
)
async def test_what_is_no_price_is_refused(
    orchestrator: Orchestrator, price: pb2.PriceList, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await _put(orchestrator, "gpt", price=price)

    assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert field in str(refusal.value.trailing_metadata())
    assert await _models(orchestrator) == []


async def test_an_offer_needs_its_provider(orchestrator: Orchestrator) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await _put(orchestrator, "gpt", provider_id="nobody")

    assert refusal.value.code() == grpc.StatusCode.NOT_FOUND
    assert reason_of(refusal.value) == "RESOURCE_NOT_FOUND"


async def test_a_model_disappears_with_its_last_offer(orchestrator: Orchestrator) -> None:
    await _put(orchestrator, "gpt", provider_id="alpha")
    await _put(orchestrator, "gpt", provider_id="bravo")
    stub = orchestrator.models

    left: list[int] = []
    for name in ("alpha", "bravo"):
        request = pb2.DeleteOfferRequest(provider_id=name, model_id="gpt")
        await stub.DeleteOffer(request, metadata=OPERATOR)
        left.append(len(await _models(orchestrator)))

    assert left == [1, 0]
    request = pb2.DeleteOfferRequest(provider_id="alpha", model_id="gpt")
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await stub.DeleteOffer(request, metadata=OPERATOR)
    assert refusal.value.code() == grpc.StatusCode.NOT_FOUND


async def test_a_provider_takes_its_offers_along(orchestrator: Orchestrator) -> None:
    await _put(orchestrator, "shared", provider_id="alpha")
    await _put(orchestrator, "shared", provider_id="bravo")
    await _put(orchestrator, "only-here", provider_id="alpha")

    await orchestrator.providers.DeleteProvider(
        provider_pb2.DeleteProviderRequest(provider_id="alpha"), metadata=OPERATOR
    )

    (model,) = await _models(orchestrator)
    assert (model.model_id, [each.provider_id for each in model.offers]) == ("shared", ["bravo"])


async def test_models_are_listed_by_id_in_pages(orchestrator: Orchestrator) -> None:
    for name in ("b", "B", "a/1", "a", "c"):
        await _put(orchestrator, name, provider_id="alpha")
        await _put(orchestrator, name, provider_id="bravo")

    pages: list[list[str]] = []
    token = ""
    while not pages or token:
        request = pb2.ListModelsRequest(page_size=2, page_token=token)
        answer = await orchestrator.models.ListModels(request, metadata=USER)
        pages.append([each.model_id for each in answer.models])
        assert all(len(each.offers) == 2 for each in answer.models)
        token = answer.next_page_token

    assert pages == [["B", "a"], ["a/1", "b"], ["c"]]


async def test_models_are_listed_in_the_shape_of_openai(orchestrator: Orchestrator) -> None:
    await _put(orchestrator, "gpt", provider_id="alpha", priority=1)
    made = await _put(orchestrator, "gpt", provider_id="bravo")

    answer = await orchestrator.models.ListOpenAiModels(
        pb2.ListOpenAiModelsRequest(), metadata=USER
    )

    created = made.create_time.seconds
    expected = pb2.OpenAiModel(id="gpt", object="model", created=created, owned_by="bravo")
    assert answer == pb2.ListOpenAiModelsResponse(object="list", data=[expected])


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        (acting("user"), grpc.StatusCode.OK),
        (acting("operator"), grpc.StatusCode.OK),
        (acting("key"), grpc.StatusCode.OK),
        (acting("other-key"), grpc.StatusCode.PERMISSION_DENIED),
        ((), grpc.StatusCode.UNAUTHENTICATED),
    ],
)
async def test_who_may_read_models(
    orchestrator: Orchestrator, metadata: Metadata, code: grpc.StatusCode
) -> None:
    for call in (
        orchestrator.models.ListModels(pb2.ListModelsRequest(), metadata=metadata),
        orchestrator.models.ListOpenAiModels(pb2.ListOpenAiModelsRequest(), metadata=metadata),
    ):
        assert await call.code() == code
