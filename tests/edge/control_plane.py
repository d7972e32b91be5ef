"""A control plane that delivers provider clusters and their credentials, as orchestrator does."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from envoy.service.discovery.v3 import ads_pb2_grpc
from google.protobuf import json_format
from google.protobuf.message import Message

from .xds import Cluster, DiscoveryResponse, Secret

CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
SECRETS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
EXTENSIONS = "type.googleapis.com/envoy.extensions."
REWRITE = Path(__file__).resolve().parents[2] / "envoy" / "lua" / "rewrite.lua"


def provider_cluster(name: str, *, port: int) -> Message:
    """A provider's cluster: rewrite, then credential, then the wire."""
    cluster = f"provider-{name}"
    filters = [
        _filter(
            "rewrite",
            "filters.http.lua.v3.Lua",
            default_source_code={
                "inline_string": f'local CLUSTER = "{cluster}"\n{REWRITE.read_text()}'
            },
        ),
        _filter(
            "credential",
            "filters.http.credential_injector.v3.CredentialInjector",
            overwrite=True,
            credential={
                "name": "generic",
                "typed_config": {
                    "@type": EXTENSIONS + "http.injected_credentials.generic.v3.Generic",
                    "credential": {"name": f"credential-{name}", "sds_config": _ads()},
                },
            },
        ),
        _filter("codec", "filters.http.upstream_codec.v3.UpstreamCodec"),
    ]
    options = {
        "@type": EXTENSIONS + "upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http_protocol_options": {}},
        "http_filters": filters,
    }
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}
    document = {
        "name": cluster,
        "type": "STATIC",
        "connect_timeout": "1s",
        "circuit_breakers": {"thresholds": [{"max_retries": 1000}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options
        },
        "load_assignment": {
            "cluster_name": cluster,
            "endpoints": [
                {"lb_endpoints": [{"endpoint": endpoint | {"hostname": f"{name}.example"}}]}
            ],
        },
    }
    return json_format.Parse(json.dumps(document), Cluster())


def _ads() -> dict[str, Any]:
    return {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "2s"}


def _filter(name: str, type_name: str, **config: Any) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": EXTENSIONS + type_name} | config}


class ControlPlane(ads_pb2_grpc.AggregatedDiscoveryServiceServicer):
    """Answers each subscription once."""

    def __init__(self) -> None:
        self.clusters: list[Message] = []
        self.metadata: list[dict[str, str]] = []

    async def StreamAggregatedResources(  # noqa: N802
        self, request_iterator: AsyncIterator[Any], context: Any
    ) -> AsyncIterator[Any]:
        """Implements the rpc."""
        self.metadata.append({key: str(value) for key, value in context.invocation_metadata()})
        sent: dict[str, list[str]] = {}
        async for request in request_iterator:
            names = sorted(request.resource_names)
            if sent.get(request.type_url) == names:
                continue
            sent[request.type_url] = names
            response = DiscoveryResponse(
                version_info="1", nonce=str(len(sent)), type_url=request.type_url
            )
            for resource in self._resources(request.type_url, names):
                response.resources.add().Pack(resource)
            yield response

    def _resources(self, type_url: str, names: list[str]) -> list[Message]:
        if type_url == CLUSTERS:
            return list(self.clusters)
        if type_url == SECRETS:
            return [_secret(name) for name in names]
        return []


def _secret(name: str) -> Message:
    document = {"name": name, "generic_secret": {"secret": {"inline_string": f"Bearer {name}"}}}
    return json_format.Parse(json.dumps(document), Secret())
