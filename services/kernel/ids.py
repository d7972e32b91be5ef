"""Identifiers that sort by the time they were made."""

import os
import time
from uuid import UUID

_VERSION = 0x7000
_VARIANT = 0x8000


def new_id() -> str:
    """Returns a new UUID of version 7 (RFC 9562 section 5.7) in its usual text form."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    group_3 = _VERSION | random >> 68
    group_4 = _VARIANT | random >> 48 & 0x3FFF
    time_text = f"{milliseconds:012x}"
    tail = f"{random & 0xFFFFFFFFFFFF:012x}"
    return f"{time_text[:8]}-{time_text[8:]}-{group_3:04x}-{group_4:04x}-{tail}"


def is_id(text: str) -> bool:
    """Says whether a text is a UUID in its usual form."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
