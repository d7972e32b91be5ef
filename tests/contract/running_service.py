"""Runs a wired service on a real port, as its process would."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1._async import HealthServicer

from services.chassis.app import App
from services.chassis.channel import open_channel
from services.chassis.health import MeshHealth
from services.chassis.interceptors import standard_pipeline
from services.chassis.server import make_server
from services.chassis.settings import ServiceSettings


@dataclass(frozen=True)
class RunningService:
    """A service that answers on a port."""

    address: str
    # Without any credential.
    anonymous: grpc.aio.Channel
    # With the mesh secret, as other services call.
    mesh: grpc.aio.Channel


@asynccontextmanager
async def running(
    settings: ServiceSettings, wired: AbstractAsyncContextManager[App]
) -> AsyncGenerator[RunningService]:
    """Serves an app until the block ends. `settings.listen_address` must be free."""
    secret = settings.mesh_secret()
    async with wired as app:
        pipeline = standard_pipeline(app.authenticator, mesh_secret=secret)
        server = make_server(
            app, settings, pipeline=pipeline, mesh_health=MeshHealth({}), health=HealthServicer()
        )
        await server.start()
        background = [asyncio.create_task(_call(work)) for work in app.background]
        for ready in app.ready:
            await ready()
        address = settings.listen_address
        try:
            async with (
                grpc.aio.insecure_channel(address) as anonymous,
                open_channel(address, mesh_secret=secret) as mesh,
            ):
                yield RunningService(address, anonymous, mesh)
        finally:
            pipeline.end_watches()
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await server.stop(1)


async def _call(work: Any) -> None:
    await work()
