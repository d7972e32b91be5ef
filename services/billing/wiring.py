"""Puts billing together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aggregator.billing.v1.balance_service_pb2_grpc import add_BalanceServiceServicer_to_server
from aggregator.billing.v1.lease_service_pb2_grpc import add_LeaseServiceServicer_to_server
from aggregator.billing.v1.payment_service_pb2_grpc import add_PaymentServiceServicer_to_server
from aggregator.billing.v1.transaction_service_pb2_grpc import (
    add_TransactionServiceServicer_to_server,
)

from services.billing.adapters.books import OpenBooks
from services.billing.adapters.lease_sweeper import LeaseSweeper
from services.billing.adapters.sandbox_processor import SandboxProcessor
from services.billing.adapters.tables import outbox
from services.billing.adapters.usage_stream import UsageStream
from services.billing.rpc.balance_servicer import BalanceServicer
from services.billing.rpc.lease_servicer import LeaseServicer
from services.billing.rpc.payment_servicer import PaymentServicer
from services.billing.rpc.transaction_servicer import TransactionServicer
from services.billing.settings import BillingSettings
from services.billing.usecases.acquire_lease import AcquireLease
from services.billing.usecases.close_expired_leases import CloseExpiredLeases
from services.billing.usecases.create_transaction import CreateTransaction
from services.billing.usecases.get_balance import GetBalance
from services.billing.usecases.get_trial_balance import GetTrialBalance
from services.billing.usecases.list_transactions import ListTransactions
from services.billing.usecases.list_usage import ListUsage
from services.billing.usecases.ports import Begin
from services.billing.usecases.process_payment import ProcessPayment
from services.billing.usecases.refund_payment import RefundPayment
from services.billing.usecases.return_lease import ReturnLease
from services.billing.usecases.settle_usage import SettleUsage
from services.chassis.app import App, Servicer
from services.chassis.authenticator import RemoteAuthenticator
from services.chassis.bus import open_bus
from services.chassis.channel import open_channel
from services.chassis.outbox import OutboxRelay
from services.chassis.postgres import open_database
from services.kernel.clock import SystemClock

PACKAGE = "aggregator.billing.v1"


@asynccontextmanager
async def wire(settings: BillingSettings) -> AsyncGenerator[App]:
    """Connects billing to its database, the bus and auth."""
    secret = settings.mesh_secret()
    async with (
        open_database(settings.database_url) as database,
        open_bus(settings.nats_url, name="billing") as bus,
        open_channel(settings.auth_address, mesh_secret=secret) as auth,
    ):
        relay = OutboxRelay(database, outbox, bus)
        begin = OpenBooks(database, relay, settings.lease_seconds)
        settle = SettleUsage(begin, SystemClock(), settings.settle_records_max)
        sweeper = LeaseSweeper(CloseExpiredLeases(begin), settings.lease_sweep_seconds)
        yield App(
            authenticator=RemoteAuthenticator(auth),
            servicers=_servicers(begin),
            background=(relay.run, UsageStream(bus, settle).run, sweeper.run),
            ready=(database.reachable,),
        )


def _servicers(begin: Begin) -> tuple[Servicer, ...]:
    balances = BalanceServicer(GetBalance(begin), GetTrialBalance(begin))
    clock, processor = SystemClock(), SandboxProcessor()
    transactions = TransactionServicer(
        CreateTransaction(begin, clock), ListTransactions(begin), ListUsage(begin)
    )
    payments = PaymentServicer(
        ProcessPayment(begin, processor, clock), RefundPayment(begin, processor, clock)
    )
    leases = LeaseServicer(AcquireLease(begin), ReturnLease(begin))
    return (
        Servicer(f"{PACKAGE}.BalanceService", balances, add_BalanceServiceServicer_to_server),
        Servicer(
            f"{PACKAGE}.TransactionService", transactions, add_TransactionServiceServicer_to_server
        ),
        Servicer(f"{PACKAGE}.PaymentService", payments, add_PaymentServiceServicer_to_server),
        Servicer(f"{PACKAGE}.LeaseService", leases, add_LeaseServiceServicer_to_server),
    )
