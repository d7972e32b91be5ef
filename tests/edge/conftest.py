"""Two edges for the whole folder, with their doubles."""

import dataclasses
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
import pytest_asyncio
from envoy.service.auth.v3 import external_auth_pb2_grpc
from envoy.service.discovery.v3 import ads_pb2_grpc

from services.local.edge_config import EdgeSettings

from .authorities import MESH_SECRET, Authority, admits, identifies
from .control_plane import ControlPlane, provider_cluster
from .edge_process import Edge, free_ports, start_edge
from .platform import Platform, add_platform
from .provider import Provider

PAGE = "https://app.example.com"
LOGINS_PER_MINUTE = 2
REQUESTS_PER_MINUTE = 5


@dataclass(frozen=True)
class Reply:
    """A whole answer of the edge."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass
class World:
    """Everything around the edge."""

    edge: Edge
    client: aiohttp.ClientSession
    admission: Authority
    auth: Authority
    platform: Platform
    control_plane: ControlPlane
    alpha: Provider
    beta: Provider

    async def infer(
        self, body: bytes = b'{"model":"m"}', *, path: str = "/v1/chat/completions", **headers: str
    ) -> Reply:
        """Sends an inference request and reads the whole answer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.edge.url + path
        async with self.client.post(
            url, data=io.BytesIO(body), headers={"content-type": "application/json"} | sent
        ) as answer:
            return Reply(answer.status, answer.headers, await answer.read())


def edge_settings(directory: Path) -> EdgeSettings:
    """Settings on free ports."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(7)]
    return EdgeSettings(
        edge_address=addresses[0],
        admin_address=addresses[1],
        auth_address=addresses[2],
        orchestrator_address=addresses[3],
        proxy_address=addresses[4],
        billing_address=addresses[5],
        analytics_address=addresses[6],
        admission_socket=str(directory / "admission.sock"),
        journal_path=str(directory / "journal.jsonl"),
        mesh_secret=MESH_SECRET,
    )


async def serve(address: str, *servicers: object) -> grpc.aio.Server:
    """Serves the doubles on an address, `unix:<path>` included."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", 64 << 20)])
    for servicer in servicers:
        if isinstance(servicer, Authority):
            external_auth_pb2_grpc.add_AuthorizationServicer_to_server(servicer, server)
        elif isinstance(servicer, ControlPlane):
            ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(servicer, server)
        elif isinstance(servicer, Platform):
            add_platform(servicer, server)
    server.add_insecure_port(address)
    await server.start()
    return server


@asynccontextmanager
async def open_world(settings: EdgeSettings, *, directory: Path) -> AsyncGenerator[World]:
    """Starts an edge with admission, auth, a control plane, and the providers alpha and beta.

    Of the five services only auth and orchestrator live. The provider `dead` has a closed port.
    """
    alpha, beta = Provider(), Provider()
    await alpha.start()
    await beta.start()
    plane = ControlPlane()
    ports = {"alpha": alpha.port, "beta": beta.port, "dead": free_ports(1)[0]}
    plane.clusters = [provider_cluster(name, port=port) for name, port in ports.items()]
    admission, auth = Authority(admits("provider-alpha")), Authority(identifies("me"))
    platform = Platform()  # pyright: ignore[reportAbstractUsage]
    servers = [
        await serve(settings.auth_address, auth, platform),
        await serve(settings.orchestrator_address, plane, platform),
        await serve(f"unix:{settings.admission_socket}", admission),
    ]
    edge = await start_edge(settings, directory=directory)
    async with aiohttp.ClientSession() as client:
        yield World(edge, client, admission, auth, platform, plane, alpha, beta)
    await edge.stop()
    for server in servers:
        await server.stop(None)
    await alpha.stop()
    await beta.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The edge as it is by default."""
    directory = tmp_path_factory.mktemp("edge")
    async with open_world(edge_settings(directory), directory=directory) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The edge for one page, with limits by address from which 127.0.0.1 is free."""
    directory = tmp_path_factory.mktemp("guarded")
    settings = dataclasses.replace(
        edge_settings(directory),
        cors_origins=(PAGE, "http://localhost:5173"),
        requests_per_minute=REQUESTS_PER_MINUTE,
        login_requests_per_minute=LOGINS_PER_MINUTE,
        unlimited_addresses=("127.0.0.1",),
    )
    async with open_world(settings, directory=directory) as opened:
        yield opened
