"""Facts for tests, ordinary but for what a test names."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.analytics.domain.facts import Request

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
_ORDINARY = Request(
    request_id="request-1",
    user_id="ann",
    model="demo-chat",
    provider_id="demo",
    status=200,
    input_tokens=100,
    output_tokens=20,
    cost_nanos=7_000,
    time=NOON,
    duration_ms=1_000,
    first_byte_ms=200,
)


def a_request(request_id: str = "request-1", /, **changed: Any) -> Request:
    """Returns a request that differs from an ordinary one in what is named."""
    return replace(_ORDINARY, **{"request_id": request_id, **changed})
