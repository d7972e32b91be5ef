"""What a process prints: to its log file, to the console, and its last words."""

from collections import deque
from collections.abc import Callable
from pathlib import Path

FILE_BYTES = 10 * 1024 * 1024
LINE_BYTES = 64 * 1024


class ProcessLog:
    """Cuts output into lines; keeps the newest 20, and two files of at most 10 MiB."""

    def __init__(self, name: str, *, folder: Path, show: Callable[[str], None]) -> None:
        self._name = name
        self._path = folder / f"{name}.log"
        self._show = show
        self._rest = b""
        self._bytes = self._path.stat().st_size if self._path.exists() else 0
        self.last_lines: deque[str] = deque(maxlen=20)

    @property
    def path(self) -> Path:
        """The log file."""
        return self._path

    def feed(self, chunk: bytes) -> None:
        """Takes the next piece of output."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        self._keep(lines)

    def finish(self) -> None:
        """Takes what a process left of a line when it ended."""
        if self._rest:
            self._keep([self._rest])
            self._rest = b""

    def _keep(self, lines: list[bytes]) -> None:
        if not lines:
            return
        for line in lines:
            text = line.decode(errors="replace").rstrip("\r")
            self.last_lines.append(text)
            self._show(f"{self._name:<13} | {text}")
        self._append(b"\n".join(lines) + b"\n")

    def _append(self, block: bytes) -> None:
        """Writes to the file; a full disk costs log lines and nothing else."""
        try:
            if self._bytes + len(block) > FILE_BYTES and self._path.exists():
                self._path.replace(self._path.with_suffix(".log.1"))
                self._bytes = 0
            with self._path.open("ab") as file:
                file.write(block)
            self._bytes += len(block)
        except OSError:
            return
