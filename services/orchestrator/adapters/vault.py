"""Encrypts providers' credentials at rest."""

import os
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.chassis.environment import SettingsError
from services.orchestrator.domain.provider import Provider, SealedCredential

KEY_BYTES = 32
NONCE_BYTES = 12


class Unreadable(Exception):
    """A stored credential was not encrypted by us for this provider at this origin."""


class Vault:
    """AES-256-GCM under one key. A credential opens only for the provider and origin it is for."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, provider: Provider, credential: str) -> SealedCredential:
        """Returns a credential encrypted."""
        nonce = os.urandom(NONCE_BYTES)
        text = self._cipher.encrypt(nonce, credential.encode(), _purpose(provider))
        return SealedCredential(nonce, text)

    def open(self, provider: Provider, sealed: SealedCredential) -> str:
        """Returns a credential in plain text. Raises Unreadable."""
        try:
            plain = self._cipher.decrypt(sealed.nonce, sealed.ciphertext, _purpose(provider))
        except InvalidTag:
            raise Unreadable from None
        return plain.decode()


def _purpose(provider: Provider) -> bytes:
    # Neither an id nor an origin can contain a line break.
    return f"{provider.provider_id}\n{provider.base_url.origin}".encode()


def open_vault(key_file: Path) -> Vault:
    """Returns the vault of a key file, which is made if absent. Raises SettingsError."""
    try:
        if not key_file.exists():
            _make_key(key_file)
        key = key_file.read_bytes()
    except OSError as error:
        message = f"the key file {key_file.name} can't be used: {error.strerror}"
        raise SettingsError(message) from None
    if len(key) != KEY_BYTES:
        raise SettingsError(f"the key in {key_file.name} is not {KEY_BYTES} bytes long")
    return Vault(key)


def _make_key(key_file: Path) -> None:
    """Makes the file with its content at once, so that no crash leaves half a key behind."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    draft = key_file.with_name(f".{key_file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(descriptor)
        # Another instance may have been faster; then its key is the one.
        with suppress(FileExistsError):
            key_file.hardlink_to(draft)
    finally:
        draft.unlink()
