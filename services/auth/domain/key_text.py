"""API keys as text: made here, shown once, and never stored. Their form is `kernel.api_key`."""

import re
import secrets
from dataclasses import dataclass

from services.kernel.api_key import (
    ALPHABET,
    KEY_ID_LENGTH,
    PREFIX,
    SECRET_BITS,
    SECRET_LENGTH,
    encode_base62,
    is_well_formed,
    with_checksum,
)
from services.kernel.errors import InvalidCredential

_ID = re.compile(rf"[0-9A-Za-z]{{{KEY_ID_LENGTH}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as its owner holds it."""

    key_id: str
    text: str

    def __repr__(self) -> str:
        """Keeps the secret out of logs and tracebacks."""
        return f"KeyText(key_id={self.key_id!r})"


def new_key_text() -> KeyText:
    """Returns a new random key."""
    number = secrets.randbelow(len(ALPHABET) ** KEY_ID_LENGTH)
    key_id = encode_base62(number, length=KEY_ID_LENGTH)
    secret = encode_base62(secrets.randbits(SECRET_BITS), length=SECRET_LENGTH)
    return KeyText(key_id, with_checksum(f"{PREFIX}{key_id}_{secret}"))


def parse_key_text(text: str) -> KeyText:
    """Reads a key. Raises InvalidCredential when it is malformed or mistyped."""
    if not is_well_formed(text):
        raise InvalidCredential
    return KeyText(text[len(PREFIX) :][:KEY_ID_LENGTH], text)


def is_key_id(text: str) -> bool:
    """Says whether a text has the form of a key's id."""
    return _ID.fullmatch(text) is not None
