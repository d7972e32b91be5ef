"""Continues the caller's trace."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from opentelemetry.trace import SpanKind

from services.chassis.interceptors.pipeline import Call
from services.chassis.telemetry import extract, span


class Tracing:
    """Opens a server span for each call."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Runs the call inside its span."""
        with span(call.method[1:], parent=extract(call.metadata), kind=SpanKind.SERVER):
            yield
