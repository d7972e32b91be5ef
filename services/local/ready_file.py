"""`ready.json`: how to reach the running stack. Rewritten whole whenever a process is replaced."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from services.local.secret_files import write_private


class ReadyFile:
    """Collects what the file says; writes nothing before the stack is ready."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._processes: dict[str, int] = {}
        self._facts: dict[str, Any] | None = None

    def note_process(self, name: str, pid: int) -> None:
        """Takes the number of a process that was just started."""
        self._processes[name] = pid
        self._write()

    def publish(self, facts: dict[str, Any]) -> None:
        """Says that the stack is ready."""
        self._facts = facts
        self._write()

    def withdraw(self) -> None:
        """Says that the stack is ready no more."""
        self._facts = None
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._facts is not None:
            content = {**self._facts, "processes": self._processes}
            # On a full disk the file stays as it was; the processes matter more.
            with suppress(OSError):
                write_private(self._path, json.dumps(content, indent=2) + "\n")
