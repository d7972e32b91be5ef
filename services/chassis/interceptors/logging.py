"""Writes one line for each call that ends."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from services.chassis.interceptors.pipeline import Call
from services.chassis.logs import get_logger

log = get_logger()
# Probes arrive every second and would drown everything else.
QUIET_PREFIXES = ("/grpc.health.", "/aggregator.health.", "/grpc.reflection.")


class Logging:
    """Logs method, code and duration; never a request's content."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Runs the call and logs how it ended."""
        started = time.monotonic()
        try:
            yield
        finally:
            if not call.method.startswith(QUIET_PREFIXES):
                duration_ms = round((time.monotonic() - started) * 1000, 1)
                log.info(
                    "rpc.served", method=call.method, code=_code(call), duration_ms=duration_ms
                )


def _code(call: Call) -> str:
    # The stub says that the code is a StatusCode; before it is set, it is 0.
    code: Any = call.context.code()
    if call.context.cancelled():
        return "CANCELLED"
    return code.name if isinstance(code, grpc.StatusCode) else "OK"
