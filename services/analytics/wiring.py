"""Puts analytics together."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from aggregator.analytics.v1.metrics_service_pb2_grpc import add_MetricsServiceServicer_to_server
from aggregator.events.v1.event_pb2 import EventBatch
from aggregator.proxy.v1.proxy_events_pb2 import UsageBatch

from services.analytics.adapters.feed import Feed
from services.analytics.adapters.transaction import begin_on
from services.analytics.adapters.upkeep import sweep_for_ever
from services.analytics.adapters.wire_facts import to_event, to_request
from services.analytics.rpc.servicer import MetricsServicer
from services.analytics.settings import AnalyticsSettings
from services.analytics.usecases.forget_seen import ForgetSeen
from services.analytics.usecases.get_metrics import GetMetrics
from services.analytics.usecases.ports import Begin
from services.analytics.usecases.record_events import RecordEvents
from services.analytics.usecases.record_usage import RecordUsage
from services.analytics.usecases.summarize_events import SummarizeEvents
from services.chassis.app import App, Servicer
from services.chassis.authenticator import RemoteAuthenticator
from services.chassis.bus import ANALYTICS_SUBJECT, USAGE_SUBJECT, Bus, open_bus
from services.chassis.channel import open_channel
from services.chassis.consumer import Subscription, consume
from services.chassis.postgres import open_database
from services.kernel.clock import SystemClock

USAGE = Subscription("USAGE", USAGE_SUBJECT, "analytics-usage")
EVENTS = Subscription("ANALYTICS", ANALYTICS_SUBJECT, "analytics-events")


@asynccontextmanager
async def wire(settings: AnalyticsSettings) -> AsyncGenerator[App]:
    """Wires the service for as long as it runs."""
    clock = SystemClock()
    secret = settings.mesh_secret()
    async with (
        open_database(settings.database_url) as database,
        open_bus(settings.nats_url, name="analytics") as bus,
        open_channel(settings.auth_address, mesh_secret=secret) as auth,
    ):
        begin = begin_on(database)
        forget = ForgetSeen(begin, clock, timedelta(days=settings.seen_days))
        yield App(
            authenticator=RemoteAuthenticator(auth),
            servicers=(_servicer(begin, clock=clock),),
            background=(
                partial(_consume_usage, bus, record=RecordUsage(begin, clock)),
                partial(_consume_events, bus, record=RecordEvents(begin, clock)),
                partial(sweep_for_ever, forget, every_seconds=settings.sweep_seconds),
            ),
            ready=(database.reachable,),
        )


def _servicer(begin: Begin, *, clock: SystemClock) -> Servicer:
    implementation = MetricsServicer(
        GetMetrics(begin, clock), summarize_events=SummarizeEvents(begin, clock)
    )
    name = "aggregator.analytics.v1.MetricsService"
    return Servicer(name, implementation, add_MetricsServiceServicer_to_server)


async def _consume_usage(bus: Bus, *, record: RecordUsage) -> None:
    feed = Feed(to_request, record)

    async def handle(batches: Sequence[UsageBatch]) -> None:
        await feed(each for batch in batches for each in batch.records)

    await consume(bus, USAGE, UsageBatch, handle)


async def _consume_events(bus: Bus, *, record: RecordEvents) -> None:
    feed = Feed(to_event, record)

    async def handle(batches: Sequence[EventBatch]) -> None:
        await feed(each for batch in batches for each in batch.events)

    await consume(bus, EVENTS, EventBatch, handle)
