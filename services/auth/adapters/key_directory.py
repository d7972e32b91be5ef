"""The secrets of auth on disk: peppers of API keys and keys that sign tokens.

Files are named `pepper-<n>` and `signing-<n>`. The one with the highest number is used for what is
new; the others go on verifying what is old. To rotate, add a file and start auth again; to end an
old key's life, remove its file.
"""

import json
import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.chassis.environment import SettingsError

PEPPER_BYTES = 32
PEPPER_KIND = "pepper"
SIGNING_KIND = "signing"


@dataclass(frozen=True, slots=True)
class Pepper:
    """A secret under which API keys' MACs are made."""

    pepper_id: int
    secret: bytes


@dataclass(frozen=True, slots=True)
class Keys:
    """Every secret of auth, the newest of each kind first."""

    peppers: tuple[Pepper, ...]
    signing: tuple[OKPKey, ...]


def open_keys(directory: Path) -> Keys:
    """Reads the secrets, and makes the first of each kind if there is none. Raises SettingsError.

    Several instances may start at once: the first one's file counts for all.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        peppers = _read_all(directory, PEPPER_KIND, make=_new_pepper)
        signing = _read_all(directory, SIGNING_KIND, make=_new_signing_key)
    except OSError as error:
        raise SettingsError(f"AGG_KEYS_DIRECTORY can't be used: {error.strerror}") from None
    return Keys(
        tuple(Pepper(number, _pepper(number, text)) for number, text in peppers),
        tuple(_signing_key(number, text) for number, text in signing),
    )


def _read_all(directory: Path, kind: str, *, make: Callable[[], str]) -> list[tuple[int, str]]:
    if not _numbers(directory, kind):
        _create(directory / f"{kind}-1", make())
    numbers = sorted(_numbers(directory, kind), reverse=True)
    return [(number, (directory / f"{kind}-{number}").read_text()) for number in numbers]


def _numbers(directory: Path, kind: str) -> list[int]:
    suffixes = (path.name.removeprefix(f"{kind}-") for path in directory.glob(f"{kind}-*"))
    return [int(suffix) for suffix in suffixes if suffix.isdecimal()]


def _create(path: Path, content: str) -> None:
    """Makes a file that is there either whole or not at all, also after a loss of power."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        Path(temporary).unlink()


def _new_pepper() -> str:
    return secrets.token_hex(PEPPER_BYTES)


def _new_signing_key() -> str:
    key = OKPKey.generate_key("Ed25519", private=True, auto_kid=True)
    return json.dumps(key.as_dict(private=True))


def _pepper(number: int, text: str) -> bytes:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) < PEPPER_BYTES:
        raise SettingsError(f"{PEPPER_KIND}-{number} is not a pepper of {PEPPER_BYTES} bytes")
    return secret


def _signing_key(number: int, text: str) -> OKPKey:
    try:
        key = OKPKey.import_key(json.loads(text))
    except (JoseError, ValueError, KeyError, TypeError):
        key = None
    if key is None or not key.is_private or not key.kid or key.curve_name != "Ed25519":
        raise SettingsError(f"{SIGNING_KIND}-{number} is not a private Ed25519 JWK with a kid")
    return key
