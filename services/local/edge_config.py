"""Renders the edge's configuration for Envoy out of `envoy/edge.yaml`.

`python -m services.local.edge_config --help` does the same for a container.
"""

import argparse
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from services.local import edge_guards
from services.local.edge_replies import local_replies

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = REPOSITORY / "envoy"
_PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)\}")
_WHEN = "x-when"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """Everything that differs between two edges. Addresses are `host:port`."""

    edge_address: str
    admin_address: str
    auth_address: str
    orchestrator_address: str
    proxy_address: str
    billing_address: str
    analytics_address: str
    admission_socket: str
    journal_path: str
    mesh_secret: str = field(repr=False)
    descriptor_path: str = str(REPOSITORY / "gen" / "descriptor.binpb")
    # Bundle that the OTLP endpoint's certificate is checked against, when it is https.
    trusted_ca: str = "/etc/ssl/certs/ca-certificates.crt"
    # http://host:port or https://host:port of an OTLP/gRPC collector; None keeps the edge quiet.
    otlp_endpoint: str | None = None
    # A request may last this long from its first byte to its last, all attempts together.
    max_request_seconds: int = 600
    # A provider that sends nothing for this long loses the request to the next one.
    silence_seconds: int = 120
    # Near this much heap Envoy refuses new requests.
    max_heap_bytes: int = 2 * 1024 * 1024 * 1024
    # Origins of the pages that may call from a browser: scheme://host[:port] each, or "*" for all.
    cors_origins: tuple[str, ...] = ()
    # Each client's address may ask this often; 0 sets no limit. IPv6 addresses count by their /64.
    requests_per_minute: int = 0
    # The same for logging in, registering and refreshing a login.
    login_requests_per_minute: int = 0
    # Without a limit: the proxy's address, which calls the edge for many clients.
    unlimited_addresses: tuple[str, ...] = ()
    # How many proxies of the operator stand in front and append to x-forwarded-for. Without this
    # number all clients behind such a proxy share its address, and so its limit.
    trusted_hops: int = 0

    def __post_init__(self) -> None:
        """Refuses calls into the mesh that look like a stranger's, and limits below nothing."""
        if not self.mesh_secret:
            raise ValueError("The mesh secret is empty.")
        if min(self.requests_per_minute, self.login_requests_per_minute, self.trusted_hops) < 0:
            raise ValueError("A limit of the edge is negative.")


def render(settings: EdgeSettings) -> str:
    """Returns the whole configuration as YAML."""
    source = yaml.safe_load((SOURCES / "edge.yaml").read_text("utf-8"))
    config = _fill(source, _values(settings))
    _export_spans(config, settings.otlp_endpoint)
    kept = {key: value for key, value in config.items() if not key.startswith("x-")}
    return yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=100)


def _values(settings: EdgeSettings) -> dict[str, Any]:
    otlp = urlsplit(settings.otlp_endpoint or "")
    values: dict[str, Any] = {
        "ADMISSION_SOCKET": settings.admission_socket,
        "CORS_ALLOW_HEADERS": edge_guards.ALLOW_HEADERS,
        "CORS_EXPOSE_HEADERS": edge_guards.EXPOSE_HEADERS,
        "CORS_ORIGINS": edge_guards.origin_matchers(settings.cors_origins),
        "DESCRIPTOR_PATH": settings.descriptor_path,
        "JOURNAL_PATH": settings.journal_path,
        "LOCAL_REPLIES": local_replies((SOURCES / "replies.yaml").read_text("utf-8")),
        "LOGINS_PER_MINUTE": settings.login_requests_per_minute,
        "LOGIN_PATHS": edge_guards.LOGIN_PATHS,
        "LUA_STREAM": (SOURCES / "lua" / "stream.lua").read_text("utf-8"),
        "MAX_HEAP_BYTES": settings.max_heap_bytes,
        "MAX_REQUEST_SECONDS": settings.max_request_seconds,
        "MESH_SECRET": settings.mesh_secret,
        "OTLP_HOST": otlp.hostname or "",
        "OTLP_PORT": otlp.port or 4317,
        "REQUESTS_PER_MINUTE": settings.requests_per_minute,
        "SAMPLED_PERCENT": 100 if settings.otlp_endpoint else 0,
        "SILENCE_SECONDS": settings.silence_seconds,
        "TRACE_FLAGS": "01" if settings.otlp_endpoint else "00",
        "TRUSTED_CA": settings.trusted_ca,
        "TRUSTED_HOPS": settings.trusted_hops,
        "UNLIMITED_ADDRESSES": edge_guards.skipped(settings.unlimited_addresses),
    }
    for name in ("edge", "admin", "auth", "orchestrator", "proxy", "billing", "analytics"):
        host, port = _address(getattr(settings, f"{name}_address"))
        values[f"{name.upper()}_HOST"] = host
        values[f"{name.upper()}_PORT"] = port
    return values


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"The address {text!r} is not host:port.")
    return host.strip("[]"), int(port)


def _fill(node: Any, values: dict[str, Any]) -> Any:
    """Copies with the values put in: after parsing, so that no value breaks the YAML around it."""
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if _wanted(value, values)}
        return {key: _fill(value, values) for key, value in kept.items() if key != _WHEN}
    if isinstance(node, list):
        return [_fill(item, values) for item in node if _wanted(item, values)]
    if not isinstance(node, str):
        return node
    whole = _PLACEHOLDER.fullmatch(node)
    if whole:
        return values[whole.group(1)]
    return _PLACEHOLDER.sub(lambda found: str(values[found.group(1)]), node)


def _wanted(node: Any, values: dict[str, Any]) -> bool:
    return not isinstance(node, dict) or _WHEN not in node or bool(_fill(node[_WHEN], values))


def _export_spans(config: dict[str, Any], endpoint: str | None) -> None:
    """Sends spans to the endpoint, if there is one."""
    if endpoint is None:
        return
    scheme = urlsplit(endpoint).scheme
    if scheme not in {"http", "https"}:
        raise ValueError(f"The OTLP endpoint {endpoint!r} is not an http or https URL.")
    cluster = config["x-otlp-cluster"]
    if scheme == "https":
        cluster["transport_socket"] = config["x-otlp-tls"]
    clusters = config["static_resources"]["clusters"]
    clusters[[each["name"] for each in clusters].index("otlp")] = cluster


# How an option's text becomes the setting's type.
_KINDS: dict[Any, Callable[[str], Any]] = {int: int, tuple[str, ...]: edge_guards.listed}


def main() -> None:
    """Renders to a file only its owner may read: it holds the mesh secret."""
    options = _parser().parse_args()
    names = EdgeSettings.__dataclass_fields__
    given = {name: value for name, value in vars(options).items() if name in names and value}
    secret = Path(options.mesh_secret_file).read_text("utf-8").strip()
    text = render(EdgeSettings(mesh_secret=secret, **given))
    descriptor = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.local.edge_config")
    parser.add_argument("--out", required=True, help="file to write")
    parser.add_argument("--mesh-secret-file", required=True)
    for name, spec in EdgeSettings.__dataclass_fields__.items():
        if name == "mesh_secret":
            continue
        kind = _KINDS.get(spec.type, str)
        required = spec.default is EdgeSettings.__dataclass_fields__["edge_address"].default
        parser.add_argument("--" + name.replace("_", "-"), type=kind, required=required)
    return parser


if __name__ == "__main__":
    main()
