"""Keys are read, changed and rotated."""

import asyncio
import time
from typing import Any

import grpc
import pytest
from aggregator.auth.v1 import api_key_service_pb2 as pb2
from aggregator.auth.v1 import verification_service_pb2 as verification_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from services.chassis.status import error_info_of, reason_of
from services.kernel.ids import new_id
from tests.contract.auth.client import (
    AuthClient,
    Metadata,
    Person,
    bearer,
    code_of,
    failure_of,
    identity_of,
)
from tests.contract.auth.test_api_key_service import in_seconds

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED
DEADLINE_SECONDS = 10.0


@pytest.fixture
async def person(auth: AuthClient) -> Person:
    return await auth.person()


@pytest.fixture
async def created(auth: AuthClient, person: Person) -> pb2.CreateApiKeyResponse:
    scopes = ["inference", "profile.read"]
    return await auth.create_key(person.metadata, display_name="ci", scopes=scopes)


async def get(auth: AuthClient, key_id: str, metadata: Metadata) -> pb2.ApiKey:
    request = pb2.GetApiKeyRequest(key_id=key_id)
    return (await auth.keys.GetApiKey(request, metadata=metadata)).api_key


async def update(auth: AuthClient, metadata: Metadata, **fields: Any) -> pb2.ApiKey:
    request = pb2.UpdateApiKeyRequest(**fields)
    return (await auth.keys.UpdateApiKey(request, metadata=metadata)).api_key


async def rotate(auth: AuthClient, metadata: Metadata, **fields: Any) -> pb2.RotateApiKeyResponse:
    request = pb2.RotateApiKeyRequest(**fields)
    return await auth.keys.RotateApiKey(request, metadata=metadata)


async def heard(stream: Any, key_id: str) -> verification_pb2.Revocation:
    """Reads until there is word about a key."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            for revocation in (await stream.read()).revocations:
                if revocation.key_id == key_id:
                    return revocation


async def test_a_key_is_read_without_its_secret(
    auth: AuthClient, person: Person, created: pb2.CreateApiKeyResponse
):
    key = await get(auth, created.api_key.key_id, person.metadata)
    assert key == created.api_key
    assert created.secret.rsplit("_", maxsplit=1)[1] not in str(key)


async def test_what_is_populated_changes_when_there_is_no_mask(
    auth: AuthClient, person: Person, created: pb2.CreateApiKeyResponse
):
    key_id = created.api_key.key_id
    changed = await update(auth, person.metadata, key_id=key_id, scopes=["profile.read"])
    assert (changed.display_name, list(changed.scopes)) == ("ci", ["profile.read"])
    end = in_seconds(3600)
    changed = await update(
        auth, person.metadata, key_id=key_id, display_name="deploy", expire_time=end
    )
    assert (changed.display_name, list(changed.scopes)) == ("deploy", ["profile.read"])
    assert changed.expire_time.seconds == end.seconds
    assert await get(auth, key_id, person.metadata) == changed


async def test_a_mask_chooses_what_changes(
    auth: AuthClient, person: Person, created: pb2.CreateApiKeyResponse
):
    changed = await update(
        auth,
        person.metadata,
        key_id=created.api_key.key_id,
        scopes=["billing.read"],
        update_mask=FieldMask(paths=["display_name"]),
    )
    assert (changed.display_name, list(changed.scopes)) == ("", ["inference", "profile.read"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"update_mask": FieldMask(paths=["user_id"])}, "update_mask"),
        ({"update_mask": FieldMask(paths=["key_id"])}, "update_mask"),
        ({"update_mask": FieldMask(paths=["*"])}, "update_mask"),
        ({"update_mask": FieldMask(paths=["scopes"])}, "scopes"),
        ({"update_mask": FieldMask(paths=["expire_time"])}, "expire_time"),
        ({"scopes": ["everything"]}, "scopes[0]"),
        ({"display_name": "x" * 101}, "display_name"),
        ({"display_name": "a\0b"}, "display_name"),
        ({"expire_time": in_seconds(-1)}, "expire_time"),
    ],
)
async def test_a_bad_change_is_refused_by_field(
    auth: AuthClient,
    person: Person,
    created: pb2.CreateApiKeyResponse,
    fields: dict[str, Any],
    field: str,
):
    key_id = created.api_key.key_id
    error = await failure_of(update(auth, person.metadata, key_id=key_id, **fields))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    info = error_info_of(error)
    assert info
    assert info.metadata["field"] == field
    assert await get(auth, key_id, person.metadata) == created.api_key


async def test_a_key_does_not_raise_another_above_itself(
    auth: AuthClient, person: Person, created: pb2.CreateApiKeyResponse
):
    keeper = bearer((await auth.create_key(person.metadata, scopes=["keys.manage"])).secret)
    key_id = created.api_key.key_id
    more = update(auth, keeper, key_id=key_id, scopes=["inference", "billing.read"])
    assert await code_of(more) is DENIED
    assert await code_of(rotate(auth, keeper, key_id=key_id)) is DENIED
    narrowed = await update(auth, keeper, key_id=key_id, scopes=["inference"])
    assert list(narrowed.scopes) == ["inference"]


async def test_a_change_reaches_watchers_and_every_edge_within_a_second(
    auth: AuthClient,
    other_auth: AuthClient,
    person: Person,
    created: pb2.CreateApiKeyResponse,
):
    key_id, header = created.api_key.key_id, f"Bearer {created.secret}"
    stream = other_auth.watch()
    await stream.read()
    before = [
        identity_of(await instance.check("/auth/me", authorization=header))
        for instance in (auth, other_auth)
    ]
    await update(auth, person.metadata, key_id=key_id, scopes=["inference"])
    started = time.monotonic()
    notice = await heard(stream, key_id)
    assert notice.changed
    assert list((await auth.verify(created.secret)).scopes) == ["inference"]
    for instance, known in zip((auth, other_auth), before, strict=True):
        while identity_of(await instance.check("/auth/me", authorization=header)) == known:
            assert time.monotonic() - started < 1.0
    assert await code_of(auth.me(bearer(created.secret))) is DENIED
    stream.cancel()


async def test_a_rotated_key_is_refused_and_its_successor_works(
    auth: AuthClient, person: Person, created: pb2.CreateApiKeyResponse
):
    stream = auth.watch()
    await stream.read()
    rotated = await rotate(auth, person.metadata, key_id=created.api_key.key_id)
    assert rotated.api_key.key_id != created.api_key.key_id
    assert rotated.api_key.display_name == "ci"
    assert rotated.api_key.scopes == created.api_key.scopes
    assert rotated.replaced_api_key.HasField("revoke_time")
    assert not (await heard(stream, created.api_key.key_id)).changed
    assert await code_of(auth.verify(created.secret)) is UNAUTHENTICATED
    assert (await auth.verify(rotated.secret)).key_id == rotated.api_key.key_id
    again = await failure_of(rotate(auth, person.metadata, key_id=created.api_key.key_id))
    assert reason_of(again) == "CONFLICT"
    stream.cancel()


async def test_a_rotated_key_goes_on_for_its_grace(
    auth: AuthClient, person: Person, created: pb2.CreateApiKeyResponse
):
    grace = Duration(seconds=3600)
    fields = {"key_id": created.api_key.key_id, "grace_period": grace}
    rotated = await rotate(auth, person.metadata, **fields)
    left = rotated.replaced_api_key.expire_time.seconds - time.time()
    assert 3590 < left <= 3600
    assert (await auth.verify(created.secret)).expire_time == rotated.replaced_api_key.expire_time
    assert not (await auth.verify(rotated.secret)).HasField("expire_time")


@pytest.mark.parametrize("seconds", [-1, 7 * 86_400 + 1])
async def test_a_grace_lasts_a_week_at_most(
    auth: AuthClient, person: Person, created: pb2.CreateApiKeyResponse, seconds: int
):
    grace = Duration(seconds=seconds)
    call = rotate(auth, person.metadata, key_id=created.api_key.key_id, grace_period=grace)
    assert await code_of(call) is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_repeated_rotation_makes_one_key(
    auth: AuthClient, person: Person, created: pb2.CreateApiKeyResponse
):
    fields = {"key_id": created.api_key.key_id, "request_id": new_id()}
    answers = await asyncio.gather(*(rotate(auth, person.metadata, **fields) for _ in range(8)))
    assert len({answer.api_key.key_id for answer in answers}) == 1
    assert len([answer for answer in answers if answer.secret]) == 1
    assert len({str(answer.replaced_api_key) for answer in answers}) == 1
    grace = Duration(seconds=1)
    other = await failure_of(rotate(auth, person.metadata, grace_period=grace, **fields))
    assert reason_of(other) == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("act", [get, update, rotate])
async def test_who_may_not_touch_a_key(
    auth: AuthClient, person: Person, created: pb2.CreateApiKeyResponse, act: Any
):
    key_id = created.api_key.key_id

    async def code(metadata: Metadata, key_id: str = key_id) -> grpc.StatusCode:
        if act is get:
            return await code_of(get(auth, key_id, metadata))
        return await code_of(act(auth, metadata, key_id=key_id))

    stranger = await auth.person()
    for absent in (key_id, "A" * 12, "nonsense"):
        assert await code(stranger.metadata, absent) is grpc.StatusCode.NOT_FOUND
    assert await code(bearer(created.secret)) is DENIED
    assert await code(()) is UNAUTHENTICATED
    assert await get(auth, key_id, person.metadata) == created.api_key
