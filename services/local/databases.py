"""The databases of the services: one each, owned by the role that migrates it."""

import asyncio
from pathlib import Path

import asyncpg

from services.local.mesh import WITH_DATABASE
from services.local.ports import HOST
from services.local.postgres import SUPERUSER, Postgres
from services.local.secret_files import kept_secret


def database_url(role: str, *, database: str, password: str, port: int) -> str:
    """Returns the address as SQLAlchemy writes it."""
    return f"postgresql+asyncpg://{role}:{password}@{HOST}:{port}/{database}"


async def create_databases(postgres: Postgres, *, secrets: Path) -> None:
    """Makes roles and databases; may be repeated, and gives roles the passwords on file."""
    server = await _connect(postgres, database="postgres")
    try:
        for service in WITH_DATABASE:
            await _ensure_role(server, f"{service}_owner", secrets=secrets)
            await _ensure_role(server, service, secrets=secrets)
            await _ensure_database(server, service)
    finally:
        await server.close()
    async with asyncio.TaskGroup() as tasks:
        for service in WITH_DATABASE:
            tasks.create_task(_confine_schema(postgres, service))


async def _ensure_role(server: asyncpg.Connection, role: str, *, secrets: Path) -> None:
    password = kept_secret(secrets / f"postgres-{role}")
    exists = await server.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if exists else "CREATE"
    await server.execute(f"{verb} ROLE {role} LOGIN PASSWORD '{password}'")


async def _ensure_database(server: asyncpg.Connection, service: str) -> None:
    exists = await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", service)
    if not exists:
        await server.execute(f"CREATE DATABASE {service} OWNER {service}_owner")
    await server.execute(f"REVOKE ALL ON DATABASE {service} FROM PUBLIC")
    await server.execute(f"GRANT CONNECT ON DATABASE {service} TO {service}")


async def _confine_schema(postgres: Postgres, service: str) -> None:
    database = await _connect(postgres, database=service)
    try:
        await database.execute(
            f"ALTER SCHEMA public OWNER TO {service}_owner;"
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;"
            f"GRANT USAGE ON SCHEMA public TO {service}"
        )
    finally:
        await database.close()


async def _connect(postgres: Postgres, *, database: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=HOST,
        port=postgres.port,
        user=SUPERUSER,
        password=postgres.password,
        database=database,
        ssl=False,
        timeout=10,
    )
