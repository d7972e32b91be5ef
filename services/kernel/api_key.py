"""The text form of API keys: `agg_<key id>_<secret><checksum>`.

The checksum lets everybody refuse a mistyped or invented key without asking anybody. It is no
secret. The idea is GitHub's token format of 2021: a prefix for scanners, and CRC32 in base62 at the
end.
"""

import re
import zlib

PREFIX = "agg_"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEY_ID_LENGTH = 12
SECRET_BITS = 160
# 62 ** 27 is the first power above 2 ** 160, 62 ** 6 the first above 2 ** 32.
SECRET_LENGTH = 27
CHECKSUM_LENGTH = 6
_REST = SECRET_LENGTH + CHECKSUM_LENGTH
_SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{KEY_ID_LENGTH}}}_[0-9A-Za-z]{{{_REST}}}", re.ASCII)


def encode_base62(number: int, *, length: int) -> str:
    """Writes a number in base62, padded with zeros to a length."""
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def with_checksum(text: str) -> str:
    """Appends the checksum to the rest of a key."""
    return text + encode_base62(zlib.crc32(text.encode()), length=CHECKSUM_LENGTH)


def is_well_formed(text: str) -> bool:
    """Says whether a text could be a key: right shape, right checksum."""
    if not _SHAPE.fullmatch(text):
        return False
    return with_checksum(text[:-CHECKSUM_LENGTH]) == text
