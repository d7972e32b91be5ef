"""Postgres heals after every kind of end, and a directory that it can't use is told."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from services.local.birth import Privilege
from services.local.databases import create_databases
from services.local.errors import StackError
from services.local.ports import HOST
from services.local.postgres import Postgres, bundled_postgres
from services.local.process_log import ProcessLog
from services.local.supervised import SupervisedProcess
from tests.local.free_port import free_port


def log_in(folder: Path) -> ProcessLog:
    return ProcessLog("postgres", folder=folder, show=lambda _: None)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> Postgres:
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "secrets").mkdir()
    # What an interrupted first start leaves.
    (folder / "postgres.draft").mkdir()
    (folder / "postgres.draft" / "half").write_text("")
    postgres = bundled_postgres(
        directory=folder / "postgres",
        password_file=folder / "secrets" / "postgres-superuser",
        port=free_port(),
    )
    await postgres.initialise(log=log_in(folder))
    assert not (folder / "postgres.draft").exists()
    return postgres


@asynccontextmanager
async def served(postgres: Postgres) -> AsyncGenerator["asyncio.Queue[int]"]:
    pids: asyncio.Queue[int] = asyncio.Queue()
    process = SupervisedProcess(
        postgres.spec(),
        log=log_in(postgres.directory.parent),
        on_start=lambda _, pid: pids.put_nowait(pid),
        say=lambda _: None,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(process.run())
        try:
            await process.first_ready()
            yield pids
        finally:
            await process.stop()


async def until_served(postgres: Postgres) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await postgres.spec().probe()
            except Exception:  # noqa: BLE001 - it is coming up
                await asyncio.sleep(0.05)
            else:
                return


async def sign_in(postgres: Postgres, *, role: str, database: str) -> asyncpg.Connection:
    password = (postgres.password_file.parent / f"postgres-{role}").read_text()
    return await asyncpg.connect(
        host=HOST, port=postgres.port, user=role, password=password, database=database, ssl=False
    )


async def test_it_comes_back_after_a_kill_and_a_stale_claim(cluster: Postgres):
    claim = cluster.directory / "postmaster.pid"
    # A number that belongs to a living process which is no Postgres: us.
    claim.write_text(f"{os.getpid()}\n{cluster.directory}\n0\n{cluster.port}\n\n\n\n\n")
    async with served(cluster) as pids:
        first = await pids.get()
        os.kill(first, signal.SIGKILL)
        assert await asyncio.wait_for(pids.get(), 5) != first
        await until_served(cluster)


async def test_each_service_owns_its_database_and_reaches_no_other(cluster: Postgres):
    async with served(cluster):
        secrets = cluster.password_file.parent
        await create_databases(cluster, secrets=secrets)
        await create_databases(cluster, secrets=secrets)  # a second start
        owner = await sign_in(cluster, role="billing_owner", database="billing")
        await owner.execute("CREATE TABLE IF NOT EXISTS entry (id int)")
        await owner.close()
        billing = await sign_in(cluster, role="billing", database="billing")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await billing.execute("CREATE TABLE other (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await billing.execute("SELECT * FROM entry")
        await billing.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sign_in(cluster, role="billing", database="auth")


async def test_nobody_comes_in_without_a_password(cluster: Postgres):
    async with served(cluster):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                host=HOST, port=cluster.port, user="postgres", password="wrong", ssl=False
            )


def postgres_in(folder: Path) -> Postgres:
    password_file = folder / "superuser"
    password_file.write_text("secret")
    return Postgres(
        directory=folder / "postgres",
        password_file=password_file,
        port=1,
        privilege=Privilege.OURS,
    )


async def test_another_major_version_is_refused(tmp_path: Path):
    (tmp_path / "postgres" / "global").mkdir(parents=True)
    (tmp_path / "postgres" / "global" / "pg_control").write_text("")
    (tmp_path / "postgres" / "PG_VERSION").write_text("19\n")
    with pytest.raises(StackError, match="was made by Postgres 19 and this release runs"):
        await postgres_in(tmp_path).initialise(log=log_in(tmp_path))


async def test_a_directory_without_a_cluster_is_refused(tmp_path: Path):
    (tmp_path / "postgres").mkdir()
    with pytest.raises(StackError, match="is no whole Postgres data directory"):
        await postgres_in(tmp_path).initialise(log=log_in(tmp_path))


async def test_a_lost_password_is_told(tmp_path: Path, cluster: Postgres):
    lost = Postgres(
        directory=cluster.directory,
        password_file=tmp_path / "gone",
        port=1,
        privilege=cluster.privilege,
    )
    with pytest.raises(StackError, match="gone is missing; restore it"):
        await lost.initialise(log=log_in(tmp_path))
