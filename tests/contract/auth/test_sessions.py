"""Sessions are listed and ended, and what ended is refused at once."""

import time
from typing import Any

import grpc
import pytest
from aggregator.auth.v1 import identity_service_pb2 as pb2

from services.chassis.page_token import encode_token
from services.chassis.status import error_info_of, reason_of
from services.kernel.ids import new_id
from tests.contract.auth.client import (
    PASSWORD,
    AuthClient,
    Metadata,
    Person,
    bearer,
    code_of,
    failure_of,
)

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
NEW_PASSWORD = "a horse of another colour"


@pytest.fixture
async def person(auth: AuthClient) -> Person:
    return await auth.person()


async def sessions(auth: AuthClient, metadata: Metadata, **fields: Any) -> pb2.ListSessionsResponse:
    request = pb2.ListSessionsRequest(**fields)
    return await auth.identity.ListSessions(request, metadata=metadata)


async def revoke(auth: AuthClient, session_id: str, metadata: Metadata) -> pb2.Session:
    request = pb2.RevokeSessionRequest(session_id=session_id)
    return (await auth.identity.RevokeSession(request, metadata=metadata)).session


async def change_password(
    auth: AuthClient, metadata: Metadata, *, current: str = PASSWORD, new: str = NEW_PASSWORD
) -> pb2.ChangePasswordResponse:
    request = pb2.ChangePasswordRequest(current_password=current, new_password=new)
    return await auth.identity.ChangePassword(request, metadata=metadata)


async def refused_within_a_second(*instances: AuthClient, token: str) -> None:
    """Fails unless the edge and auth itself refuse an access token soon, and for good."""
    started = time.monotonic()
    for instance in instances:
        header = f"Bearer {token}"
        while (await instance.check("/auth/me", authorization=header)).HasField("ok_response"):
            assert time.monotonic() - started < 1.0
        assert await code_of(instance.me(bearer(token))) is UNAUTHENTICATED


async def test_logout_ends_the_session_at_every_instance(
    auth: AuthClient, other_auth: AuthClient, person: Person
):
    for instance in (auth, other_auth):
        await instance.check("/auth/me", authorization=f"Bearer {person.tokens.access_token}")
    await auth.identity.Logout(pb2.LogoutRequest(), metadata=person.metadata)
    assert await code_of(auth.refresh(person.tokens.refresh_token)) is UNAUTHENTICATED
    await refused_within_a_second(auth, other_auth, token=person.tokens.access_token)


async def test_a_refresh_token_used_twice_ends_the_access_tokens(auth: AuthClient, person: Person):
    newer = await auth.refresh(person.tokens.refresh_token)
    assert await code_of(auth.refresh(person.tokens.refresh_token)) is UNAUTHENTICATED
    await refused_within_a_second(auth, token=newer.access_token)


async def test_sessions_are_listed_newest_first_in_pages(auth: AuthClient, person: Person):
    for _ in range(4):
        await auth.login(person.email)
    whole = list((await sessions(auth, person.metadata)).sessions)
    assert [session.current for session in whole] == [False] * 4 + [True]
    assert all(session.HasField("expire_time") for session in whole)
    assert not any(session.HasField("refresh_time") for session in whole)
    listed: list[pb2.Session] = []
    token = ""
    for _ in range(3):
        page = await sessions(auth, person.metadata, page_size=2, page_token=token)
        listed += page.sessions
        token = page.next_page_token
    assert token == ""
    assert listed == whole


async def test_a_refreshed_session_says_when(auth: AuthClient, person: Person):
    newer = await auth.refresh(person.tokens.refresh_token)
    [session] = (await sessions(auth, bearer(newer.access_token))).sessions
    assert session.current
    assert session.HasField("refresh_time")


@pytest.mark.parametrize("token", ["x", encode_token("a", "b"), encode_token(1, "A" * 12)])
async def test_a_made_up_page_token_is_refused(auth: AuthClient, person: Person, token: str):
    call = sessions(auth, person.metadata, page_token=token)
    assert await code_of(call) is grpc.StatusCode.INVALID_ARGUMENT


async def test_another_session_is_ended_from_here(auth: AuthClient, person: Person):
    lost = (await auth.login(person.email)).tokens
    listed = (await sessions(auth, person.metadata)).sessions
    [there] = [session for session in listed if not session.current]
    ended = await revoke(auth, there.session_id, person.metadata)
    assert ended.HasField("end_time")
    assert await revoke(auth, there.session_id, person.metadata) == ended
    assert await code_of(auth.refresh(lost.refresh_token)) is UNAUTHENTICATED
    await refused_within_a_second(auth, token=lost.access_token)
    [here] = (await sessions(auth, person.metadata)).sessions
    assert here.current


async def test_the_session_of_another_user_is_not_there(auth: AuthClient, person: Person):
    [session] = (await sessions(auth, person.metadata)).sessions
    stranger = await auth.person()
    for session_id in (session.session_id, new_id(), "nonsense"):
        error = await failure_of(revoke(auth, session_id, stranger.metadata))
        assert error.code() is grpc.StatusCode.NOT_FOUND
        assert reason_of(error) == "RESOURCE_NOT_FOUND"
    assert (await auth.me(person.metadata)).user_id == person.user_id


async def test_signing_out_everywhere_includes_here_and_spares_others(
    auth: AuthClient, person: Person
):
    elsewhere = (await auth.login(person.email)).tokens
    stranger = await auth.person()
    request = pb2.RevokeAllSessionsRequest()
    answer = await auth.identity.RevokeAllSessions(request, metadata=person.metadata)
    assert answer.ended_sessions == 2
    for tokens in (elsewhere, person.tokens):
        assert await code_of(auth.refresh(tokens.refresh_token)) is UNAUTHENTICATED
        await refused_within_a_second(auth, token=tokens.access_token)
    assert (await auth.me(stranger.metadata)).user_id == stranger.user_id


async def test_a_password_is_changed_and_other_sessions_end(auth: AuthClient, person: Person):
    elsewhere = (await auth.login(person.email)).tokens
    answer = await change_password(auth, person.metadata)
    assert answer.ended_sessions == 1
    assert await code_of(auth.refresh(elsewhere.refresh_token)) is UNAUTHENTICATED
    await refused_within_a_second(auth, token=elsewhere.access_token)
    assert (await auth.me(person.metadata)).user_id == person.user_id
    assert await code_of(auth.login(person.email)) is UNAUTHENTICATED
    await auth.login(person.email, NEW_PASSWORD)


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong password", NEW_PASSWORD, "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "password123", "new_password"),
        ("", NEW_PASSWORD, "current_password"),
    ],
)
async def test_a_bad_change_of_password_is_refused_by_field(
    auth: AuthClient, person: Person, current: str, new: str, field: str
):
    error = await failure_of(change_password(auth, person.metadata, current=current, new=new))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    info = error_info_of(error)
    assert info
    assert info.metadata["field"] == field
    await auth.login(person.email)


async def test_guessing_the_current_password_is_slowed_down(auth: AuthClient, person: Person):
    for _ in range(10):
        call = change_password(auth, person.metadata, current="wrong password")
        assert await code_of(call) is grpc.StatusCode.INVALID_ARGUMENT
    call = change_password(auth, person.metadata)
    assert await code_of(call) is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("rpc", "request_"),
    [
        ("Logout", pb2.LogoutRequest()),
        ("ListSessions", pb2.ListSessionsRequest()),
        ("RevokeSession", pb2.RevokeSessionRequest(session_id=new_id())),
        ("RevokeAllSessions", pb2.RevokeAllSessionsRequest()),
        (
            "ChangePassword",
            pb2.ChangePasswordRequest(current_password=PASSWORD, new_password=NEW_PASSWORD),
        ),
    ],
)
async def test_no_api_key_touches_sessions(
    auth: AuthClient, person: Person, rpc: str, request_: Any
):
    scopes = ["keys.manage", "profile.read", "inference"]
    secret = (await auth.create_key(person.metadata, scopes=scopes)).secret
    method = getattr(auth.identity, rpc)
    denied = await code_of(method(request_, metadata=bearer(secret)))
    assert denied is grpc.StatusCode.PERMISSION_DENIED
    assert await code_of(method(request_)) is UNAUTHENTICATED
    assert await auth.refresh(person.tokens.refresh_token)
