"""The settings that every service has."""

from dataclasses import dataclass
from pathlib import Path

from services.chassis.environment import SettingsError

SECRET_BYTES_MIN = 16


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """Where a service listens and whom it talks to. Addresses are `host:port`."""

    listen_address: str
    auth_address: str
    orchestrator_address: str
    proxy_address: str
    billing_address: str
    analytics_address: str
    nats_url: str
    # The secret by which services of one mesh know each other. There is no default.
    mesh_secret_file: Path
    # Lets grpcurl and buf list the service's methods. Off unless somebody debugs.
    reflection: bool = False
    log_level: str = "info"
    # How long requests under way may take to end after SIGTERM.
    drain_seconds: float = 10.0

    @property
    def peers(self) -> dict[str, str]:
        """The address of each service of the mesh."""
        return {
            "auth": self.auth_address,
            "orchestrator": self.orchestrator_address,
            "proxy": self.proxy_address,
            "billing": self.billing_address,
            "analytics": self.analytics_address,
        }

    def mesh_secret(self) -> str:
        """Reads the mesh secret. Raises SettingsError when it is missing or too short to be one."""
        return read_secret(self.mesh_secret_file)


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings(ServiceSettings):
    """The settings of a service that has a database."""

    # The role that the service runs as. It may not change the schema.
    database_url: str
    # The role that owns the schema; only `migrate` uses it.
    migration_database_url: str = ""


def read_secret(path: Path) -> str:
    """Reads a secret from a file. Raises SettingsError when it is missing or too short."""
    try:
        secret = path.read_text().strip()
    except OSError as error:
        raise SettingsError(
            f"the secret file {path.name} can't be read: {error.strerror}"
        ) from None
    if len(secret) < SECRET_BYTES_MIN:
        raise SettingsError(f"the secret in {path.name} is empty or too short")
    return secret
