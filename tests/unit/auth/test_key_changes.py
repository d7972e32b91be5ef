from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.domain.api_key import ApiKey, KeyRequest, Rotation
from services.auth.domain.event import EventType
from services.auth.domain.key_change import KeyChange
from services.auth.domain.revocation import Revocation
from services.auth.usecases.create_api_key import CreateApiKey
from services.auth.usecases.get_api_key import GetApiKey
from services.auth.usecases.revoke_api_key import RevokeApiKey
from services.auth.usecases.rotate_api_key import RotateApiKey, RotatedKey
from services.auth.usecases.update_api_key import UpdateApiKey
from services.auth.usecases.verify_api_key import VerifyApiKey
from services.kernel.caller import Caller, Kind
from services.kernel.errors import (
    Conflict,
    InvalidCredential,
    InvalidField,
    NotFound,
    PermissionDenied,
    RequestIdReused,
)
from tests.unit.auth.stores import NOON, FakeClock, FakeMacs, Stores

ADA = Caller(Kind.USER, "ada")
BOB = Caller(Kind.USER, "bob")
HOUR = timedelta(hours=1)
NO_GRACE = timedelta(0)


class Keyring:
    """A key of Ada's and the use cases that change it."""

    key: ApiKey
    text: str

    def __init__(self) -> None:
        self.stores = Stores()
        self.clock = FakeClock()
        begin = self.stores.begin
        self.create = CreateApiKey(begin, FakeMacs(), self.clock)
        self.get = GetApiKey(begin)
        self.revoke = RevokeApiKey(begin, self.clock)
        self.update = UpdateApiKey(begin, self.clock)
        self._rotate = RotateApiKey(begin, FakeMacs(), self.clock)
        self.verify = VerifyApiKey(begin, FakeMacs(), self.clock)

    async def change(self, *, by: Caller = ADA, **fields: object) -> ApiKey:
        change = replace(KeyChange(), **fields)
        return await self.update(self.key.key_id, change=change, caller=by)

    async def rotate(
        self, grace: timedelta = NO_GRACE, *, by: Caller = ADA, request_id: str = ""
    ) -> RotatedKey:
        return await self._rotate(Rotation(self.key.key_id, grace, request_id), caller=by)

    @property
    def notices(self) -> list[Revocation]:
        return self.stores.revocations.entries


def holding(*scopes: str) -> Caller:
    """Returns the caller that a key of Ada's with such scopes is."""
    return replace(ADA, key_id="BBBBBBBBBBBB", scopes=frozenset(scopes))


@pytest.fixture
async def keyring() -> Keyring:
    keyring = Keyring()
    request = KeyRequest("ci", ("inference", "billing.read"), NOON + 2 * HOUR, "")
    keyring.key, keyring.text = await keyring.create(request, caller=ADA)
    return keyring


async def test_only_what_is_named_changes(keyring: Keyring):
    changed = await keyring.change(display_name="deploy")
    assert changed == replace(keyring.key, display_name="deploy")
    assert await keyring.get(keyring.key.key_id, caller=ADA) == changed
    assert keyring.notices == [Revocation(key_id=keyring.key.key_id, changed=True)]


async def test_a_change_to_what_is_already_so_tells_nobody(keyring: Keyring):
    assert await keyring.change(display_name="ci") == keyring.key
    assert keyring.notices == []


async def test_a_session_may_add_every_scope(keyring: Keyring):
    changed = await keyring.change(scopes=("inference", "keys.manage"))
    assert changed.scopes == ("inference", "keys.manage")


async def test_a_key_adds_only_scopes_that_it_holds(keyring: Keyring):
    weak = holding("keys.manage", "models.read")
    added = await keyring.change(by=weak, scopes=("inference", "models.read"))
    assert added.scopes == ("inference", "models.read")
    with pytest.raises(PermissionDenied) as refused:
        await keyring.change(by=weak, scopes=("inference", "analytics.read"))
    assert refused.value.metadata == {"scope": "analytics.read"}


async def test_a_scope_that_was_taken_away_is_not_given_back_by_who_lacks_it(keyring: Keyring):
    weak = holding("keys.manage")
    await keyring.change(by=weak, scopes=("inference",))
    with pytest.raises(PermissionDenied):
        await keyring.change(by=weak, scopes=("inference", "billing.read"))


async def test_a_key_keeps_one_scope(keyring: Keyring):
    with pytest.raises(InvalidField):
        await keyring.change(scopes=())


async def test_the_end_comes_nearer_but_never_goes_further(keyring: Keyring):
    assert (await keyring.change(expire_time=NOON + HOUR)).expire_time == NOON + HOUR
    with pytest.raises(InvalidField) as refused:
        await keyring.change(expire_time=NOON + 2 * HOUR)
    assert refused.value.field == "expire_time"
    keyring.clock.advance(HOUR)
    with pytest.raises(InvalidCredential):
        await keyring.verify(keyring.text)


async def test_a_name_follows_the_rules_of_new_keys(keyring: Keyring):
    with pytest.raises(InvalidField):
        await keyring.change(display_name="two\nlines")


async def test_a_dead_key_does_not_change(keyring: Keyring):
    await keyring.revoke(keyring.key.key_id, caller=ADA)
    with pytest.raises(Conflict):
        await keyring.change(display_name="zombie")
    with pytest.raises(Conflict):
        await keyring.rotate()


async def test_the_key_of_another_user_is_not_found(keyring: Keyring):
    with pytest.raises(NotFound):
        await keyring.get(keyring.key.key_id, caller=BOB)
    with pytest.raises(NotFound):
        await keyring.change(by=BOB, display_name="mine")
    with pytest.raises(NotFound):
        await keyring.rotate(by=BOB)


async def test_a_rotated_key_is_replaced_at_once(keyring: Keyring):
    rotated = await keyring.rotate()
    same = replace(rotated.key, key_id=keyring.key.key_id, create_time=keyring.key.create_time)
    assert same == keyring.key
    assert rotated.key.key_id != keyring.key.key_id
    assert await keyring.verify(rotated.text) == rotated.key
    assert rotated.replaced.revoke_time == NOON
    with pytest.raises(InvalidCredential):
        await keyring.verify(keyring.text)
    assert keyring.notices == [Revocation(key_id=keyring.key.key_id)]
    types = [event.type for event in keyring.stores.events.published]
    assert types == [
        EventType.API_KEY_CREATED,
        EventType.API_KEY_CREATED,
        EventType.API_KEY_REVOKED,
    ]


async def test_a_rotated_key_goes_on_for_its_grace(keyring: Keyring):
    rotated = await keyring.rotate(HOUR)
    assert rotated.key.expire_time == NOON + 2 * HOUR
    assert rotated.replaced.expire_time == NOON + HOUR
    assert await keyring.verify(keyring.text) == rotated.replaced
    assert keyring.notices == [Revocation(key_id=keyring.key.key_id, changed=True)]
    keyring.clock.advance(HOUR)
    with pytest.raises(InvalidCredential):
        await keyring.verify(keyring.text)
    assert await keyring.verify(rotated.text)


async def test_a_grace_does_not_prolong_a_life(keyring: Keyring):
    rotated = await keyring.rotate(timedelta(days=7))
    assert rotated.replaced.expire_time == NOON + 2 * HOUR


async def test_a_weak_key_does_not_rotate_itself_a_strong_one(keyring: Keyring):
    with pytest.raises(PermissionDenied):
        await keyring.rotate(by=holding("keys.manage", "inference"))
    assert await keyring.verify(keyring.text)


async def test_a_repeated_rotation_returns_the_key_without_its_secret(keyring: Keyring):
    first = await keyring.rotate(request_id="one")
    again = await keyring.rotate(request_id="one")
    assert (again.key, again.text, again.replaced) == (first.key, "", first.replaced)
    with pytest.raises(RequestIdReused):
        await keyring.rotate(HOUR, request_id="one")
    assert len(keyring.notices) == 1


async def test_a_request_id_is_not_shared_with_creation(keyring: Keyring):
    await keyring.create(KeyRequest("ci", (), None, "one"), caller=ADA)
    with pytest.raises(RequestIdReused):
        await keyring.rotate(request_id="one")
