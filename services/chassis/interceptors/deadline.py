"""Bounds every unary call, also those whose client set no deadline."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import grpc

from services.chassis.interceptors.pipeline import Call

UNARY_SECONDS_MAX = 30.0
WATCH_PREFIX = "Watch"
STREAM_PREFIX = "Stream"


class Deadline:
    """Ends a unary call after 30 seconds at most. Streams live as long as both sides want."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Runs the call under its deadline."""
        name = call.method.rsplit("/", 1)[-1]
        if call.request is None or name.startswith((WATCH_PREFIX, STREAM_PREFIX)):
            yield
            return
        try:
            async with asyncio.timeout(UNARY_SECONDS_MAX):
                yield
        except TimeoutError:
            message = "The call took too long."
            await call.context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, message)
