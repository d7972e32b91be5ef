"""Fixtures of the whole test run: servers are started once."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.collector import TraceCollector, running_collector
from tests.servers import PostgresServer, running_nats, running_postgres
from tests.stack import Customer, Stack, running_stack


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


@pytest.fixture(scope="session")
def collector() -> Iterator[TraceCollector]:
    """An OpenTelemetry collector that remembers spans."""
    with running_collector() as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def stack(collector: TraceCollector) -> AsyncIterator[Stack]:
    """The whole stack, as `./scripts/up` runs it."""
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    async with running_stack(environment=environment) as running:
        yield running


@pytest_asyncio.fixture
async def customer(stack: Stack) -> Customer:
    """A new user with five dollars and a key."""
    return await stack.new_customer()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs quick tests first, and what looks back over the whole run last."""

    def turn(item: pytest.Item) -> int:
        if item.get_closest_marker("last"):
            return 5
        folders = ("unit", "architecture", "property", "contract", "edge", "local", "e2e", "fault")
        parts = item.path.parts
        return 0 if "unit" in parts else 1 + any(f in parts for f in folders[6:])

    items.sort(key=turn)
