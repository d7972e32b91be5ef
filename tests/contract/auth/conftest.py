"""Auth on a real port, with a real database and broker."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.auth.settings import AuthSettings
from services.auth.wiring import wire
from tests.contract.auth.client import AuthClient
from tests.contract.running_service import running
from tests.servers import PostgresServer, ServiceDatabase, free_port

OPERATOR_EMAIL = "operator@example.org"
OPERATOR_PASSWORD = "a passphrase for tests only"


@pytest.fixture(scope="session")
def auth_database(postgres: PostgresServer) -> ServiceDatabase:
    return postgres.new_database("auth")


@pytest.fixture(scope="session")
def auth_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets that every instance shares."""
    folder = tmp_path_factory.mktemp("auth")
    (folder / "mesh").write_text(secrets.token_hex(24))
    (folder / "operator-password").write_text(OPERATOR_PASSWORD)
    return folder


def settings_for(database_url: str, nats_url: str, *, folder: Path) -> AuthSettings:
    here = f"127.0.0.1:{free_port()}"
    nowhere = "127.0.0.1:1"
    return AuthSettings(
        listen_address=here,
        auth_address=here,
        orchestrator_address=nowhere,
        proxy_address=nowhere,
        billing_address=nowhere,
        analytics_address=nowhere,
        nats_url=nats_url,
        mesh_secret_file=folder / "mesh",
        database_url=database_url,
        keys_directory=folder / "keys",
        operator_email=OPERATOR_EMAIL,
        operator_password_file=folder / "operator-password",
    )


@pytest.fixture(scope="session")
async def auth(
    auth_database: ServiceDatabase, nats_url: str, auth_folder: Path
) -> AsyncIterator[AuthClient]:
    """One instance of auth."""
    settings = settings_for(auth_database.url, nats_url, folder=auth_folder)
    async with running(settings, wire(settings)) as service:
        yield AuthClient(service)


@pytest.fixture(scope="session")
async def other_auth(
    auth: AuthClient, auth_database: ServiceDatabase, nats_url: str, auth_folder: Path
) -> AsyncIterator[AuthClient]:
    """Another instance with the same keys and database."""
    settings = settings_for(auth_database.url, nats_url, folder=auth_folder)
    async with running(settings, wire(settings)) as service:
        yield AuthClient(service)
