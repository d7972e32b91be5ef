"""How long a process waits before it is started again."""

from dataclasses import dataclass

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 5.0
STEADY_SECONDS = 2.0


@dataclass(frozen=True)
class RestartDelay:
    """At once after a steady run, then 0.2 s doubling to 5 s while runs stay short."""

    short_runs: int = 0

    def after(self, run_seconds: float, *, was_ready: bool) -> "tuple[float, RestartDelay]":
        """Returns the wait after a run of that length, and the state for the next one."""
        short_runs = 0 if was_ready and run_seconds >= STEADY_SECONDS else self.short_runs
        wait = 0.0 if short_runs == 0 else FIRST_SECONDS * 2 ** min(short_runs - 1, 10)
        return min(wait, LONGEST_SECONDS), RestartDelay(short_runs + 1)
