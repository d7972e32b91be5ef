"""The NATS server: one account per service, JetStream on disk, synced before it acknowledges."""

from pathlib import Path

from services.local import binaries, probes
from services.local.mesh import SERVICES
from services.local.ports import HOST
from services.local.process_spec import ProcessSpec
from services.local.secret_files import kept_secret, write_private


def nats_url(service: str, *, secrets: Path, address: str) -> str:
    """Returns the address with the service's own credential."""
    return f"nats://{service}:{kept_secret(secrets / f'nats-{service}')}@{address}"


def configuration(*, port: int, store: Path, secrets: Path) -> str:
    """Writes the server's settings."""
    users = "\n".join(
        f'    {{user: {name}, password: "{kept_secret(secrets / f"nats-{name}")}"}}'
        for name in SERVICES
    )
    return f"""\
server_name: aggregator
listen: "{HOST}:{port}"
max_payload: 4MB
jetstream {{
  store_dir: "{store}"
  # An acknowledged message survives a power cut: it is on disk before the answer.
  sync_interval: always
  # What the streams may reserve; without it a small disk would refuse to make them.
  max_file_store: 16GB
}}
authorization {{
  users: [
{users}
  ]
}}
"""


def nats_spec(*, port: int, folder: Path, secrets: Path) -> ProcessSpec:
    """Returns the server's process."""
    file = folder / "nats.conf"
    write_private(file, configuration(port=port, store=folder / "store", secrets=secrets))
    return ProcessSpec(
        name="nats",
        command=(str(binaries.nats_program()), "--config", str(file)),
        probe=probes.serves_nats(HOST, port=port),
    )
