"""Secrets made at first start and kept in files that only their owner can read."""

import os
import secrets
from pathlib import Path

from services.local.errors import StackError


def write_private(path: Path, text: str) -> None:
    """Writes a file of mode 0600, whole or not at all."""
    draft = path.with_name(path.name + ".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def kept_text(path: Path) -> str | None:
    """Returns what the file says; None when there is no file."""
    return path.read_text().strip() if path.exists() else None


def kept_secret(path: Path) -> str:
    """Returns the secret in the file; makes one of 192 bits when there is no file."""
    if not path.exists():
        write_private(path, secrets.token_hex(24))
    secret = path.read_text().strip()
    if not secret:
        raise StackError(f"{path} is empty; restore it, or remove it to have a new secret made.")
    return secret
