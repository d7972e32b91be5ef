"""A small OpenTelemetry collector: a real OTLP endpoint that remembers the spans it gets."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from tests.servers import free_port


@dataclass
class TraceCollector:
    """Knows which services took part in which trace."""

    endpoint: str
    # (trace id, service, span name)
    spans: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])

    def Export(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Takes spans."""
        for resource in request.resource_spans:
            names = [
                a.value.string_value
                for a in resource.resource.attributes
                if a.key == "service.name"
            ]
            for scope in resource.scope_spans:
                self.spans += [
                    (span.trace_id.hex(), names[0] if names else "", span.name)
                    for span in scope.spans
                ]
        return trace_service_pb2.ExportTraceServiceResponse()

    def services_of(self, trace_id: str) -> set[str]:
        """Returns the services that have a span in a trace."""
        return {service for trace, service, _ in list(self.spans) if trace == trace_id}


@contextmanager
def running_collector() -> Generator[TraceCollector]:
    """Serves OTLP over gRPC until the block ends."""
    port = free_port()
    collector = TraceCollector(f"http://127.0.0.1:{port}")
    server = grpc.server(ThreadPoolExecutor(2))
    register: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
    register(collector, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield collector
    finally:
        server.stop(0).wait()
