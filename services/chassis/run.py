"""The one run loop. `python -m services.<name>` serves; with the word `migrate` it migrates."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

import uvloop
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer

from services.chassis.app import App
from services.chassis.channel import open_channel
from services.chassis.environment import SettingsError, read_settings
from services.chassis.health import MeshHealth
from services.chassis.interceptors import standard_pipeline
from services.chassis.logs import configure_logs, get_logger
from services.chassis.server import AddressInUse, make_server
from services.chassis.settings import DatabaseSettings, ServiceSettings
from services.chassis.telemetry import telemetry

log = get_logger()
Settings = TypeVar("Settings", bound=ServiceSettings)
Wire = Callable[[Settings], AbstractAsyncContextManager[App]]
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class _Stop(Exception):
    """Somebody asked the service to stop."""


def main(name: str, kind: type[Settings], wire: Wire[Settings]) -> None:
    """Runs a service until SIGTERM or SIGINT; exits with 0 then, and with 1 when it failed."""
    try:
        settings = read_settings(kind)
        configure_logs(name, level=settings.log_level)
        if sys.argv[1:] == ["migrate"]:
            _migrate(name, settings)
            return
        with telemetry(name), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(name, settings, wire))
    except (SettingsError, AddressInUse) as error:
        sys.exit(f"{name} can't start: {error}")


def _migrate(name: str, settings: ServiceSettings) -> None:
    # Alembic is slow to import and only needed here.
    from services.chassis.migrate import migrate  # noqa: PLC0415

    if not isinstance(settings, DatabaseSettings) or not settings.migration_database_url:
        raise SettingsError("AGG_MIGRATION_DATABASE_URL is not set")
    migrate(name, settings.migration_database_url)


async def _serve(name: str, settings: Settings, wire: Wire[Settings]) -> None:
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(wire(settings))
        secret = settings.mesh_secret()
        peers = {
            peer: await stack.enter_async_context(open_channel(address, mesh_secret=secret))
            for peer, address in settings.peers.items()
        }
        health = HealthServicer()
        await health.set("", NOT_SERVING)
        pipeline = standard_pipeline(app.authenticator, mesh_secret=secret)
        server = make_server(
            app, settings, pipeline=pipeline, mesh_health=MeshHealth(peers), health=health
        )
        await server.start()
        try:
            async with asyncio.TaskGroup() as group:
                for work in app.background:
                    group.create_task(_forever(work))
                group.create_task(_until_signalled())
                for ready in app.ready:
                    await ready()
                await health.set("", SERVING)
                log.info("service.serving", address=settings.listen_address)
        except* _Stop:
            log.info("service.stopping")
        finally:
            # Envoy and peers see NOT_SERVING and go elsewhere while calls under way end.
            await health.enter_graceful_shutdown()
            pipeline.end_watches()
            await server.stop(settings.drain_seconds)
    log.info("service.stopped", name=name)


async def _forever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    await work()
    raise RuntimeError("a background task ended by itself")


async def _until_signalled() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    await stop.wait()
    raise _Stop
