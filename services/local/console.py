"""Writes to the terminal from a thread, so that a reader who stalls never stalls the stack."""

import queue
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

WAITING_LINES = 2000


class Console:
    """A bounded queue in front of standard output; what does not fit is dropped and counted."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(maxsize=WAITING_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="console", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Queues a line."""
        try:
            if self._dropped:
                self._lines.put_nowait(f"({self._dropped} lines are only in the log files)")
                self._dropped = 0
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    @contextmanager
    def step(self, what: str) -> Generator[None]:
        """Says what was done and how long it took, once it is done."""
        start = time.monotonic()
        yield
        self.say(f"  {time.monotonic() - start:5.1f} s  {what}")

    def close(self) -> None:
        """Waits a moment for the last lines to be read."""
        try:
            self._lines.put(None, timeout=0.5)
        except queue.Full:
            return
        self._thread.join(timeout=1)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
            except (OSError, ValueError):
                continue  # the reader went away; the log files have the lines
