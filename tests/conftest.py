"""Fixtures of the whole test run: servers are started once."""

from collections.abc import Iterator

import pytest

from tests.servers import PostgresServer, running_nats, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real Postgres."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    """A real NATS server with JetStream."""
    with running_nats() as url:
        yield url
