from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.domain.api_key import DEFAULT_SCOPES, KeyRequest
from services.auth.domain.event import EventType
from services.auth.domain.revocation import Revocation
from services.auth.usecases.create_api_key import CreateApiKey
from services.auth.usecases.revoke_api_key import RevokeApiKey
from services.auth.usecases.verify_api_key import VerifyApiKey
from services.kernel.caller import Caller, Kind
from services.kernel.errors import (
    InvalidCredential,
    InvalidField,
    NotFound,
    PermissionDenied,
    RequestIdReused,
)
from tests.unit.auth.stores import FakeClock, FakeMacs, Stores

ADA = Caller(Kind.USER, "ada")
REQUEST = KeyRequest("ci", (), None, "")


def key_of(caller: Caller, *scopes: str) -> Caller:
    """Returns the caller that an API key with such scopes is."""
    return replace(caller, key_id="AAAAAAAAAAAA", scopes=frozenset(scopes))


class Keyring:
    """The use cases about keys."""

    def __init__(self) -> None:
        self.stores = Stores()
        self.clock = FakeClock()
        self.create = CreateApiKey(self.stores.begin, FakeMacs(), self.clock)
        self.revoke = RevokeApiKey(self.stores.begin, self.clock)
        self.verify = VerifyApiKey(self.stores.begin, FakeMacs(), self.clock)


@pytest.fixture
def keyring() -> Keyring:
    return Keyring()


async def test_a_key_has_the_default_scopes_and_can_not_manage_keys(keyring: Keyring):
    key, _ = await keyring.create(REQUEST, caller=ADA)
    assert key.scopes == DEFAULT_SCOPES
    assert "keys.manage" not in key.scopes


async def test_a_key_verifies_until_it_expires(keyring: Keyring):
    end = keyring.clock.now() + timedelta(hours=1)
    key, text = await keyring.create(replace(REQUEST, expire_time=end), caller=ADA)
    assert await keyring.verify(text) == key
    keyring.clock.advance(timedelta(hours=1))
    with pytest.raises(InvalidCredential):
        await keyring.verify(text)


async def test_a_session_may_grant_every_scope(keyring: Keyring):
    request = replace(REQUEST, scopes=("inference", "keys.manage"))
    key, _ = await keyring.create(request, caller=ADA)
    assert key.scopes == ("inference", "keys.manage")


async def test_a_key_can_not_grant_a_scope_that_it_lacks(keyring: Keyring):
    request = replace(REQUEST, scopes=("inference", "billing.read"))
    with pytest.raises(PermissionDenied) as refused:
        await keyring.create(request, caller=key_of(ADA, "keys.manage", "inference"))
    assert refused.value.metadata == {"scope": "billing.read"}
    assert keyring.stores.api_keys.keys == {}


async def test_the_default_scopes_too_must_be_held(keyring: Keyring):
    with pytest.raises(PermissionDenied):
        await keyring.create(REQUEST, caller=key_of(ADA, "keys.manage"))


async def test_a_key_may_grant_what_it_holds(keyring: Keyring):
    request = replace(REQUEST, scopes=("inference",))
    key, _ = await keyring.create(request, caller=key_of(ADA, "keys.manage", "inference"))
    assert key.user_id == "ada"


async def test_a_repeated_request_returns_the_key_without_its_secret(keyring: Keyring):
    request = replace(REQUEST, request_id="one")
    key, text = await keyring.create(request, caller=ADA)
    again, nothing = await keyring.create(request, caller=ADA)
    assert again == key
    assert text
    assert nothing == ""
    assert len(keyring.stores.events.published) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, request_id="one", display_name="else"),
        replace(REQUEST, request_id="one", scopes=("inference",)),
        replace(REQUEST, request_id="one", expire_time=FakeClock().now() + timedelta(days=1)),
    ],
)
async def test_a_request_id_names_one_request(keyring: Keyring, other: KeyRequest):
    await keyring.create(replace(REQUEST, request_id="one"), caller=ADA)
    with pytest.raises(RequestIdReused):
        await keyring.create(other, caller=ADA)


async def test_a_request_id_belongs_to_its_user(keyring: Keyring):
    request = replace(REQUEST, request_id="one")
    await keyring.create(request, caller=ADA)
    _, text = await keyring.create(request, caller=Caller(Kind.USER, "bob"))
    assert text


@pytest.mark.parametrize("name", ["a\0b", "two\nlines", "\x1b[31m"])
async def test_a_name_has_no_control_characters(keyring: Keyring, name: str):
    with pytest.raises(InvalidField):
        await keyring.create(replace(REQUEST, display_name=name), caller=ADA)


async def test_a_name_may_be_anything_that_can_be_read(keyring: Keyring):
    key, _ = await keyring.create(replace(REQUEST, display_name="schlüssel 👩‍💻"), caller=ADA)
    assert key.display_name == "schlüssel 👩‍💻"


async def test_a_revoked_key_does_not_verify(keyring: Keyring):
    key, text = await keyring.create(REQUEST, caller=ADA)
    revoked = await keyring.revoke(key.key_id, caller=ADA)
    assert revoked.revoke_time == keyring.clock.now()
    with pytest.raises(InvalidCredential):
        await keyring.verify(text)
    types = [event.type for event in keyring.stores.events.published]
    assert types == [EventType.API_KEY_CREATED, EventType.API_KEY_REVOKED]


async def test_revoking_again_changes_nothing(keyring: Keyring):
    key, _ = await keyring.create(REQUEST, caller=ADA)
    first = await keyring.revoke(key.key_id, caller=ADA)
    keyring.clock.advance(timedelta(hours=1))
    assert await keyring.revoke(key.key_id, caller=ADA) == first
    assert keyring.stores.revocations.entries == [Revocation(key_id=key.key_id)]


@pytest.mark.parametrize("key_id", ["AAAAAAAAAAAA", "x", "\0"])
async def test_there_is_no_such_key(keyring: Keyring, key_id: str):
    with pytest.raises(NotFound):
        await keyring.revoke(key_id, caller=ADA)


async def test_the_key_of_another_user_is_not_found(keyring: Keyring):
    key, text = await keyring.create(REQUEST, caller=ADA)
    with pytest.raises(NotFound):
        await keyring.revoke(key.key_id, caller=Caller(Kind.OPERATOR, "olga"))
    assert await keyring.verify(text)
