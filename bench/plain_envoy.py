"""An Envoy that does nothing but pass requests on: what the gateway is measured against."""

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from services.local.binaries import envoy_program

EXTENSIONS = "type.googleapis.com/envoy.extensions.filters"


@contextmanager
def plain_envoy(folder: Path, *, port: int, upstream_port: int) -> Generator[str]:
    """Runs it until the block ends; yields its address."""
    config = folder / "plain.json"
    config.write_text(json.dumps(_config(port, upstream_port)))
    command = [str(envoy_program()), "-c", str(config), "--concurrency", "1"]
    process = subprocess.Popen(
        [*command, "--disable-hot-restart"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _config(port: int, upstream_port: int) -> dict[str, object]:
    router = {"@type": f"{EXTENSIONS}.http.router.v3.Router"}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "provider", "timeout": "0s"}}
    manager = {
        "@type": f"{EXTENSIONS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "plain",
        "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "router", "typed_config": router}],
    }
    filters = [{"name": "http", "typed_config": manager}]
    listener = {"address": _address(port), "filter_chains": [{"filters": filters}]}
    endpoint = {"endpoint": {"address": _address(upstream_port)}}
    assignment = {"cluster_name": "provider", "endpoints": [{"lb_endpoints": [endpoint]}]}
    limits = {"max_requests": 10000, "max_connections": 10000, "max_pending_requests": 10000}
    cluster = {
        "name": "provider",
        "type": "STATIC",
        "load_assignment": assignment,
        "circuit_breakers": {"thresholds": [limits]},
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}
