"""Credentials at rest."""

import stat
from pathlib import Path

import pytest

from services.chassis.environment import SettingsError
from services.orchestrator.adapters.vault import Unreadable, Vault, open_vault
from services.orchestrator.domain.provider import SealedCredential
from tests.unit.orchestrator.examples import provider

WORD = "a-provider-word"
ALPHA = provider("alpha")


@pytest.fixture
def vault() -> Vault:
    return Vault(b"k" * 32)


def test_a_credential_comes_back(vault: Vault) -> None:
    assert vault.open(ALPHA, vault.seal(ALPHA, WORD)) == WORD


def test_two_sealings_have_nothing_in_common(vault: Vault) -> None:
    one, other = vault.seal(ALPHA, WORD), vault.seal(ALPHA, WORD)

    assert one.nonce != other.nonce
    assert one.ciphertext != other.ciphertext
    assert WORD.encode() not in one.ciphertext


@pytest.mark.parametrize(
    "other",
    [
        provider("bravo"),
        provider("alpha", base_url="https://elsewhere.example/v1"),
        provider("alpha", base_url="http://provider.example/v1"),
        provider("alpha", base_url="https://provider.example:8443/v1"),
    ],
    ids=["provider", "host", "scheme", "port"],
)
def test_a_credential_is_bound_to_its_provider_and_origin(vault: Vault, other: object) -> None:
    with pytest.raises(Unreadable):
        vault.open(other, vault.seal(ALPHA, WORD))  # type: ignore[arg-type]


def test_a_changed_ciphertext_is_unreadable(vault: Vault) -> None:
    sealed = vault.seal(ALPHA, WORD)
    changed = bytes([sealed.ciphertext[0] ^ 1]) + sealed.ciphertext[1:]

    with pytest.raises(Unreadable):
        vault.open(ALPHA, SealedCredential(sealed.nonce, changed))


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "key"

    sealed = open_vault(file).seal(ALPHA, WORD)

    assert open_vault(file).open(ALPHA, sealed) == WORD
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["key"]


@pytest.mark.parametrize("content", [b"", b"short", b"k" * 33])
def test_a_damaged_key_keeps_the_service_from_starting(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)

    with pytest.raises(SettingsError, match="32 bytes"):
        open_vault(file)

    assert file.read_bytes() == content
