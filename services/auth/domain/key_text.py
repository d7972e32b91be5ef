"""The text of an API key: `agg_<key id>_<secret><checksum>`.

The checksum lets a key with a typing error be refused, and a leaked one be recognised, without
asking anybody.
"""

import re
import secrets
import string
import zlib
from dataclasses import dataclass

from services.kernel.errors import InvalidCredential

PREFIX = "agg_"
SECRET_BITS = 160
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_LENGTH = 12
# 62 ** 27 is the first power above 2 ** 160, 62 ** 6 the first above 2 ** 32.
_SECRET_LENGTH = 27
_CHECKSUM_LENGTH = 6
_ID = re.compile(rf"[0-9A-Za-z]{{{_ID_LENGTH}}}")
_SHAPE = re.compile(
    rf"{PREFIX}([0-9A-Za-z]{{{_ID_LENGTH}}})_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}"
)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as its owner holds it. It is shown once and never stored."""

    key_id: str
    text: str

    def __repr__(self) -> str:
        """Keeps the secret out of logs and tracebacks."""
        return f"KeyText(key_id={self.key_id!r})"


def new_key_text() -> KeyText:
    """Returns a new random key."""
    key_id = _encode(secrets.randbelow(len(_ALPHABET) ** _ID_LENGTH), _ID_LENGTH)
    secret = _encode(secrets.randbits(SECRET_BITS), _SECRET_LENGTH)
    body = f"{PREFIX}{key_id}_{secret}"
    return KeyText(key_id, body + _checksum(body))


def parse_key_text(text: str) -> KeyText:
    """Reads a key. Raises InvalidCredential when it is malformed or mistyped."""
    match = _SHAPE.fullmatch(text)
    if match is None or _checksum(text[:-_CHECKSUM_LENGTH]) != text[-_CHECKSUM_LENGTH:]:
        raise InvalidCredential
    return KeyText(match.group(1), text)


def is_key_id(text: str) -> bool:
    """Says whether a text has the form of a key's id."""
    return _ID.fullmatch(text) is not None


def _checksum(body: str) -> str:
    return _encode(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _encode(number: int, length: int) -> str:
    digits: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
