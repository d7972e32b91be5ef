"""How the provider answers one request: the settings of the body field `demo` and of `/control`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

TOKENS_MAX = 1_000_000


class BadSettingError(Exception):
    """A setting that does not exist, or a value that it can't have."""


@dataclass(frozen=True)
class Behaviour:
    """The settings of one answer; each may be left out."""

    # Milliseconds before the first byte, and between two tokens.
    delay_ms: float = 0
    gap_ms: float = 0
    # Length of the answer; `max_tokens` of the request may cut it shorter.
    tokens: int = 16
    # Reported besides: input tokens read from the cache, output tokens spent on reasoning.
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    # Answers this HTTP error instead, with `retry-after` seconds if given.
    status: int | None = None
    retry_after: int | None = None
    # Breaks the connection "before" the headers, or after so many content chunks.
    reset: str | int | None = None
    # Falls silent "before" the headers, or after so many content chunks, until the client goes.
    hang: str | int | None = None
    # Names the request in the books.
    nonce: str | None = None
    # Limits status, reset and hang to the provider of this name, for tests of failover.
    only: str | None = None

    def applied_to(self, provider: str) -> "Behaviour":
        """Returns the behaviour at a provider: failures meant for another one are left out."""
        if self.only is None or self.only == provider:
            return self
        return Behaviour(
            delay_ms=self.delay_ms,
            gap_ms=self.gap_ms,
            tokens=self.tokens,
            cached_tokens=self.cached_tokens,
            reasoning_tokens=self.reasoning_tokens,
            nonce=self.nonce,
            only=self.only,
        )

    @property
    def stop(self) -> "Stop | None":
        """Returns where a stream stops early, if it does."""
        if isinstance(self.reset, int):
            return Stop(self.reset, hangs=False)
        if isinstance(self.hang, int):
            return Stop(self.hang, hangs=True)
        return None


@dataclass(frozen=True)
class Stop:
    """After how many content chunks a stream stops, and whether it hangs there or breaks."""

    chunks: int
    hangs: bool


_KNOWN = frozenset(field.name for field in fields(Behaviour))
_COUNTS = ("tokens", "cached_tokens", "reasoning_tokens")


def read_behaviour(settings: Mapping[str, Any]) -> Behaviour:
    """Builds the behaviour from JSON. Raises BadSettingError."""
    unknown = settings.keys() - _KNOWN
    if unknown:
        raise BadSettingError(f"there is no setting {min(unknown)!r}")
    for name in _COUNTS:
        value = settings.get(name, 0)
        if not isinstance(value, int) or not 0 <= value <= TOKENS_MAX:
            raise BadSettingError(f"{name} must be a whole number from 0 to {TOKENS_MAX}")
    for name in ("delay_ms", "gap_ms"):
        value = settings.get(name, 0)
        if not isinstance(value, int | float) or value < 0:
            raise BadSettingError(f"{name} must be a number of milliseconds")
    for name in ("reset", "hang"):
        value = settings.get(name)
        if not (value is None or value == "before" or (isinstance(value, int) and value >= 0)):
            raise BadSettingError(f'{name} must be "before" or a number of chunks')
    status = settings.get("status")
    if status is not None and not (isinstance(status, int) and 400 <= status <= 599):  # noqa: PLR2004
        raise BadSettingError("status must be an HTTP error")
    return Behaviour(**settings)
