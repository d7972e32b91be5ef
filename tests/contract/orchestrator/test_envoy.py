"""Orchestrator as the control plane of a real Envoy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from aggregator.orchestrator.v1 import provider_service_pb2 as pb2
from envoy.service.discovery.v3.ads_pb2_grpc import AggregatedDiscoveryServiceStub

from tests.contract.orchestrator.certificates import make_authority
from tests.contract.orchestrator.conftest import (
    MESH_SECRET,
    OPERATOR,
    Orchestrator,
    running_orchestrator,
)
from tests.contract.orchestrator.envoy_process import Envoy, eventually, running_envoy
from tests.contract.orchestrator.provider_server import ProviderServer, provider_server
from tests.contract.orchestrator.requests import create_provider
from tests.servers import free_port


@pytest.fixture
async def envoy(orchestrator: Orchestrator, tmp_path: Path) -> AsyncIterator[Envoy]:
    address = orchestrator.service.address
    async with running_envoy(address, mesh_secret=MESH_SECRET, folder=tmp_path) as running:
        yield running


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with provider_server() as running:
        yield running


async def _create(stub: Any, provider_id: str, *, base_url: str, credential: str = "") -> None:
    request = create_provider(provider_id, base_url=base_url, credential=credential)
    await stub.CreateProvider(request, metadata=OPERATOR)


async def _delete(stub: Any, provider_id: str) -> None:
    request = pb2.DeleteProviderRequest(provider_id=provider_id)
    await stub.DeleteProvider(request, metadata=OPERATOR)


async def _until_served(envoy: Envoy, *provider_ids: str) -> None:
    wanted = {f"provider-{each}" for each in provider_ids}

    async def served() -> bool:
        return set(await envoy.clusters()) == wanted

    await eventually(served)


async def test_a_new_provider_is_called_with_its_credential(
    orchestrator: Orchestrator, envoy: Envoy, server: ProviderServer
) -> None:
    base_url = f"http://127.0.0.1:{server.port}/of-alpha"
    await _create(orchestrator.providers, "alpha", base_url=base_url, credential="word-a")
    await _until_served(envoy, "alpha")

    async with envoy.post("alpha", data=b'{"model":"gpt"}') as answer:
        text = await answer.text()

    (request,) = server.requests
    assert (answer.status, text) == (200, "first half, second half")
    assert request.path == "/of-alpha/chat/completions"
    assert request.headers["authorization"] == "Bearer word-a"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert await envoy.stat("cluster_manager.cds.update_rejected") == 0


async def test_a_host_name_is_resolved(
    orchestrator: Orchestrator, envoy: Envoy, server: ProviderServer
) -> None:
    base_url = f"http://localhost:{server.port}"
    await _create(orchestrator.providers, "alpha", base_url=base_url)
    await _until_served(envoy, "alpha")

    assert await envoy.status("alpha") == 200
    assert server.requests[0].headers["host"] == f"localhost:{server.port}"
    assert "authorization" not in server.requests[0].headers


async def test_a_deleted_provider_is_gone(orchestrator: Orchestrator, envoy: Envoy) -> None:
    for name in ("alpha", "bravo"):
        await _create(orchestrator.providers, name, base_url="http://127.0.0.1:9", credential="w")
    await _until_served(envoy, "alpha", "bravo")

    await _delete(orchestrator.providers, "alpha")

    await _until_served(envoy, "bravo")


async def test_a_request_under_way_outlives_its_provider(
    orchestrator: Orchestrator, envoy: Envoy, server: ProviderServer
) -> None:
    base_url = f"http://127.0.0.1:{server.port}"
    await _create(orchestrator.providers, "alpha", base_url=base_url, credential="w")
    await _until_served(envoy, "alpha")
    server.go_on.clear()

    async with envoy.post("alpha", data=b"{}") as answer:
        await _delete(orchestrator.providers, "alpha")
        await _until_served(envoy)
        server.go_on.set()
        text = await answer.text()

    assert text == "first half, second half"


async def test_a_provider_made_again_is_called_where_it_is_now(
    orchestrator: Orchestrator, envoy: Envoy, server: ProviderServer
) -> None:
    await _create(
        orchestrator.providers, "alpha", base_url="http://127.0.0.1:9", credential="old-word"
    )
    await _until_served(envoy, "alpha")

    await _delete(orchestrator.providers, "alpha")
    base_url = f"http://127.0.0.1:{server.port}"
    await _create(orchestrator.providers, "alpha", base_url=base_url, credential="new-word")

    async def reached() -> bool:
        return await envoy.status("alpha") == 200

    await eventually(reached)
    # The old word is for the old host only.
    assert {each.headers["authorization"] for each in server.requests} == {"Bearer new-word"}


async def test_a_provider_that_is_away_is_left_alone_and_then_found_again(
    orchestrator: Orchestrator, envoy: Envoy
) -> None:
    port = free_port()
    await _create(orchestrator.providers, "alpha", base_url=f"http://127.0.0.1:{port}")
    await _until_served(envoy, "alpha")

    async def left_alone() -> bool:
        assert await envoy.status("alpha") == 503
        return await envoy.stat("cluster.provider-alpha.outlier_detection.ejections_active") == 1

    async def found() -> bool:
        return await envoy.status("alpha") == 200

    await eventually(left_alone)
    attempts = await envoy.stat("cluster.provider-alpha.upstream_cx_total")
    assert await envoy.status("alpha") == 503
    assert await envoy.stat("cluster.provider-alpha.upstream_cx_total") == attempts
    async with provider_server(port=port):
        await eventually(found)


async def test_swapped_credentials_are_never_sent(
    orchestrator: Orchestrator, server: ProviderServer, tmp_path: Path
) -> None:
    base_url = f"http://127.0.0.1:{server.port}"
    await _create(orchestrator.providers, "alpha", base_url=base_url, credential="word-a")
    await _create(orchestrator.providers, "bravo", base_url=base_url, credential="word-b")
    await _swap_credentials(orchestrator)
    await _create(orchestrator.providers, "charlie", base_url=base_url)
    address = orchestrator.service.address

    # This Envoy was told of nothing before.
    async with running_envoy(address, mesh_secret=MESH_SECRET, folder=tmp_path) as envoy:
        await _until_served(envoy, "alpha", "bravo", "charlie")
        statuses = [await envoy.status(name) for name in ("alpha", "bravo")]

    assert statuses == [401, 401]
    assert server.requests == []


async def _swap_credentials(orchestrator: Orchestrator) -> None:
    connection = await asyncpg.connect(
        orchestrator.database.owner_url.replace("postgresql+asyncpg", "postgresql")
    )
    try:
        rows = await connection.fetch("DELETE FROM provider_credential RETURNING *")
        one, other = (tuple(row) for row in rows)
        await connection.executemany(
            "INSERT INTO provider_credential VALUES ($1, $2, $3)",
            [(one[0], *other[1:]), (other[0], *one[1:])],
        )
        await connection.execute("UPDATE routing_version SET version = version + 1")
    finally:
        await connection.close()


async def test_envoy_goes_on_without_orchestrator_and_finds_it_again(
    orchestrator: Orchestrator, server: ProviderServer, tmp_path: Path
) -> None:
    settings = replace(orchestrator.settings, listen_address=f"127.0.0.1:{free_port()}")
    address, base_url = settings.listen_address, f"http://127.0.0.1:{server.port}"
    await _create(orchestrator.providers, "alpha", base_url=base_url, credential="word-a")
    async with AsyncExitStack() as stack:
        async with running_orchestrator(settings):
            edge = running_envoy(address, mesh_secret=MESH_SECRET, folder=tmp_path)
            envoy = await stack.enter_async_context(edge)
            await _until_served(envoy, "alpha")

        assert await envoy.status("alpha") == 200
        await _create(orchestrator.providers, "bravo", base_url=base_url, credential="word-b")
        async with running_orchestrator(settings):
            await _until_served(envoy, "alpha", "bravo")
            assert await envoy.status("bravo") == 200


@pytest.mark.parametrize(("host", "status"), [("localhost", 200), ("elsewhere.example", 503)])
async def test_an_https_provider_must_prove_its_name(
    orchestrator: Orchestrator, tmp_path: Path, host: str, status: int
) -> None:
    authority, tls = make_authority(tmp_path, host=host)
    settings = replace(
        orchestrator.settings,
        listen_address=f"127.0.0.1:{free_port()}",
        trusted_ca_file=authority,
    )
    address = settings.listen_address
    async with (
        running_orchestrator(settings),
        provider_server(tls=tls) as server,
        running_envoy(address, mesh_secret=MESH_SECRET, folder=tmp_path) as envoy,
    ):
        base_url = f"https://localhost:{server.port}"
        await _create(orchestrator.providers, "alpha", base_url=base_url, credential="word-a")
        await _until_served(envoy, "alpha")

        found = await envoy.status("alpha")

    assert found == status
    assert len(server.requests) == (1 if status == 200 else 0)


async def test_strangers_get_no_credentials(orchestrator: Orchestrator) -> None:
    async with grpc.aio.insecure_channel(orchestrator.service.address) as channel:
        stub: Any = AggregatedDiscoveryServiceStub(channel)
        for metadata, code in (
            ((), grpc.StatusCode.UNAUTHENTICATED),
            ((("x-aggregator-mesh", "guessed-secret-of-mesh"),), grpc.StatusCode.UNAUTHENTICATED),
            (OPERATOR, grpc.StatusCode.PERMISSION_DENIED),
        ):
            call = stub.StreamAggregatedResources(metadata=metadata)
            async with asyncio.timeout(10):
                assert await call.code() == code
