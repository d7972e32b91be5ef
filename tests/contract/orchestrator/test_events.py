"""What analytics is told."""

import asyncio
from collections.abc import AsyncIterator

import nats
import pytest
from aggregator.events.v1 import event_pb2
from aggregator.orchestrator.v1 import model_service_pb2 as model_pb2
from aggregator.orchestrator.v1 import provider_service_pb2 as provider_pb2
from nats.aio.subscription import Subscription

from tests.contract.orchestrator.conftest import OPERATOR, Orchestrator
from tests.contract.orchestrator.requests import create_provider, put_offer

DEADLINE_SECONDS = 10.0


@pytest.fixture
async def heard(orchestrator: Orchestrator) -> AsyncIterator[Subscription]:
    client = await nats.connect(orchestrator.settings.nats_url)
    yield await client.subscribe("analytics.events")
    await client.close()


async def _events(heard: Subscription, *, about: str, count: int) -> list[event_pb2.Event]:
    found: list[event_pb2.Event] = []
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for message in heard.messages:
            batch = event_pb2.EventBatch.FromString(message.data)
            found += [each for each in batch.events if about.encode() in each.details.value]
            if len(found) >= count:
                return found
    raise AssertionError("the subscription ended")


async def test_changes_are_told_in_their_order(
    orchestrator: Orchestrator, heard: Subscription
) -> None:
    providers, models = orchestrator.providers, orchestrator.models
    offer = put_offer("model-of-event", provider_id="eventful")
    await providers.CreateProvider(
        create_provider("eventful", credential="secret-word"), metadata=OPERATOR
    )
    await models.PutOffer(offer, metadata=OPERATOR)
    await models.PutOffer(offer, metadata=OPERATOR)
    await models.DeleteOffer(
        model_pb2.DeleteOfferRequest(provider_id="eventful", model_id="model-of-event"),
        metadata=OPERATOR,
    )
    await providers.DeleteProvider(
        provider_pb2.DeleteProviderRequest(provider_id="eventful"), metadata=OPERATOR
    )

    events = await _events(heard, about="eventful", count=4)

    assert [each.type for each in events] == [
        "provider_created",
        "offer_changed",
        "offer_changed",
        "provider_deleted",
    ]
    assert {each.source for each in events} == {"orchestrator"}
    assert len({each.id for each in events}) == 4
    assert all(each.time.seconds for each in events)
    assert not any(b"secret-word" in each.SerializeToString() for each in events)
    offered = model_pb2.Model()
    assert events[1].details.Unpack(offered)
    assert offered.offers[0].price.version > 0
