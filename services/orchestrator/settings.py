"""The settings of orchestrator."""

from dataclasses import dataclass
from pathlib import Path

from services.chassis.settings import DatabaseSettings


@dataclass(frozen=True, kw_only=True)
class OrchestratorSettings(DatabaseSettings):
    """What orchestrator needs besides what every service has."""

    # The key that providers' credentials are encrypted with; made at first start.
    secrets_key_file: Path
    # Holds rewrite.lua, which runs in Envoy before each attempt at a provider.
    envoy_lua_directory: Path
    # The certificates that Envoy verifies https providers with; a path on Envoy's machine.
    trusted_ca_file: Path = Path("/etc/ssl/certs/ca-certificates.crt")
    # Allows http, any port, and providers on loopback and private networks.
    allow_private_providers: bool = False
