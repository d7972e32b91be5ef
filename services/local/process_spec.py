"""What the supervisor must know about a process; the plan is made of these."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from services.local.birth import Birth

Probe = Callable[[], Awaitable[None]]
"""Returns when the process serves; raises whatever it likes while it does not."""


async def nothing_to_prepare() -> None:
    """Stands for processes that can be started as they are."""


@dataclass(frozen=True)
class ProcessSpec:
    """A process: how it is started, watched and stopped."""

    name: str
    command: tuple[str, ...]
    probe: Probe
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    before_start: Callable[[], Awaitable[None]] = nothing_to_prepare
    birth: Birth = field(default_factory=Birth)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    first_ready_seconds: float = 60.0
