"""The settings of the proxy service."""

from dataclasses import dataclass
from pathlib import Path

from services.chassis.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class ProxySettings(ServiceSettings):
    """Where the proxy's files and neighbours are."""

    # The write-ahead log and the last routing table.
    spool_directory: Path
    # What Envoy appends a line to for each admitted request.
    journal_file: Path
    # The unix socket on which Envoy asks for admission.
    admission_socket: Path
    # The edge's public address, for typed inference.
    edge_url: str
    # Envoy's admin interface, `host:port`, to ask for a new journal file.
    envoy_admin_address: str
    # The lasting name of this proxy; leases are lent to it.
    instance: str = "proxy-0"
    # The longest that a request may take; the edge cuts it then.
    max_request_seconds: float = 600.0
    # How long after that the edge's record may still come.
    journal_grace_seconds: float = 60.0
    # How many requests of one account may be under way.
    concurrent_requests_max: int = 2000
