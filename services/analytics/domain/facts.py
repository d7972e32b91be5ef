"""What is counted: requests that ended, and events."""

from dataclasses import dataclass
from datetime import datetime

ID_CHARACTERS_MAX = 200
NAME_CHARACTERS_MAX = 200
# A thousand million tokens or a million dollars in one request are a mistake; sums stay far from
# the end of 64 bits.
TOKENS_MAX = 10**9
COST_NANOS_MAX = 10**15
FAILURE_STATUS_MIN = 400
USAGE_TYPE = "ai_usage"
# Counts everybody's together; no user may be called so.
EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. Raises ValueError when it can't be counted."""

    event_id: str
    type: str
    # Empty when it concerns nobody in particular.
    user_id: str
    # None when unknown.
    time: datetime | None

    def __post_init__(self) -> None:
        """Refuses what no producer of ours sends."""
        _require_text(self.event_id, what="id", characters_max=ID_CHARACTERS_MAX)
        _require_text(self.type, what="type")
        _require_user(self.user_id)

    @property
    def identity(self) -> str:
        """Names the event among everything that is ever counted."""
        return f"event/{self.event_id}"


@dataclass(frozen=True, slots=True)
class Request:
    """An inference request that ended. Raises ValueError when it can't be counted."""

    request_id: str
    user_id: str
    model: str
    # Empty when no provider was reached.
    provider_id: str
    # The HTTP status; 0 when there was none.
    status: int
    # Cached ones included.
    input_tokens: int
    output_tokens: int
    cost_nanos: int
    # None when unknown.
    time: datetime | None
    duration_ms: int | None
    # None when there was no answer.
    first_byte_ms: int | None

    def __post_init__(self) -> None:
        """Refuses what the proxy never sends."""
        _require_text(self.request_id, what="request_id", characters_max=ID_CHARACTERS_MAX)
        _require_user(self.user_id)
        for name in (self.model, self.provider_id):
            _require_text(name or "-", what="model or provider_id")
        for tokens in (self.input_tokens, self.output_tokens):
            _require_amount(tokens, what="tokens", maximum=TOKENS_MAX)
        _require_amount(self.cost_nanos, what="cost", maximum=COST_NANOS_MAX)
        if min(self.duration_ms or 0, self.first_byte_ms or 0) < 0:
            raise ValueError("a negative duration")

    @property
    def failed(self) -> bool:
        """Says whether the request ended badly, or nobody knows how."""
        return self.status == 0 or self.status >= FAILURE_STATUS_MIN

    @property
    def identity(self) -> str:
        """Names the request among everything that is ever counted."""
        return f"request/{self.request_id}"

    def as_event(self) -> Event:
        """Returns the event that the request counts as."""
        return Event(self.request_id, USAGE_TYPE, self.user_id, self.time)


def _require_text(text: str, *, what: str, characters_max: int = NAME_CHARACTERS_MAX) -> None:
    # Postgres stores no NUL: a single one would keep the whole batch from being counted.
    if not text or len(text) > characters_max or "\0" in text:
        raise ValueError(f"{what} is empty, too long or not printable")


def _require_user(user_id: str) -> None:
    _require_text(user_id or "-", what="user_id")
    if user_id == EVERYBODY:
        raise ValueError("a user_id that stands for everybody")


def _require_amount(amount: int, *, what: str, maximum: int) -> None:
    if not 0 <= amount <= maximum:
        raise ValueError(f"{what} out of range")
