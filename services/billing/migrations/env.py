"""Alembic's entrance."""

from alembic import context

from services.chassis.migrate import run_in_environment

run_in_environment(context)
