"""Traces by W3C headers, exported over OTLP when an endpoint is configured."""

import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
# The end of a W3C `traceparent` whose trace is recorded.
SAMPLED_FLAG = "-01"
_PROPAGATOR = TraceContextTextMapPropagator()


@contextmanager
def telemetry(service: str) -> Generator[None]:
    """Sets up tracing for this process; flushes what is left at the end."""
    if not os.environ.get(ENDPOINT_VARIABLE):
        yield
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(insecure=True)))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


def extract(headers: Mapping[str, str]) -> Context:
    """Reads the trace that a message belongs to from its headers."""
    return _PROPAGATOR.extract(headers)


def outgoing_headers() -> dict[str, str]:
    """Returns the headers that carry the current trace onwards."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier


@contextmanager
def joined_traces(name: str, traceparents: Iterable[str]) -> Generator[None]:
    """Runs a block that serves many requests at once as a span of each one's trace.

    Requests that are not sampled cost nothing.
    """
    tracer = trace.get_tracer("aggregator")
    spans = [
        tracer.start_span(name, context=extract({"traceparent": parent}), kind=SpanKind.CONSUMER)
        for parent in traceparents
        if parent.endswith(SAMPLED_FLAG)
    ]
    try:
        yield
    finally:
        for each in spans:
            each.end()


@contextmanager
def span(
    name: str,
    *,
    parent: Context | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, str | int] | None = None,
) -> Generator[None]:
    """Runs a block as a span of the current trace, or of `parent`."""
    tracer = trace.get_tracer("aggregator")
    with tracer.start_as_current_span(name, context=parent, kind=kind, attributes=attributes):
        yield
