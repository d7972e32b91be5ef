"""`python -m services.local`: runs the stack in the foreground until Ctrl-C."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from services.local.console import Console
from services.local.errors import StackError
from services.local.layout import REPOSITORY, Layout
from services.local.ports import Ports
from services.local.stack import run_stack


def main() -> int:
    """Runs; returns 0 after an orderly stop and 1 when the stack can't run."""
    parser = argparse.ArgumentParser(prog="./scripts/up", description=__doc__)
    parser.add_argument("--port", type=int, default=3000, help="first of ten ports (3000)")
    parser.add_argument("--data", type=Path, default=REPOSITORY / ".data", help="(.data)")
    arguments = parser.parse_args()
    console = Console()
    try:
        layout = Layout(arguments.data.absolute())
        asyncio.run(_until_stopped(layout, ports=Ports(arguments.port), console=console))
    except StackError as error:
        problem = str(error)
    except BaseExceptionGroup as group:
        known = group.subgroup(StackError)
        if known is None:
            raise
        problem = str(_first(known))
    else:
        console.say("stopped")
        return 0
    finally:
        console.close()
    print(f"\n{problem}", file=sys.stderr)
    return 1


async def _until_stopped(layout: Layout, *, ports: Ports, console: Console) -> None:
    """Runs the stack as a task that signals cancel: everything then unwinds in reverse order."""
    running = asyncio.ensure_future(run_stack(layout, ports=ports, console=console))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # `nohup` wants the stack to outlive the terminal
        # A second signal changes nothing: every stop has its own deadline.
        loop.add_signal_handler(number, _cancel_once(running))
    try:
        await running
    except asyncio.CancelledError:
        return


def _cancel_once(running: "asyncio.Future[None]"):  # noqa: ANN202
    cancelled = False

    def cancel() -> None:
        nonlocal cancelled
        if not cancelled:
            cancelled = True
            running.cancel()

    return cancel


def _first(group: BaseException) -> BaseException:
    """Returns the first error inside nested groups."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group


if __name__ == "__main__":
    sys.exit(main())
