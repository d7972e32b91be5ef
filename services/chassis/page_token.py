"""Pages of lists (AIP-158): opaque tokens, sizes bounded."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import TypeVar

from services.kernel.errors import InvalidField

Row = TypeVar("Row")


def page_size(asked: int, *, default: int, maximum: int) -> int:
    """Returns the size of a page: the default for 0, never above the maximum."""
    return min(asked or default, maximum)


def encode_token(*position: str | int) -> str:
    """Returns the token of the page that begins after a position."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_token(token: str, *kinds: type) -> tuple[str | int, ...] | None:
    """Returns the position of a token, None for the first page. Raises InvalidField."""
    if not token:
        return None
    try:
        padded = token + "=" * (-len(token) % 4)
        position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        position = None
    if not isinstance(position, list) or [type(part) for part in position] != list(kinds):
        raise InvalidField("page_token", "page_token is not one that a list returned.")
    return tuple(position)


def cut(rows: Sequence[Row], size: int) -> tuple[Sequence[Row], bool]:
    """Splits rows fetched as `size + 1` into the page and whether another follows."""
    return rows[:size], len(rows) > size
