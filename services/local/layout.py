"""Where the stack keeps its files, and the checks that the place is usable.

A data directory belongs to one running stack at a time; an `flock` says so, and the kernel lets it
go with the process, however that ends.
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.local.errors import StackError

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Layout:
    """The paths inside one data directory."""

    directory: Path

    @property
    def secrets(self) -> Path:
        """Passwords and keys, one file each."""
        return self.directory / "secrets"

    @property
    def postgres(self) -> Path:
        """Postgres's own data directory."""
        return self.directory / "postgres"

    @property
    def nats(self) -> Path:
        """NATS's configuration and JetStream's store."""
        return self.directory / "nats"

    @property
    def journal_file(self) -> Path:
        """Where Envoy writes a line per inference request."""
        return self.directory / "journal" / "journal.jsonl"

    @property
    def spool(self) -> Path:
        """The proxy's write-ahead log."""
        return self.directory / "spool"

    @property
    def logs(self) -> Path:
        """A log file per process."""
        return self.directory / "logs"

    @property
    def run(self) -> Path:
        """What is made anew at each start."""
        return self.directory / "run"

    @property
    def demo_record(self) -> Path:
        """What the demo provider has served."""
        return self.directory / "demo-provider" / "served.jsonl"

    @property
    def ready_file(self) -> Path:
        """Says how to reach the running stack; absent while it does not run."""
        return self.directory / "ready.json"

    def prepare(self) -> None:
        """Makes the directories; refuses a place that can't hold them."""
        if self.directory.exists() and not self.directory.is_dir():
            raise StackError(f"{self.directory} is a file; choose another place with --data.")
        folders = (self.secrets, self.nats, self.journal_file.parent, self.spool, self.logs)
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (*folders, self.run, self.demo_record.parent):
                folder.mkdir(exist_ok=True, mode=0o700)
            probe = self.run / "writable"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise StackError(
                f"The data directory {self.directory} can't be used ({error.strerror}: "
                f"{error.filename}); choose another place with --data."
            ) from error

    @contextmanager
    def locked(self) -> Generator[None]:
        """Holds the data directory for this process alone."""
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                holder = os.pread(descriptor, 20, 0).decode() or "unknown"
                raise StackError(
                    f"Another stack (process {holder}) runs on {self.directory}; stop it, or "
                    "choose another place with --data and other ports with --port."
                ) from error
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)
