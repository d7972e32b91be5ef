"""Brings a service's database to its newest schema, one migrator at a time."""

import asyncio
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.chassis.logs import get_logger

log = get_logger()
# Any number will do as long as every migrator of a database uses the same.
LOCK = 4_711_001


def migrate(service: str, url: str) -> None:
    """Runs the migrations of `services/<service>/migrations` as the role that owns the schema."""
    config = Config()
    folder = Path(__file__).resolve().parent.parent / service / "migrations"
    config.set_main_option("script_location", str(folder))
    asyncio.run(_upgrade(config, url))
    log.info("database.migrated", service=service)


async def _upgrade(config: Config, url: str) -> None:
    engine = create_async_engine(url, hide_parameters=True)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            await connection.run_sync(_run, config)
    finally:
        await engine.dispose()


def _run(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def run_in_environment(context: Any) -> None:
    """Is what every service's `migrations/env.py` calls, with alembic's context."""
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()
