"""Keeps one process running: started again whenever it ends, until it is told to stop."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable

from services.local.child import kill_group, running
from services.local.errors import StackError
from services.local.process_log import ProcessLog
from services.local.process_spec import ProcessSpec
from services.local.restart_delay import RestartDelay

PROBE_SECONDS = 2.0
PROBE_PAUSE_SECONDS = 0.05
FAILED_STARTS = 3


class SupervisedProcess:
    """One process of the plan, with its restarts, readiness, log and stop."""

    def __init__(
        self,
        spec: ProcessSpec,
        *,
        log: ProcessLog,
        on_start: Callable[[str, int], None],
        say: Callable[[str], None],
    ) -> None:
        self.spec = spec
        self._log = log
        self._on_start = on_start
        self._say = say
        self._stopping = asyncio.Event()
        self._ready = asyncio.Event()
        self._given_up = asyncio.Event()
        self._child: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Runs the process again and again; returns after `stop`."""
        delay = RestartDelay()
        failed_starts = 0
        while not self._stopping.is_set():
            start = time.monotonic()
            was_ready, outcome = await self._run_once()
            if self._stopping.is_set():
                return
            failed_starts = 0 if was_ready else failed_starts + 1
            if failed_starts >= FAILED_STARTS and not self._ready.is_set():
                self._given_up.set()
            wait, delay = delay.after(time.monotonic() - start, was_ready=was_ready)
            self._say(f"{self.spec.name} {outcome}; starting it again in {wait:.1f} s")
            await _wait(self._stopping, seconds=wait)

    async def first_ready(self) -> None:
        """Returns when the process has served for the first time. Raises StackError."""
        ready = asyncio.ensure_future(self._ready.wait())
        given_up = asyncio.ensure_future(self._given_up.wait())
        try:
            await asyncio.wait(
                (ready, given_up),
                timeout=self.spec.first_ready_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            ready.cancel()
            given_up.cancel()
        if not self._ready.is_set():
            words = "\n    ".join(self._log.last_lines) or "nothing"
            raise StackError(
                f"{self.spec.name} {self._failure()}; its log is {self._log.path}, its last words "
                f"were:\n    {words}"
            )

    async def stop(self) -> None:
        """Asks the process to end, and ends it when it takes too long."""
        self._stopping.set()
        child = self._child
        if child is None or child.returncode is not None:
            return
        _send(child.pid, self.spec.stop_signal)
        try:
            async with asyncio.timeout(self.spec.stop_seconds):
                await child.wait()
        except TimeoutError:
            self._say(f"{self.spec.name} did not end in {self.spec.stop_seconds:.0f} s; killing it")
            kill_group(child.pid)

    async def _run_once(self) -> tuple[bool, str]:
        """Starts the process and waits for its end; returns whether it served, and how it ended."""
        spec = self.spec
        served = asyncio.Event()
        try:
            await spec.before_start()
            async with running(
                spec.command, environment=spec.environment, birth=spec.birth, log=self._log
            ) as child:
                self._child = child
                if self._stopping.is_set():  # `stop` came while the process was being made
                    return False, "was not needed any more"
                self._on_start(spec.name, child.pid)
                async with asyncio.TaskGroup() as tasks:
                    probing = tasks.create_task(self._probe_until_ready(child, served))
                    code = await child.wait()
                    probing.cancel()
        except (OSError, subprocess.SubprocessError) as error:
            self._log.feed(f"could not be started: {error}\n".encode())
            return False, "could not be started"
        return served.is_set(), _outcome(code)

    def _failure(self) -> str:
        if self._given_up.is_set():
            return f"ended {FAILED_STARTS} times before it served"
        return f"did not serve within {self.spec.first_ready_seconds:.0f} s"

    async def _probe_until_ready(
        self, child: asyncio.subprocess.Process, served: asyncio.Event
    ) -> None:
        """Tries the probe until it succeeds or the process has ended."""
        start = time.monotonic()
        # Clients of all kinds swallow a cancellation now and then; the end of the process counts.
        while child.returncode is None:
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await self.spec.probe()
            except Exception:  # noqa: BLE001 - a probe fails in as many ways as a network
                await asyncio.sleep(PROBE_PAUSE_SECONDS)
                continue
            served.set()
            if self._ready.is_set():
                self._say(f"{self.spec.name} is back after {time.monotonic() - start:.1f} s")
            self._ready.set()
            return


async def _wait(event: asyncio.Event, *, seconds: float) -> None:
    """Waits for the event, but not longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _outcome(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    return f"was ended by {signal.Signals(-code).name}"


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
