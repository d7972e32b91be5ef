"""A running orchestrator with a database of its own."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aggregator.orchestrator.v1 import provider_service_pb2 as pb2
from aggregator.orchestrator.v1.model_service_pb2_grpc import ModelServiceStub
from aggregator.orchestrator.v1.provider_service_pb2_grpc import ProviderServiceStub
from aggregator.orchestrator.v1.routing_service_pb2_grpc import RoutingServiceStub

from services.chassis.app import App
from services.kernel.caller import Caller, Kind
from services.kernel.errors import InvalidCredential
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.wiring import wire
from tests.contract.running_service import RunningService, running
from tests.servers import PostgresServer, ServiceDatabase, free_port

REPOSITORY = Path(__file__).resolve().parents[3]
MESH_SECRET = "mesh-secret-of-a-test"
CALLERS = {
    "user": Caller(Kind.USER, user_id="u1"),
    "operator": Caller(Kind.OPERATOR, user_id="o1"),
    "key": Caller(Kind.USER, user_id="u1", key_id="k1", scopes=frozenset({"models.read"})),
    "other-key": Caller(Kind.USER, user_id="u1", key_id="k2", scopes=frozenset({"billing.read"})),
}
Metadata = tuple[tuple[str, str], ...]


def acting(name: str) -> Metadata:
    """Returns the metadata of a call by one of the callers."""
    return (("x-aggregator-identity", name),)


OPERATOR = acting("operator")
USER = acting("user")


class KnownCallers:
    """Knows callers by name."""

    async def token(self, token: str, *, kinds: tuple[str, ...]) -> Caller:
        if token not in CALLERS:
            raise InvalidCredential
        return CALLERS[token]

    async def api_key(self, secret: str) -> Caller:
        raise InvalidCredential


@dataclass(frozen=True)
class Orchestrator:
    """A running orchestrator, and how to talk to it."""

    service: RunningService
    settings: OrchestratorSettings
    database: ServiceDatabase

    @property
    def providers(self) -> Any:
        return ProviderServiceStub(self.service.anonymous)

    @property
    def models(self) -> Any:
        return ModelServiceStub(self.service.anonymous)

    @property
    def routing(self) -> Any:
        return RoutingServiceStub(self.service.anonymous)


@asynccontextmanager
async def _wire(settings: OrchestratorSettings) -> AsyncGenerator[App]:
    async with wire(settings) as app:
        yield replace(app, authenticator=KnownCallers())


def running_orchestrator(
    settings: OrchestratorSettings,
) -> AbstractAsyncContextManager[RunningService]:
    """Runs orchestrator; its callers are those of CALLERS."""
    return running(settings, _wire(settings))


@pytest.fixture(scope="session")
def orchestrator_database(postgres: PostgresServer) -> ServiceDatabase:
    return postgres.new_database("orchestrator")


@pytest.fixture(scope="session")
def orchestrator_settings(
    orchestrator_database: ServiceDatabase, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> OrchestratorSettings:
    folder = tmp_path_factory.mktemp("orchestrator")
    secret = folder / "mesh"
    secret.write_text(MESH_SECRET)
    nowhere = "127.0.0.1:1"
    return OrchestratorSettings(
        listen_address=f"127.0.0.1:{free_port()}",
        auth_address=nowhere,
        orchestrator_address=nowhere,
        proxy_address=nowhere,
        billing_address=nowhere,
        analytics_address=nowhere,
        nats_url=nats_url,
        mesh_secret_file=secret,
        database_url=orchestrator_database.url,
        secrets_key_file=folder / "key",
        envoy_lua_directory=REPOSITORY / "envoy" / "lua",
        allow_private_providers=True,
    )


@pytest.fixture(scope="session")
async def one_orchestrator(
    orchestrator_settings: OrchestratorSettings, orchestrator_database: ServiceDatabase
) -> AsyncIterator[Orchestrator]:
    async with running_orchestrator(orchestrator_settings) as service:
        yield Orchestrator(service, orchestrator_settings, orchestrator_database)


@pytest.fixture
async def orchestrator(one_orchestrator: Orchestrator) -> Orchestrator:
    """Orchestrator with an empty catalogue."""
    stub = one_orchestrator.providers
    listed = await stub.ListProviders(pb2.ListProvidersRequest(page_size=200), metadata=OPERATOR)
    for each in listed.providers:
        request = pb2.DeleteProviderRequest(provider_id=each.provider_id)
        await stub.DeleteProvider(request, metadata=OPERATOR)
    return one_orchestrator
