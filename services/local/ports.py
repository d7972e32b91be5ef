"""The ten ports of a stack, counted from its first."""

import asyncio
import errno
import socket
from dataclasses import dataclass

from services.local.errors import StackError

HOST = "127.0.0.1"
USES = (
    "edge",
    "auth",
    "orchestrator",
    "proxy",
    "billing",
    "analytics",
    "envoy-admin",
    "nats",
    "postgres",
    "demo-provider",
)


@dataclass(frozen=True)
class Ports:
    """Ten ports in a row on the loopback interface."""

    first: int

    def __post_init__(self) -> None:
        """Refuses numbers that are no ports."""
        if not 1 <= self.first <= 65536 - len(USES):
            raise StackError(f"--port must be from 1 to {65536 - len(USES)}, not {self.first}.")

    def of(self, use: str) -> int:
        """Returns the port of a use."""
        return self.first + USES.index(use)

    def address(self, use: str) -> str:
        """Returns host:port of a use."""
        return f"{HOST}:{self.of(use)}"

    def url(self, use: str) -> str:
        """Returns the http address of a use."""
        return f"http://{self.address(use)}"


def taken(ports: Ports) -> dict[str, int]:
    """Returns the uses whose ports somebody else listens on."""
    return {use: ports.of(use) for use in USES if not _can_bind(ports.of(use))}


async def require_free(ports: Ports, *, patience_seconds: float) -> None:
    """Waits for the ports while an earlier run is dying, then refuses with the first one taken."""
    deadline = asyncio.get_running_loop().time() + patience_seconds
    while busy := taken(ports):
        if asyncio.get_running_loop().time() >= deadline:
            names = ", ".join(f"{port} ({use})" for use, port in busy.items())
            raise StackError(
                f"Already in use by another program: port {names}; stop it, or choose ten other "
                "ports with --port."
            )
        await asyncio.sleep(0.1)


def _can_bind(port: int) -> bool:
    """Tries the port as the servers will: a closed connection's remains don't hinder them."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
            attempt.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise StackError(f"Port {port} can't be used ({error.strerror}).") from error
    return True
