"""Identifiers that sort by the time they were made."""

import os
import time
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62


def new_id() -> str:
    """Returns a new UUID of version 7 (RFC 9562 section 5.7) in its usual text form."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    random_a, random_b = random >> 68, random & ((1 << 62) - 1)
    return str(UUID(int=milliseconds << 80 | _VERSION_7 | random_a << 64 | _VARIANT | random_b))


def is_id(text: str) -> bool:
    """Says whether a text is a UUID in its usual form."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
