"""The processes of the stack as data: what is started with which environment, in which order."""

import os
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.local import binaries, databases, probes
from services.local.edge_config import EdgeSettings, render
from services.local.edge_guards import listed
from services.local.layout import REPOSITORY, Layout
from services.local.mesh import SERVICES, WITH_DATABASE
from services.local.nats_server import nats_url
from services.local.ports import HOST, Ports
from services.local.process_spec import ProcessSpec
from services.local.secret_files import kept_secret, write_private
from services.local.seed import OPERATOR_EMAIL

DEFAULT_MAX_REQUEST_SECONDS = 600


@dataclass(frozen=True)
class Plan:
    """Everything that the processes of one stack are made from."""

    layout: Layout
    ports: Ports
    socket_folder: Path
    environment: Mapping[str, str]

    def demo_provider(self) -> ProcessSpec:
        """Returns the scripted provider that the demo account talks to."""
        port = str(self.ports.of("demo-provider"))
        record = str(self.layout.demo_record)
        return ProcessSpec(
            name="demo-provider",
            command=_python("services.local.demo_provider", "--port", port, "--record", record),
            environment=self._inherited(),
            probe=probes.serves_http(self.ports.url("demo-provider") + "/health"),
            stop_seconds=5,
        )

    def services(self) -> tuple[ProcessSpec, ...]:
        """Returns the five services."""
        return tuple(self._service(name) for name in SERVICES)

    def migrations(self) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
        """Returns command and environment that migrate each service's database."""
        return {
            name: (_python(f"services.{name}", "migrate"), self._service_environment(name))
            for name in WITH_DATABASE
        }

    def envoy(self) -> ProcessSpec:
        """Returns the edge; its configuration is rendered anew at each start of the stack."""
        file = self.layout.run / "edge.yaml"
        write_private(file, render(self.edge_settings()))
        options = ("--concurrency", "1", "--file-flush-interval-msec", "100")
        return ProcessSpec(
            name="envoy",
            command=(
                *(str(binaries.envoy_program()), "--config-path", str(file), *options),
                *(
                    "--disable-hot-restart",
                    "--log-level",
                    "warning",
                    "--component-log-level",
                    "misc:error",
                ),
            ),
            environment=self._inherited(),
            probe=probes.serves_http(self.ports.url("envoy-admin") + "/ready"),
            stop_seconds=10,
        )

    def edge_settings(self) -> EdgeSettings:
        """Returns what the edge's configuration is rendered from."""
        return EdgeSettings(
            edge_address=self.ports.address("edge"),
            admin_address=self.ports.address("envoy-admin"),
            auth_address=self.ports.address("auth"),
            orchestrator_address=self.ports.address("orchestrator"),
            proxy_address=self.ports.address("proxy"),
            billing_address=self.ports.address("billing"),
            analytics_address=self.ports.address("analytics"),
            admission_socket=str(self.admission_socket),
            journal_path=str(self.layout.journal_file),
            mesh_secret=kept_secret(self.layout.secrets / "mesh"),
            trusted_ca=str(trusted_ca_file()),
            otlp_endpoint=self.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
            max_request_seconds=self.max_request_seconds,
            cors_origins=listed(self.environment.get("AGG_CORS_ORIGINS", "")),
            requests_per_minute=int(self.environment.get("AGG_EDGE_REQUESTS_PER_MINUTE") or 0),
            login_requests_per_minute=int(self.environment.get("AGG_EDGE_LOGINS_PER_MINUTE") or 0),
        )

    def _service(self, name: str) -> ProcessSpec:
        return ProcessSpec(
            name=name,
            command=_python(f"services.{name}"),
            environment=self._service_environment(name),
            probe=probes.serves_grpc(self.ports.address(name)),
        )

    def _service_environment(self, name: str) -> dict[str, str]:
        secrets = self.layout.secrets
        kept_secret(secrets / "mesh")
        addresses = {f"AGG_{each.upper()}_ADDRESS": self.ports.address(each) for each in SERVICES}
        shared = {
            "AGG_LISTEN_ADDRESS": self.ports.address(name),
            "AGG_MESH_SECRET_FILE": str(secrets / "mesh"),
            "AGG_NATS_URL": nats_url(name, secrets=secrets, address=self.ports.address("nats")),
            "AGG_REFLECTION": "true",
        }
        own = {
            "auth": self._auth_environment,
            "orchestrator": self._orchestrator_environment,
            "proxy": self._proxy_environment,
        }.get(name, dict[str, str])
        return self._inherited() | addresses | shared | self._database_urls(name) | own()

    def _database_urls(self, name: str) -> dict[str, str]:
        if name not in WITH_DATABASE:
            return {}
        return {
            "AGG_DATABASE_URL": self._database_url(name, role=name),
            "AGG_MIGRATION_DATABASE_URL": self._database_url(name, role=f"{name}_owner"),
        }

    def _database_url(self, database: str, *, role: str) -> str:
        password = kept_secret(self.layout.secrets / f"postgres-{role}")
        port = self.ports.of("postgres")
        return databases.database_url(role, database=database, password=password, port=port)

    def _auth_environment(self) -> dict[str, str]:
        password_file = self.layout.secrets / "operator-password"
        kept_secret(password_file)
        return {
            "AGG_KEYS_DIRECTORY": str(self.layout.secrets / "auth"),
            "AGG_OPERATOR_EMAIL": OPERATOR_EMAIL,
            "AGG_OPERATOR_PASSWORD_FILE": str(password_file),
        }

    def _orchestrator_environment(self) -> dict[str, str]:
        return {
            "AGG_SECRETS_KEY_FILE": str(self.layout.secrets / "orchestrator-key"),
            "AGG_ALLOW_PRIVATE_PROVIDERS": "true",
            "AGG_ENVOY_LUA_DIRECTORY": str(REPOSITORY / "envoy" / "lua"),
            "AGG_TRUSTED_CA_FILE": str(trusted_ca_file()),
        }

    def _proxy_environment(self) -> dict[str, str]:
        return {
            "AGG_SPOOL_DIRECTORY": str(self.layout.spool),
            "AGG_JOURNAL_FILE": str(self.layout.journal_file),
            "AGG_ADMISSION_SOCKET": str(self.admission_socket),
            "AGG_EDGE_URL": self.ports.url("edge"),
            "AGG_ENVOY_ADMIN_ADDRESS": self.ports.address("envoy-admin"),
            "AGG_INSTANCE": "proxy-0",
            "AGG_MAX_REQUEST_SECONDS": str(self.max_request_seconds),
        }

    @property
    def admission_socket(self) -> Path:
        """Where the proxy admits requests for Envoy."""
        return self.socket_folder / "admission.sock"

    @property
    def max_request_seconds(self) -> int:
        """How long an inference request may take."""
        return int(self.environment.get("AGG_MAX_REQUEST_SECONDS", DEFAULT_MAX_REQUEST_SECONDS))

    def _inherited(self) -> dict[str, str]:
        """Passes on the surroundings, but neither providers' keys nor another Python's settings."""
        kept = {
            name: value
            for name, value in self.environment.items()
            if not name.startswith(("PYTHON", "GRPC_")) and not name.endswith("_API_KEY")
        }
        # gRPC would ask a proxy for loopback addresses too.
        direct = ",".join(filter(None, (kept.get("no_proxy"), HOST, "localhost")))
        paths = os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "gen" / "python")))
        return kept | {
            "PYTHONPATH": paths,
            "PYTHONUNBUFFERED": "1",
            "no_proxy": direct,
            "NO_PROXY": direct,
        }


def trusted_ca_file() -> Path:
    """Finds the certificates that providers are verified with."""
    paths = ssl.get_default_verify_paths()
    known = (paths.cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem")
    for file in filter(None, known):
        if Path(file).is_file():
            return Path(file)
    # Envoy needs a file to name; an empty one verifies nobody, so https providers are refused.
    return Path(os.devnull)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
