"""Decisions and the routing table over gRPC."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import grpc
import pytest
from aggregator.orchestrator.v1 import provider_service_pb2 as provider_pb2
from aggregator.orchestrator.v1 import routing_service_pb2 as pb2
from aggregator.orchestrator.v1.routing_service_pb2_grpc import RoutingServiceStub

from tests.contract.orchestrator.conftest import OPERATOR, USER, Orchestrator, acting
from tests.contract.orchestrator.requests import DOLLAR, create_provider, put_offer

DEADLINE_SECONDS = 10.0


async def _create(orchestrator: Orchestrator, provider_id: str, **fields: str) -> None:
    request = create_provider(provider_id, **fields)
    await orchestrator.providers.CreateProvider(request, metadata=OPERATOR)


async def _put(orchestrator: Orchestrator, provider_id: str, *, priority: int = 0) -> None:
    request = put_offer("gpt", provider_id=provider_id, priority=priority)
    await orchestrator.models.PutOffer(request, metadata=OPERATOR)


async def _route(orchestrator: Orchestrator, model: str, *, provider: str = "") -> Any:
    request = pb2.RouteRequestRequest(model=model, provider=provider)
    return await orchestrator.routing.RouteRequest(request, metadata=USER)


def _watch(orchestrator: Orchestrator) -> Any:
    return RoutingServiceStub(orchestrator.service.mesh).WatchRoutingTable(
        pb2.WatchRoutingTableRequest()
    )


async def _until(
    tables: Any, expected: Callable[[pb2.WatchRoutingTableResponse], bool]
) -> pb2.WatchRoutingTableResponse:
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for table in tables:
            if expected(table):
                return table
    raise AssertionError("the stream ended")


def _has(*provider_ids: str, models: int = 0) -> Callable[[pb2.WatchRoutingTableResponse], bool]:
    return lambda table: (
        list(table.provider_ids) == list(provider_ids) and len(table.routes) == models
    )


async def test_a_decision_is_explained(orchestrator: Orchestrator) -> None:
    await _create(orchestrator, "alpha")
    await _create(orchestrator, "bravo")
    await _put(orchestrator, "alpha", priority=1)
    await _put(orchestrator, "bravo")

    decision = await _route(orchestrator, "gpt")

    assert (decision.model, decision.provider_id) == ("gpt", "bravo")
    assert [(each.provider_id, each.rank) for each in decision.candidates] == [
        ("bravo", 1),
        ("alpha", 2),
    ]
    assert decision.candidates[1].reason == "Its priority 1 comes after 0 of bravo."
    assert decision.candidates[0].price.input_per_million.units == 1
    assert decision.table_version > 0


async def test_a_pinned_decision_drops_the_others(orchestrator: Orchestrator) -> None:
    for name in ("alpha", "bravo"):
        await _create(orchestrator, name)
        await _put(orchestrator, name)

    decision = await _route(orchestrator, "gpt", provider="bravo")

    ranks = {each.provider_id: each.rank for each in decision.candidates}
    assert ranks == {"bravo": 1, "alpha": 0}


@pytest.mark.parametrize(
    ("model", "provider", "missing"),
    [("unheard", "", "model 'unheard'"), ("gpt", "nobody", "provider 'nobody'")],
)
async def test_a_decision_needs_what_exists(
    orchestrator: Orchestrator, model: str, provider: str, missing: str
) -> None:
    await _create(orchestrator, "alpha")
    await _put(orchestrator, "alpha")

    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await _route(orchestrator, model, provider=provider)

    assert refusal.value.code() == grpc.StatusCode.NOT_FOUND
    assert missing in str(refusal.value.details())


async def test_watchers_get_the_table_and_each_change(orchestrator: Orchestrator) -> None:
    tables = _watch(orchestrator)
    first = await _until(tables, _has())

    await _create(orchestrator, "alpha", base_url="https://alpha.example/openai/v1")
    created = await _until(tables, _has("alpha"))
    await _put(orchestrator, "alpha")
    offered = await _until(tables, _has("alpha", models=1))
    await orchestrator.providers.DeleteProvider(
        provider_pb2.DeleteProviderRequest(provider_id="alpha"), metadata=OPERATOR
    )
    deleted = await _until(tables, _has())
    tables.cancel()

    assert first.version < created.version < offered.version < deleted.version
    (target,) = offered.routes[0].targets
    assert (target.cluster, target.base_path) == ("provider-alpha", "/openai/v1")
    assert (target.upstream_model, target.max_output_tokens) == ("gpt", 4096)
    assert target.price.input_nanos_per_million == DOLLAR
    assert target.price.version > 0


async def test_an_offer_put_again_does_not_wake_watchers(orchestrator: Orchestrator) -> None:
    await _create(orchestrator, "echo")
    await _put(orchestrator, "echo")
    tables = _watch(orchestrator)
    before = await _until(tables, _has("echo", models=1))

    await _put(orchestrator, "echo")
    await _create(orchestrator, "foxtrot")
    after = await _until(tables, _has("echo", "foxtrot", models=1))
    tables.cancel()

    assert after.version == before.version + 1


async def test_a_watch_survives_its_database_connections(orchestrator: Orchestrator) -> None:
    tables = _watch(orchestrator)
    await _until(tables, _has())

    ended = await _end_connections(orchestrator)
    await _create(orchestrator, "alpha")
    await _until(tables, _has("alpha"))
    tables.cancel()

    assert ended >= 2


async def _end_connections(orchestrator: Orchestrator) -> int:
    """Ends those of the service as the superuser; returns how many there were."""
    url = orchestrator.database.owner_url.replace("//orchestrator_owner@", "//postgres@")
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        ended = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
    return len(ended)


@pytest.mark.parametrize("caller", ["user", "operator", "key"])
async def test_only_the_mesh_may_watch(orchestrator: Orchestrator, caller: str) -> None:
    watch = orchestrator.routing.WatchRoutingTable(
        pb2.WatchRoutingTableRequest(), metadata=acting(caller)
    )

    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await anext(aiter(watch))

    assert refusal.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_concurrent_changes_are_all_in_the_table(orchestrator: Orchestrator) -> None:
    await _create(orchestrator, "golf")
    requests = [put_offer(f"model-{number}", provider_id="golf") for number in range(20)]
    tables = _watch(orchestrator)
    before = await _until(tables, _has("golf"))

    await asyncio.gather(
        *(orchestrator.models.PutOffer(each, metadata=OPERATOR) for each in requests)
    )
    after = await _until(tables, _has("golf", models=20))
    tables.cancel()

    assert after.version == before.version + 20
    versions = {each.targets[0].price.version for each in after.routes}
    assert len(versions) == 20
