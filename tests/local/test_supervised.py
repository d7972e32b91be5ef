"""A process is started again when it ends, and leaves nothing behind when it is stopped."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.local.errors import StackError
from services.local.process_log import ProcessLog
from services.local.process_spec import Probe, ProcessSpec
from services.local.supervised import SupervisedProcess

FOREVER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(600)"
)
PARENT = (
    "import subprocess,sys; child = subprocess.Popen([sys.executable, '-c', "
    "'import time; time.sleep(600)']); print('up', child.pid, flush=True); child.wait()"
)


class Watched:
    """A supervised process and what it told."""

    def __init__(self, code: str, *, folder: Path, stop_seconds: float = 5) -> None:
        self.pids: asyncio.Queue[int] = asyncio.Queue()
        self.said: list[str] = []
        self.log = ProcessLog("child", folder=folder, show=self.said.append)
        spec = ProcessSpec(
            name="child",
            command=(sys.executable, "-c", code),
            environment=dict(os.environ),
            probe=says_up(lambda: self.log.last_lines),
            stop_seconds=stop_seconds,
            first_ready_seconds=20,
        )
        self.process = SupervisedProcess(
            spec,
            log=self.log,
            on_start=lambda _, pid: self.pids.put_nowait(pid),
            say=self.said.append,
        )


def says_up(lines: Callable[[], object]) -> Probe:
    async def probe() -> None:
        assert "up" in str(lines())

    return probe


@asynccontextmanager
async def watched(code: str, *, folder: Path, stop_seconds: float = 5) -> AsyncGenerator[Watched]:
    child = Watched(code, folder=folder, stop_seconds=stop_seconds)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(child.process.run())
        try:
            yield child
        finally:
            await child.process.stop()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_a_killed_process_comes_back_with_another_number(tmp_path: Path):
    async with watched(FOREVER, folder=tmp_path) as child:
        first = await child.pids.get()
        await child.process.first_ready()
        os.kill(first, signal.SIGKILL)
        second = await asyncio.wait_for(child.pids.get(), 5)
        assert second != first
        assert any("was ended by SIGKILL" in line for line in child.said)
    assert not is_alive(second)


async def test_a_process_that_ignores_the_signal_is_ended_by_the_deadline(tmp_path: Path):
    async with watched(STUBBORN, folder=tmp_path, stop_seconds=0.2) as child:
        pid = await child.pids.get()
        await child.process.first_ready()
    assert not is_alive(pid)
    assert any("killing it" in line for line in child.said)


async def test_what_a_process_started_ends_with_it(tmp_path: Path):
    async with watched(PARENT, folder=tmp_path) as child:
        await child.process.first_ready()
        grandchild = int(child.log.last_lines[0].split()[1])
        assert is_alive(grandchild)
    async with asyncio.timeout(5):
        while is_alive(grandchild):  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.01)


async def test_a_process_that_never_serves_is_told_with_its_last_words(tmp_path: Path):
    code = "import sys; sys.exit('no such thing')"
    async with watched(code, folder=tmp_path) as child:
        with pytest.raises(
            StackError, match=r"(?s)child ended 3 times before it served.*no such thing"
        ):
            await child.process.first_ready()


async def test_a_missing_program_is_told(tmp_path: Path):
    child = Watched("", folder=tmp_path)
    spec = ProcessSpec(
        name="child", command=(str(tmp_path / "missing"),), probe=says_up(lambda: "")
    )
    process = SupervisedProcess(
        spec, log=child.log, on_start=lambda _name, _pid: None, say=child.said.append
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(process.run())
        with pytest.raises(StackError, match="could not be started"):
            await process.first_ready()
        await process.stop()
