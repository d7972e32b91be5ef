"""Envoy's messages, whose generated modules have no type stubs.

Importing them also makes them known by name, so that a typed config can be written as a dict.
"""

from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.clusters.dns.v3 import dns_cluster_pb2
from envoy.extensions.filters.http.credential_injector.v3 import credential_injector_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2
from envoy.extensions.filters.http.upstream_codec.v3 import upstream_codec_pb2
from envoy.extensions.http.injected_credentials.generic.v3 import generic_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2, tls_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from envoy.service.discovery.v3 import ads_pb2_grpc, discovery_pb2
from google.protobuf import any_pb2, descriptor_pool, json_format
from google.protobuf.message_factory import GetMessageClass

PREFIX = "type.googleapis.com/"
_MODULES: tuple[Any, ...] = (
    cluster_pb2,
    credential_injector_pb2,
    discovery_pb2,
    dns_cluster_pb2,
    generic_pb2,
    http_protocol_options_pb2,
    lua_pb2,
    secret_pb2,
    tls_pb2,
    upstream_codec_pb2,
)
_POOL = descriptor_pool.Default()
_grpc: Any = ads_pb2_grpc

CLUSTER = "envoy.config.cluster.v3.Cluster"
SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 (a type's name)
DiscoveryResponse: Any = GetMessageClass(
    _POOL.FindMessageTypeByName("envoy.service.discovery.v3.DiscoveryResponse")
)
DiscoveryRequest: Any = GetMessageClass(
    _POOL.FindMessageTypeByName("envoy.service.discovery.v3.DiscoveryRequest")
)
AggregatedDiscoveryServiceServicer: Any = _grpc.AggregatedDiscoveryServiceServicer
register_discovery: Any = _grpc.add_AggregatedDiscoveryServiceServicer_to_server


def typed(message: str, **fields: Any) -> dict[str, Any]:
    """Writes a message that stands in an Any."""
    return {"@type": PREFIX + message, **fields}


def pack(message: str, fields: dict[str, Any]) -> any_pb2.Any:
    """Returns the message with these fields, in an Any. A field that it lacks is an error."""
    kind = GetMessageClass(_POOL.FindMessageTypeByName(message))
    packed = any_pb2.Any()
    packed.Pack(json_format.ParseDict(fields, kind()), deterministic=True)
    return packed
