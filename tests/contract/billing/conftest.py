"""Billing on a real port, with a real database and broker."""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import nats
import pytest
from aggregator.billing.v1 import balance_service_pb2 as balance_pb2
from aggregator.billing.v1 import payment_service_pb2 as payment_pb2
from aggregator.billing.v1.balance_service_pb2_grpc import BalanceServiceStub
from aggregator.billing.v1.lease_service_pb2_grpc import LeaseServiceStub
from aggregator.billing.v1.payment_service_pb2_grpc import PaymentServiceStub
from aggregator.billing.v1.transaction_service_pb2_grpc import TransactionServiceStub

from services.billing.settings import BillingSettings
from services.billing.wiring import wire
from services.chassis.app import App
from services.chassis.money import to_money
from services.kernel.caller import Caller, Kind
from services.kernel.errors import InvalidCredential
from services.kernel.ids import new_id
from tests.contract.billing.feed import Feed
from tests.contract.running_service import RunningService, running
from tests.servers import PostgresServer, ServiceDatabase, free_port

Metadata = tuple[tuple[str, str], ...]


class FakeAuthenticator:
    """Takes `user:<id>`, `operator:<id>` and, for keys, `user:<id>:<scope>` for tokens."""

    async def token(self, token: str, *, kinds: tuple[str, ...]) -> Caller:
        kind, user_id, *scopes = token.split(":")
        return Caller(Kind(kind), user_id, scopes=frozenset(scopes) if scopes else None)

    async def api_key(self, secret: str) -> Caller:
        raise InvalidCredential


def acting(token: str) -> Metadata:
    """Returns the metadata of a call on behalf of somebody."""
    return (("x-aggregator-identity", token),)


OPERATOR = acting("operator:boss")


@dataclass(frozen=True)
class Billing:
    balances: Any
    transactions: Any
    payments: Any
    leases: Any
    # As somebody without the mesh secret would call.
    public_leases: Any
    feed: Feed
    database: ServiceDatabase

    @staticmethod
    def at(service: RunningService, feed: Feed, database: ServiceDatabase) -> "Billing":
        channel = service.anonymous
        return Billing(
            balances=BalanceServiceStub(channel),
            transactions=TransactionServiceStub(channel),
            payments=PaymentServiceStub(channel),
            leases=LeaseServiceStub(service.mesh),
            public_leases=LeaseServiceStub(channel),
            feed=feed,
            database=database,
        )

    async def pay(self, user_id: str, nanos: int, *, request_id: str = "") -> Any:
        """Tops a user's account up, on their own behalf."""
        request = payment_pb2.ProcessPaymentRequest(
            user_id="me",
            amount=to_money(nanos),
            payment_method="sandbox_card_success",
            request_id=request_id or new_id(),
        )
        return await self.payments.ProcessPayment(request, metadata=acting(f"user:{user_id}"))

    async def balance(self, user_id: str) -> tuple[int, int, int]:
        """Returns posted, held and available in nano-dollars."""
        answer = await self.balances.GetBalance(
            balance_pb2.GetBalanceRequest(user_id="me"), metadata=acting(f"user:{user_id}")
        )
        amounts = (answer.posted, answer.held, answer.available)
        posted, held, available = (each.units * 10**9 + each.nanos for each in amounts)
        return posted, held, available

    async def proof(self) -> balance_pb2.GetTrialBalanceResponse:
        """Returns the trial balance."""
        request = balance_pb2.GetTrialBalanceRequest()
        return await self.balances.GetTrialBalance(request, metadata=OPERATOR)


@pytest.fixture
def user_id() -> str:
    """A user nobody else has."""
    return new_id()


@pytest.fixture(scope="session")
def billing_database(postgres: PostgresServer) -> ServiceDatabase:
    return postgres.new_database("billing")


@pytest.fixture(scope="session")
def billing_settings(
    billing_database: ServiceDatabase, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> BillingSettings:
    secret = tmp_path_factory.mktemp("billing") / "mesh"
    secret.write_text(secrets.token_hex(24))
    here, nowhere = f"127.0.0.1:{free_port()}", "127.0.0.1:1"
    return BillingSettings(
        listen_address=here,
        auth_address=nowhere,
        orchestrator_address=nowhere,
        proxy_address=nowhere,
        billing_address=here,
        analytics_address=nowhere,
        nats_url=nats_url,
        mesh_secret_file=secret,
        database_url=billing_database.url,
        lease_sweep_seconds=0.1,
    )


@asynccontextmanager
async def _wired(settings: BillingSettings) -> AsyncGenerator[App]:
    async with wire(settings) as app:
        yield replace(app, authenticator=FakeAuthenticator())


@pytest.fixture(scope="session")
async def billing(
    billing_settings: BillingSettings, billing_database: ServiceDatabase, nats_url: str
) -> AsyncIterator[Billing]:
    async with running(billing_settings, _wired(billing_settings)) as service:
        client = await nats.connect(nats_url)
        yield Billing.at(service, await Feed.listen(client), billing_database)
        await client.close()
