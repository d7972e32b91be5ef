"""What Envoy is told of a provider: how to reach it, and what to do to each attempt at it."""

from dataclasses import dataclass
from typing import Any

from google.protobuf import any_pb2

from services.orchestrator.domain.base_url import BaseUrl
from services.orchestrator.domain.provider import Provider
from services.orchestrator.rpc.envoy_types import CLUSTER, pack, typed

_EXTENSIONS = "envoy.extensions."
_FILTERS = _EXTENSIONS + "filters.http."
_HTTP_OPTIONS = _EXTENSIONS + "upstreams.http.v3.HttpProtocolOptions"
_TLS = _EXTENSIONS + "transport_sockets.tls.v3.UpstreamTlsContext"

# The defaults of 1,024 would refuse requests that wait for nothing but a slow answer.
CIRCUIT_BREAKERS = {
    "thresholds": [
        {
            "max_connections": 10_000,
            "max_pending_requests": 10_000,
            "max_requests": 10_000,
            "max_retries": 1_000,
        }
    ]
}
# A provider that is away should cost a fallback no time: after failures in a row it is left alone
# for 5 s and its attempts fail at once, so Envoy goes on to the next provider. Counted are refused
# and broken connections and 502 to 504, never 500: a client may provoke that with its own request,
# and must not take the provider from everybody else.
OUTLIER_DETECTION = {
    "split_external_local_origin_errors": True,
    "consecutive_gateway_failure": 20,
    "enforcing_consecutive_gateway_failure": 100,
    "consecutive_local_origin_failure": 10,
    "enforcing_consecutive_local_origin_failure": 100,
    "enforcing_consecutive_5xx": 0,
    "enforcing_success_rate": 0,
    "enforcing_local_origin_success_rate": 0,
    "interval": "1s",
    "base_ejection_time": "5s",
    "max_ejection_time": "5s",
    "max_ejection_percent": 100,
}
# Most providers are one address: with the usual threshold of 50 %, Envoy would panic when it is
# ejected, and go on sending requests there.
NO_PANIC = {"healthy_panic_threshold": {"value": 0}}
# A silent answer may take minutes; this finds a peer that is gone without having said so.
TCP_KEEPALIVE = {"keepalive_probes": 3, "keepalive_time": 30, "keepalive_interval": 10}
# Plain HTTP is a server of one's own, often with Python's usual keep-alive of 5 s: an idle
# connection must be gone before its server closes it in the middle of the next request.
PLAIN_IDLE_SECONDS = 4
TLS_IDLE_SECONDS = 30
# A client that reads slowly must not make Envoy hold more than this of its stream.
STREAM_WINDOW_BYTES = 256 * 1024
CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ClusterMaker:
    """Makes the cluster of a provider."""

    # The text of envoy/lua/rewrite.lua.
    rewrite_source: str
    # The certificates that https providers are verified with, a path on Envoy's machine.
    trusted_ca_file: str

    def __call__(self, provider: Provider) -> any_pb2.Any:
        """Returns the cluster, packed."""
        url = provider.base_url
        cluster: dict[str, Any] = {
            "name": provider.cluster,
            **_discovery(url),
            "connect_timeout": "3s",
            "load_assignment": _endpoint(provider),
            "circuit_breakers": CIRCUIT_BREAKERS,
            "outlier_detection": OUTLIER_DETECTION,
            "common_lb_config": NO_PANIC,
            "upstream_connection_options": {"tcp_keepalive": TCP_KEEPALIVE},
            "typed_extension_protocol_options": {
                _HTTP_OPTIONS: typed(
                    _HTTP_OPTIONS, **_protocol(url), http_filters=self._filters(provider)
                )
            },
        }
        if url.is_tls:
            cluster["transport_socket"] = {
                "name": "envoy.transport_sockets.tls",
                "typed_config": self._tls(url),
            }
        return pack(CLUSTER, cluster)

    def _filters(self, provider: Provider) -> list[dict[str, Any]]:
        """Runs once an attempt: path and body, then the credential, then the wire."""
        source = f'local CLUSTER = "{provider.cluster}"\n{self.rewrite_source}'
        rewrite = typed(_FILTERS + "lua.v3.Lua", default_source_code={"inline_string": source})
        codec = typed(_FILTERS + "upstream_codec.v3.UpstreamCodec")
        filters = [{"name": "rewrite", "typed_config": rewrite}]
        if provider.has_credential:
            filters.append({"name": "credential", "typed_config": _credential(provider)})
        return [*filters, {"name": "codec", "typed_config": codec}]

    def _tls(self, url: BaseUrl) -> dict[str, Any]:
        kind = "DNS" if url.address is None else "IP_ADDRESS"
        validation = {
            "trusted_ca": {"filename": self.trusted_ca_file},
            "match_typed_subject_alt_names": [
                {"san_type": kind, "matcher": {"exact": url.host}},
            ],
        }
        # RFC 6066 allows names only.
        sni = {"sni": url.host} if url.address is None else {}
        return typed(_TLS, **sni, common_tls_context={"validation_context": validation})


def _discovery(url: BaseUrl) -> dict[str, Any]:
    if url.address is not None:
        return {"type": "STATIC"}
    dns = typed(
        _EXTENSIONS + "clusters.dns.v3.DnsCluster",
        # Large providers answer DNS with a few of many addresses, other ones each time. As one
        # endpoint, connections outlive such an answer, and where only one of IPv6 and IPv4 works,
        # that one is found.
        all_addresses_in_single_endpoint=True,
        dns_lookup_family="ALL",
        respect_dns_ttl=True,
        dns_failure_refresh_rate={"base_interval": "1s", "max_interval": "10s"},
    )
    return {"cluster_type": {"name": "envoy.cluster.dns", "typed_config": dns}}


def _endpoint(provider: Provider) -> dict[str, Any]:
    url = provider.base_url
    address = {"socket_address": {"address": url.host, "port_value": url.port}}
    # The hostname is what the route's auto_host_rewrite writes into Host.
    endpoint = {"address": address, "hostname": url.authority}
    return {
        "cluster_name": provider.cluster,
        "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
    }


def _protocol(url: BaseUrl) -> dict[str, Any]:
    if not url.is_tls:
        return {
            "explicit_http_config": {"http_protocol_options": {}},
            "common_http_protocol_options": {"idle_timeout": f"{PLAIN_IDLE_SECONDS}s"},
        }
    http2 = {
        "initial_stream_window_size": STREAM_WINDOW_BYTES,
        "initial_connection_window_size": CONNECTION_WINDOW_BYTES,
        "connection_keepalive": {"interval": "30s", "timeout": "10s"},
    }
    return {
        "auto_config": {"http_protocol_options": {}, "http2_protocol_options": http2},
        "common_http_protocol_options": {"idle_timeout": f"{TLS_IDLE_SECONDS}s"},
    }


def _credential(provider: Provider) -> dict[str, Any]:
    # A credential that can't be had holds up the cluster for 2 s. Then Envoy answers 401 for it,
    # and the request goes on to the next provider; without a credential nothing is ever sent.
    over_ads = {"resource_api_version": "V3", "ads": {}, "initial_fetch_timeout": "2s"}
    secret = {"name": provider.secret, "sds_config": over_ads}
    generic = typed(_EXTENSIONS + "http.injected_credentials.generic.v3.Generic", credential=secret)
    return typed(
        _FILTERS + "credential_injector.v3.CredentialInjector",
        overwrite=True,
        credential={"name": "generic", "typed_config": generic},
    )
