import asyncio
import time
from typing import Any

import grpc
import pytest
from aggregator.auth.v1 import api_key_service_pb2 as pb2
from aggregator.auth.v1 import verification_service_pb2 as verification_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.page_token import encode_token
from services.chassis.status import reason_of
from services.kernel.ids import new_id
from tests.contract.auth.client import AuthClient, Person, bearer, code_of, failure_of
from tests.contract.auth.test_identity_service import rows
from tests.servers import ServiceDatabase

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
DEFAULT = ["inference", "models.read", "billing.read", "analytics.read", "profile.read"]


@pytest.fixture
async def person(auth: AuthClient) -> Person:
    return await auth.person()


def in_seconds(seconds: float) -> Timestamp:
    moment = Timestamp()
    moment.FromNanoseconds(int((time.time() + seconds) * 1e9))
    return moment


async def test_a_key_is_created_and_verified(auth: AuthClient, person: Person):
    created = await auth.create_key(person.metadata, display_name="ci")
    key = created.api_key
    assert created.secret.startswith(f"agg_{key.key_id}_")
    assert (key.display_name, list(key.scopes)) == ("ci", DEFAULT)
    verdict = await auth.verify(created.secret)
    assert (verdict.key_id, verdict.user_id) == (key.key_id, person.user_id)
    assert verdict.account_id == person.user_id
    assert list(verdict.scopes) == DEFAULT
    assert not verdict.HasField("expire_time")


async def test_a_key_calls_what_its_scopes_allow(auth: AuthClient, person: Person):
    secret = (await auth.create_key(person.metadata)).secret
    assert (await auth.me(bearer(secret))).user_id == person.user_id
    denied = await failure_of(auth.create_key(bearer(secret)))
    assert denied.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_key_that_manages_keys_does_not_rise_above_itself(auth: AuthClient, person: Person):
    secret = (await auth.create_key(person.metadata, scopes=["keys.manage", "inference"])).secret
    child = await auth.create_key(bearer(secret), scopes=["inference"])
    assert list(child.api_key.scopes) == ["inference"]
    denied = await failure_of(auth.create_key(bearer(secret), scopes=["billing.read"]))
    assert denied.code() is grpc.StatusCode.PERMISSION_DENIED
    assert reason_of(denied) == "PERMISSION_DENIED"


async def test_a_repeated_request_makes_one_key(auth: AuthClient, person: Person):
    request_id = new_id()
    calls = (auth.create_key(person.metadata, request_id=request_id) for _ in range(8))
    answers = await asyncio.gather(*calls)
    assert len({answer.api_key.key_id for answer in answers}) == 1
    assert len([answer.secret for answer in answers if answer.secret]) == 1
    again = await auth.create_key(person.metadata, request_id=request_id.upper())
    assert again.api_key == answers[0].api_key
    other = await failure_of(
        auth.create_key(person.metadata, request_id=request_id, display_name="other")
    )
    assert reason_of(other) == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    "fields",
    [
        {"display_name": "x" * 101},
        {"display_name": "a\0b"},
        {"scopes": ["everything"]},
        {"scopes": ["inference", "inference"]},
        {"request_id": "not a uuid"},
        {"expire_time": Timestamp(seconds=1)},
        {"expire_time": Timestamp(seconds=10**15)},
    ],
)
async def test_what_breaks_a_rule_is_refused(
    auth: AuthClient, person: Person, fields: dict[str, Any]
):
    error = await failure_of(auth.create_key(person.metadata, **fields))
    assert error.code() is INVALID_ARGUMENT
    assert reason_of(error) == "INVALID_FIELD"


async def test_keys_are_listed_newest_first_in_pages(auth: AuthClient, person: Person):
    made = [(await auth.create_key(person.metadata)).api_key.key_id for _ in range(5)]
    listed: list[str] = []
    token = ""
    while True:
        request = pb2.ListApiKeysRequest(page_size=2, page_token=token)
        page = await auth.keys.ListApiKeys(request, metadata=person.metadata)
        assert len(page.api_keys) <= 2
        listed += [key.key_id for key in page.api_keys]
        token = page.next_page_token
        if not token:
            break
    assert listed == made[::-1]


async def test_a_list_shows_the_callers_keys_only(auth: AuthClient, person: Person):
    await auth.create_key((await auth.person()).metadata)
    page = await auth.keys.ListApiKeys(pb2.ListApiKeysRequest(), metadata=person.metadata)
    assert list(page.api_keys) == []


@pytest.mark.parametrize(
    "token",
    ["x", "é", encode_token("a", "b"), encode_token(10**30, "A" * 12), encode_token(1, "a\0b")],
)
async def test_a_made_up_page_token_is_refused(auth: AuthClient, person: Person, token: str):
    request = pb2.ListApiKeysRequest(page_token=token)
    call = auth.keys.ListApiKeys(request, metadata=person.metadata)
    assert await code_of(call) is INVALID_ARGUMENT


async def test_a_revoked_key_is_refused_and_stays_listed(auth: AuthClient, person: Person):
    created = await auth.create_key(person.metadata)
    revoked = await auth.revoke(created.api_key.key_id, person.metadata)
    assert revoked.HasField("revoke_time")
    assert await auth.revoke(created.api_key.key_id, person.metadata) == revoked
    assert await code_of(auth.verify(created.secret)) is UNAUTHENTICATED
    assert await code_of(auth.me(bearer(created.secret))) is UNAUTHENTICATED
    page = await auth.keys.ListApiKeys(pb2.ListApiKeysRequest(), metadata=person.metadata)
    assert list(page.api_keys) == [revoked]


async def test_the_key_of_another_user_is_not_there(auth: AuthClient, person: Person):
    created = await auth.create_key(person.metadata)
    stranger = await auth.person()
    error = await failure_of(auth.revoke(created.api_key.key_id, stranger.metadata))
    assert error.code() is grpc.StatusCode.NOT_FOUND
    absent = await failure_of(auth.revoke("A" * 12, stranger.metadata))
    assert str(absent.details()).replace("A" * 12, created.api_key.key_id) == error.details()
    assert await auth.verify(created.secret)


async def test_every_bad_key_is_refused_in_the_same_words(
    auth: AuthClient, person: Person, auth_database: ServiceDatabase
):
    revoked = await auth.create_key(person.metadata)
    await auth.revoke(revoked.api_key.key_id, person.metadata)
    brief = await auth.create_key(person.metadata, expire_time=in_seconds(0.3))
    [[mac]] = await rows(
        auth_database, "SELECT mac FROM api_keys WHERE key_id = $1", revoked.api_key.key_id
    )
    bad = ["nonsense", revoked.secret, revoked.secret[:-1] + "!", mac.hex(), f"agg_{mac.hex()}"]
    async with asyncio.timeout(5):
        while time.time() < brief.api_key.expire_time.ToNanoseconds() / 1e9:
            await auth.public_keys()
    bad.append(brief.secret)
    errors = [await failure_of(auth.verify(secret)) for secret in bad]
    assert {error.code() for error in errors} == {UNAUTHENTICATED}
    assert len({error.details() for error in errors}) == 1


async def test_only_services_may_ask_about_keys(auth: AuthClient, person: Person):
    secret = (await auth.create_key(person.metadata)).secret
    request = verification_pb2.VerifyApiKeyRequest(secret=secret)
    assert await code_of(auth.open.VerifyApiKey(request)) is UNAUTHENTICATED
    call = auth.open.VerifyApiKey(request, metadata=person.metadata)
    assert await code_of(call) is grpc.StatusCode.PERMISSION_DENIED


async def test_secrets_are_not_in_the_database(
    auth: AuthClient, person: Person, auth_database: ServiceDatabase
):
    secret = (await auth.create_key(person.metadata)).secret
    for [text] in await rows(auth_database, "SELECT k::text FROM api_keys k"):
        assert secret not in text
        assert secret.split("_")[2] not in text
