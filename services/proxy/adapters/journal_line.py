"""One line of Envoy's journal, as JSON, to the domain."""

from typing import Any

import orjson

from services.chassis.logs import get_logger
from services.kernel.usage import TokenUsage
from services.proxy.adapters.hold_codec import decode_hold
from services.proxy.domain.conclusion import JournalLine

log = get_logger()
# What every line begins with: Envoy's formatter writes the keys in alphabetical order.
BEGINNING = b'{"attempts":'


def parse_journal_line(raw: bytes) -> JournalLine | None:
    """Reads a line. None, and a warning, when it is not one.

    A crash of Envoy may leave half a line, to which the next Envoy appends a whole one; the whole
    one is found by its beginning.
    """
    whole = raw[max(raw.rfind(BEGINNING), 0) :]
    try:
        return _parse(orjson.loads(whole))
    except (ValueError, KeyError, TypeError):
        log.warning("journal.unreadable_line", length=len(raw))
        return None


def _parse(members: dict[str, Any]) -> JournalLine:
    hold = decode_hold(members["record"])
    return JournalLine(
        request_id=members["request"],
        hold=hold,
        status=_whole(members.get("code")),
        cluster=members.get("cluster") or "",
        attempts=_whole(members.get("attempts")),
        started_at=float(members["start"]),
        duration_ms=_whole(members.get("duration_ms")),
        first_byte_ms=_optional(members.get("first_byte_ms")),
        bytes_sent=_whole(members.get("bytes_sent")),
        usage=_usage(members.get("usage")),
        events=_whole(members.get("events")),
        traceparent=members.get("traceparent") or "",
    )


def _usage(members: Any) -> TokenUsage | None:
    if not isinstance(members, dict) or "prompt_tokens" not in members:
        return None
    return TokenUsage.from_openai(
        prompt=_whole(members.get("prompt_tokens")),
        completion=_whole(members.get("completion_tokens")),
        cached=_whole(members.get("cached_tokens")),
        reasoning=_whole(members.get("reasoning_tokens")),
    )


def _whole(value: Any) -> int:
    number = _optional(value)
    return 0 if number is None else number


def _optional(value: Any) -> int | None:
    # Envoy prints numbers of metadata as doubles, and what is absent as null or a dash.
    if isinstance(value, str):
        value = float(value) if value not in {"", "-"} else None
    return None if value is None else int(value)
