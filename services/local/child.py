"""Starts a process whose output goes to its log.

The pipe is ours and not asyncio's: a process that leaves children behind, as a killed Postgres does
for a moment, must count as ended although they still hold its output open.
"""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

from services.local.birth import Birth
from services.local.layout import REPOSITORY
from services.local.process_log import ProcessLog

LAST_OUTPUT_SECONDS = 0.3


@asynccontextmanager
async def running(
    command: Sequence[str], *, environment: Mapping[str, str], birth: Birth, log: ProcessLog
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Runs a process; whoever leaves the context ends it and its group for good."""
    loop = asyncio.get_running_loop()
    read_end, write_end = os.pipe()
    reader = _Reader(log)
    transport, _ = await loop.connect_read_pipe(lambda: reader, os.fdopen(read_end, "rb", 0))
    try:
        try:
            child = await asyncio.create_subprocess_exec(
                *birth.command(command),
                cwd=REPOSITORY,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,  # Ctrl-C must reach the supervisor alone
                **birth.arguments(),
            )
        finally:
            os.close(write_end)
        try:
            yield child
        finally:
            kill_group(child.pid)
            await child.wait()
            await asyncio.wait((reader.ended,), timeout=LAST_OUTPUT_SECONDS)
    finally:
        transport.close()


def kill_group(pid: int) -> None:
    """Ends what is left of a process and what it started; each child leads a group."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


class _Reader(asyncio.Protocol):
    """Hands output to the log."""

    def __init__(self, log: ProcessLog) -> None:
        self._log = log
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """Takes what the process wrote."""
        self._log.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes that nobody can write any more."""
        del exc
        self._log.finish()
        if not self.ended.done():
            self.ended.set_result(None)
