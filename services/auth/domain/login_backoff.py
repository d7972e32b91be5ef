"""Slows down those who guess a password, without locking its owner out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel.errors import RateLimited

FREE_FAILURES = 10
# Failures are forgotten when none came for so long.
WINDOW = timedelta(minutes=15)
# Long enough to make guessing hopeless, short enough for an owner who is being attacked.
WAIT_SECONDS_MAX = 30.0
_DOUBLINGS_MAX = 5


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed logins in a row for one e-mail address, known or not."""

    count: int
    last_time: datetime


def check_wait(failures: Failures | None, *, now: datetime) -> None:
    """Raises RateLimited when the next attempt has to wait."""
    wait = wait_seconds(failures, now=now)
    if wait > 0:
        message = "Too many failed logins. Wait a moment before the next."
        raise RateLimited(message, retry_after_seconds=wait)


def wait_seconds(failures: Failures | None, *, now: datetime) -> float:
    """Returns how long the next attempt has to wait: 1, 2, 4 ... 30 s after the tenth failure."""
    if failures is None or failures.count < FREE_FAILURES or failures.last_time <= now - WINDOW:
        return 0.0
    doublings = min(failures.count - FREE_FAILURES, _DOUBLINGS_MAX)
    pause = min(2.0**doublings, WAIT_SECONDS_MAX)
    return max(0.0, pause - (now - failures.last_time).total_seconds())
