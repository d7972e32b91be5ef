"""Composition root of orchestrator."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import lru_cache

from aggregator.orchestrator.v1.model_service_pb2_grpc import add_ModelServiceServicer_to_server
from aggregator.orchestrator.v1.provider_service_pb2_grpc import (
    add_ProviderServiceServicer_to_server,
)
from aggregator.orchestrator.v1.routing_service_pb2_grpc import (
    add_RoutingServiceServicer_to_server,
)

from services.chassis.app import App, Servicer
from services.chassis.authenticator import RemoteAuthenticator
from services.chassis.bus import open_bus
from services.chassis.channel import open_channel
from services.chassis.environment import SettingsError
from services.chassis.outbox import OutboxRelay
from services.chassis.postgres import open_database
from services.kernel.clock import SystemClock
from services.orchestrator.adapters import tables
from services.orchestrator.adapters.snapshot_feed import SnapshotFeed
from services.orchestrator.adapters.transaction import SqlCatalogue
from services.orchestrator.adapters.vault import Vault, open_vault
from services.orchestrator.rpc.discovery_servicer import DiscoveryServicer
from services.orchestrator.rpc.envoy_cluster import ClusterMaker
from services.orchestrator.rpc.envoy_types import register_discovery
from services.orchestrator.rpc.model_servicer import ModelServicer
from services.orchestrator.rpc.provider_servicer import ProviderServicer
from services.orchestrator.rpc.routing_servicer import RoutingServicer
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.usecases.create_provider import CreateProvider
from services.orchestrator.usecases.delete_offer import DeleteOffer
from services.orchestrator.usecases.delete_provider import DeleteProvider
from services.orchestrator.usecases.get_provider import GetProvider
from services.orchestrator.usecases.list_models import ListModels
from services.orchestrator.usecases.list_providers import ListProviders
from services.orchestrator.usecases.ports import Begin
from services.orchestrator.usecases.put_offer import PutOffer
from services.orchestrator.usecases.route_request import RouteRequest
from services.orchestrator.usecases.watch_clusters import WatchClusters
from services.orchestrator.usecases.watch_routing_table import WatchRoutingTable

# More than providers there will be; each change then makes only what changed.
CLUSTERS_KEPT = 1000


@asynccontextmanager
async def wire(settings: OrchestratorSettings) -> AsyncGenerator[App]:
    """Wires orchestrator."""
    vault = open_vault(settings.secrets_key_file)
    cluster_maker = ClusterMaker(_rewrite_source(settings), str(settings.trusted_ca_file))
    async with (
        open_database(settings.database_url) as database,
        open_bus(settings.nats_url, name="orchestrator") as bus,
        open_channel(settings.auth_address, mesh_secret=settings.mesh_secret()) as auth,
    ):
        relay = OutboxRelay(database, tables.outbox, bus)
        feed = SnapshotFeed(database, vault)
        begin = SqlCatalogue(database, relay.wake).begin
        discovery = DiscoveryServicer(
            WatchClusters(feed.newest), lru_cache(CLUSTERS_KEPT)(cluster_maker)
        )
        yield App(
            authenticator=RemoteAuthenticator(auth),
            servicers=(
                _provider_service(settings, begin, vault),
                _model_service(begin),
                _routing_service(begin, feed),
                Servicer(
                    "envoy.service.discovery.v3.AggregatedDiscoveryService",
                    discovery,
                    register_discovery,
                ),
            ),
            background=(feed.run, relay.run),
            ready=(feed.ready,),
        )


def _rewrite_source(settings: OrchestratorSettings) -> str:
    file = settings.envoy_lua_directory / "rewrite.lua"
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise SettingsError(f"{file.name} can't be read: {error.strerror}") from None


def _provider_service(settings: OrchestratorSettings, begin: Begin, vault: Vault) -> Servicer:
    create = CreateProvider(begin, vault.seal, SystemClock(), settings.allow_private_providers)
    servicer = ProviderServicer(
        create=create,
        get=GetProvider(begin),
        list=ListProviders(begin),
        delete=DeleteProvider(begin),
    )
    name = "aggregator.orchestrator.v1.ProviderService"
    return Servicer(name, servicer, add_ProviderServiceServicer_to_server)


def _model_service(begin: Begin) -> Servicer:
    servicer = ModelServicer(
        put_offer=PutOffer(begin), delete_offer=DeleteOffer(begin), list=ListModels(begin)
    )
    name = "aggregator.orchestrator.v1.ModelService"
    return Servicer(name, servicer, add_ModelServiceServicer_to_server)


def _routing_service(begin: Begin, feed: SnapshotFeed) -> Servicer:
    servicer = RoutingServicer(route=RouteRequest(begin), watch=WatchRoutingTable(feed.newest))
    name = "aggregator.orchestrator.v1.RoutingService"
    return Servicer(name, servicer, add_RoutingServiceServicer_to_server)
