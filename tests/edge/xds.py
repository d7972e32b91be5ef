"""Envoy's messages that the doubles speak. Their stubs tell a type checker nothing."""
# pyright: reportAttributeAccessIssue=false

from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.filters.http.credential_injector.v3 import credential_injector_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2
from envoy.extensions.filters.http.upstream_codec.v3 import upstream_codec_pb2
from envoy.extensions.http.injected_credentials.generic.v3 import generic_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from envoy.service.auth.v3 import external_auth_pb2
from envoy.service.discovery.v3 import discovery_pb2

Cluster: Any = cluster_pb2.Cluster
Secret: Any = secret_pb2.Secret
CheckResponse: Any = external_auth_pb2.CheckResponse
DiscoveryResponse: Any = discovery_pb2.DiscoveryResponse

# Imported so that json_format finds the types that a cluster holds in `Any`.
HELD_BY_CLUSTERS = (
    credential_injector_pb2,
    generic_pb2,
    http_protocol_options_pb2,
    lua_pb2,
    upstream_codec_pb2,
)
