"""Puts the proxy service together."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from aggregator.proxy.v1.inference_service_pb2_grpc import add_InferenceServiceServicer_to_server
from aggregator.proxy.v1.validation_service_pb2_grpc import (
    add_ValidationServiceServicer_to_server,
)

from services.chassis.app import App, Servicer
from services.chassis.authenticator import RemoteAuthenticator
from services.chassis.bus import open_bus
from services.chassis.channel import open_channel
from services.kernel.clock import SystemClock
from services.proxy.adapters.hold_codec import encode_hold
from services.proxy.adapters.journal import FollowedJournal
from services.proxy.adapters.lender import BillingLender
from services.proxy.adapters.openai_edge import open_edge
from services.proxy.adapters.routing_feed import RoutingFeed
from services.proxy.adapters.usage_publisher import UsagePublisher
from services.proxy.adapters.verdict_cache import VerdictCache
from services.proxy.adapters.write_ahead_log import WriteAheadLog
from services.proxy.domain.lease_book import LeaseBook
from services.proxy.rpc.admission_servicer import AdmissionServicer
from services.proxy.rpc.door import open_door
from services.proxy.rpc.inference_servicer import InferenceServicer
from services.proxy.rpc.validation_servicer import ValidationServicer
from services.proxy.settings import ProxySettings
from services.proxy.usecases.admit import Admit
from services.proxy.usecases.fund_account import FundAccount
from services.proxy.usecases.meter import Meter
from services.proxy.usecases.validate_request import ValidateRequest

ROTATE_SECONDS = 5.0


@asynccontextmanager
async def wire(settings: ProxySettings) -> AsyncGenerator[App]:
    """Opens what the service needs and returns it wired; closes everything at the end."""
    clock = SystemClock()
    secret = settings.mesh_secret()
    async with AsyncExitStack() as stack:
        auth, orchestrator, billing = [
            await stack.enter_async_context(open_channel(address, mesh_secret=secret))
            for address in (
                settings.auth_address,
                settings.orchestrator_address,
                settings.billing_address,
            )
        ]
        bus = await stack.enter_async_context(open_bus(settings.nats_url, name=settings.instance))
        edge = await stack.enter_async_context(open_edge(settings.edge_url))
        book = LeaseBook()
        ahead = WriteAheadLog(settings.spool_directory, book)
        stack.callback(ahead.close)
        journal = FollowedJournal(
            settings.journal_file,
            admin_address=settings.envoy_admin_address,
            position=ahead.position,
        )
        verdicts = VerdictCache(auth)
        routes = RoutingFeed(orchestrator, settings.spool_directory)
        lender = BillingLender(billing, instance=settings.instance)
        fund = FundAccount(book, lender, ahead, clock, settings.max_request_seconds)
        admit = Admit(verdicts, routes, book, fund, ahead, clock, settings.concurrent_requests_max)
        hold_seconds = settings.max_request_seconds + settings.journal_grace_seconds
        meter = Meter(journal, book, ahead, UsagePublisher(bus), clock, hold_seconds)
        admission = AdmissionServicer(admit, encode_hold=encode_hold)

        async def serve_admission() -> None:
            async with open_door(admission, settings.admission_socket):
                await asyncio.Event().wait()

        async def rotate_journal() -> None:
            while True:
                await asyncio.sleep(ROTATE_SECONDS)
                if ahead.position:
                    await journal.rotate(ahead.position)

        yield App(
            authenticator=RemoteAuthenticator(auth),
            servicers=(
                Servicer(
                    "aggregator.proxy.v1.InferenceService",
                    InferenceServicer(edge),
                    add_InferenceServiceServicer_to_server,
                ),
                Servicer(
                    "aggregator.proxy.v1.ValidationService",
                    ValidationServicer(ValidateRequest(routes)),
                    add_ValidationServiceServicer_to_server,
                ),
            ),
            background=(
                verdicts.watch,
                routes.watch,
                fund.refill,
                fund.tidy,
                meter.read,
                meter.publish,
                meter.expire,
                ahead.flush,
                rotate_journal,
                serve_admission,
            ),
            ready=(routes.ready,),
        )
