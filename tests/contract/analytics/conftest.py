"""Analytics on a real port, with a real database and broker."""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nats
import pytest
from aggregator.analytics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from google.protobuf.message import Message

from services.analytics.settings import AnalyticsSettings
from services.analytics.wiring import wire
from services.chassis.app import App
from services.kernel.caller import Caller, Kind
from services.kernel.errors import InvalidCredential
from services.kernel.ids import new_id
from tests.contract.analytics.acks import Acks
from tests.contract.running_service import running
from tests.servers import PostgresServer, ServiceDatabase, free_port

IDENTITY = "x-aggregator-identity"


class FakeAuthenticator:
    """Takes `user:<id>` and `operator:<id>` for tokens."""

    async def token(self, token: str, *, kinds: tuple[str, ...]) -> Caller:
        kind, _, user_id = token.partition(":")
        return Caller(Kind(kind), user_id)

    async def api_key(self, secret: str) -> Caller:
        raise InvalidCredential


@dataclass(frozen=True)
class Analytics:
    stub: Any
    database: ServiceDatabase
    acks: Acks

    async def publish(self, stream: str, *batches: Message) -> None:
        """Publishes messages and waits until analytics has acknowledged each."""
        await self.acks.publish(stream, [batch.SerializeToString() for batch in batches])

    async def publish_raw(self, stream: str, payloads: Sequence[bytes]) -> None:
        await self.acks.publish(stream, payloads)


def acting(kind: str, user_id: str) -> tuple[tuple[str, str], ...]:
    """Returns the metadata of a call on behalf of somebody."""
    return ((IDENTITY, f"{kind}:{user_id}"),)


@pytest.fixture
def user_id() -> str:
    """A user nobody else has."""
    return new_id()


@pytest.fixture(scope="session")
def analytics_database(postgres: PostgresServer) -> ServiceDatabase:
    return postgres.new_database("analytics")


@pytest.fixture(scope="session")
def analytics_settings(
    analytics_database: ServiceDatabase, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AnalyticsSettings:
    return settings_for(analytics_database, nats_url, folder=tmp_path_factory.mktemp("analytics"))


def settings_for(database: ServiceDatabase, nats_url: str, *, folder: Path) -> AnalyticsSettings:
    secret = folder / "mesh"
    secret.write_text(secrets.token_hex(24))
    here = f"127.0.0.1:{free_port()}"
    nowhere = "127.0.0.1:1"
    return AnalyticsSettings(
        listen_address=here,
        auth_address=nowhere,
        orchestrator_address=nowhere,
        proxy_address=nowhere,
        billing_address=nowhere,
        analytics_address=here,
        nats_url=nats_url,
        mesh_secret_file=secret,
        database_url=database.url,
    )


@asynccontextmanager
async def wired(settings: AnalyticsSettings) -> AsyncGenerator[App]:
    async with wire(settings) as app:
        yield replace(app, authenticator=FakeAuthenticator())


@pytest.fixture(scope="session")
async def analytics(
    analytics_settings: AnalyticsSettings, analytics_database: ServiceDatabase, nats_url: str
) -> AsyncIterator[Analytics]:
    async with running(analytics_settings, wired(analytics_settings)) as service:
        client = await nats.connect(nats_url)
        acks = await Acks.listen(client)
        yield Analytics(MetricsServiceStub(service.anonymous), analytics_database, acks)
        await client.close()
