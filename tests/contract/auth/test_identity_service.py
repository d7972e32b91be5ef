import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import nats
import pytest
from aggregator.auth.v1 import identity_service_pb2 as pb2
from aggregator.events.v1.event_pb2 import EventBatch

from services.chassis.status import reason_of
from tests.contract.auth.client import PASSWORD, AuthClient, bearer, code_of, failure_of
from tests.contract.auth.conftest import OPERATOR_EMAIL, OPERATOR_PASSWORD
from tests.servers import ServiceDatabase

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


async def rows(database: ServiceDatabase, query: str, *arguments: Any) -> list[Any]:
    """Reads the database as its owner."""
    connection = await asyncpg.connect(database.owner_url.replace("+asyncpg", ""))
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


def details(error: grpc.aio.AioRpcError) -> tuple[Any, str | None, str]:
    return error.code(), error.details(), reason_of(error)


async def test_a_user_registers_and_signs_in(auth: AuthClient):
    person = await auth.person()
    me = await auth.me(person.metadata)
    assert (me.user_id, me.email, me.role) == (person.user_id, person.email, pb2.ROLE_USER)
    assert me.HasField("create_time")


async def test_an_address_is_taken_once(auth: AuthClient):
    person = await auth.person()
    request = pb2.RegisterRequest(email=person.email.upper(), password=PASSWORD)
    error = await failure_of(auth.identity.Register(request))
    assert error.code() is grpc.StatusCode.ALREADY_EXISTS
    assert reason_of(error) == "RESOURCE_EXISTS"


async def test_an_address_is_taken_once_by_many_at_once(auth: AuthClient):
    request = pb2.RegisterRequest(email="crowd@example.org", password=PASSWORD)
    calls = (auth.identity.Register(request) for _ in range(8))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(outcome, pb2.RegisterResponse) for outcome in outcomes) == 1


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("no address", PASSWORD),
        ("", PASSWORD),
        ("a\0b@example.org", PASSWORD),
        (f"{'a' * 250}@example.org", PASSWORD),
        ("short@example.org", "short"),
        ("long@example.org", "x" * 1025),
        ("common@example.org", "password123"),
        ("lovelace@example.org", "Lovelace"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_field(auth: AuthClient, email: str, password: str):
    request = pb2.RegisterRequest(email=email, password=password)
    error = await failure_of(auth.identity.Register(request))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(error) == "INVALID_FIELD"


async def test_a_password_may_be_long_and_in_any_script(auth: AuthClient):
    password = "пароль\0🗝️" + "é" * 500
    request = pb2.RegisterRequest(email="polyglot@example.org", password=password)
    await auth.identity.Register(request)
    assert (await auth.login("Polyglot@Example.org", password)).user.email == "polyglot@example.org"
    assert await code_of(auth.login("polyglot@example.org", password + "e")) is UNAUTHENTICATED


async def test_words_do_not_tell_who_exists(auth: AuthClient):
    person = await auth.person()
    wrong = await failure_of(auth.login(person.email, "wrong password"))
    unknown = await failure_of(auth.login("nobody@example.org", "wrong password"))
    unstorable = await failure_of(auth.login("no\0body", "wrong password"))
    assert wrong.code() is UNAUTHENTICATED
    assert details(wrong) == details(unknown) == details(unstorable)


async def test_guessing_is_slowed_down(auth: AuthClient):
    person = await auth.person()
    for _ in range(10):
        assert await code_of(auth.login(person.email, "wrong password")) is UNAUTHENTICATED
    error = await failure_of(auth.login(person.email, "wrong password"))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert ("retry-after", "1") in tuple(error.trailing_metadata() or ())


async def test_a_refresh_token_works_once(auth: AuthClient):
    person = await auth.person()
    second = await auth.refresh(person.tokens.refresh_token)
    assert (await auth.me(bearer(second.access_token))).user_id == person.user_id
    assert await code_of(auth.refresh(person.tokens.refresh_token)) is UNAUTHENTICATED
    # The reuse has ended the session for both holders.
    assert await code_of(auth.refresh(second.refresh_token)) is UNAUTHENTICATED


async def test_fifty_uses_at_once_buy_one_successor(
    auth: AuthClient, auth_database: ServiceDatabase
):
    person = await auth.person()
    calls = (auth.refresh(person.tokens.refresh_token) for _ in range(50))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    errors = [each for each in outcomes if isinstance(each, grpc.aio.AioRpcError)]
    assert [error.code() for error in errors] == [UNAUTHENTICATED] * 49
    [[count]] = await rows(
        auth_database,
        "SELECT count(*) FROM refresh_tokens JOIN sessions USING (session_id) WHERE user_id = $1",
        person.user_id,
    )
    assert count == 2


@pytest.mark.parametrize("token", ["x", "\0", "é" * 100, "a" * 512])
async def test_what_is_no_refresh_token_is_refused(auth: AuthClient, token: str):
    assert await code_of(auth.refresh(token)) is UNAUTHENTICATED


async def test_nothing_that_is_stored_is_a_credential(
    auth: AuthClient, auth_database: ServiceDatabase
):
    person = await auth.person()
    [[stored]] = await rows(
        auth_database,
        "SELECT token_hash FROM refresh_tokens JOIN sessions USING (session_id) WHERE user_id = $1",
        person.user_id,
    )
    [[hashed]] = await rows(
        auth_database, "SELECT password_hash FROM users WHERE user_id = $1", person.user_id
    )
    assert await code_of(auth.refresh(stored.hex())) is UNAUTHENTICATED
    assert await code_of(auth.login(person.email, hashed)) is UNAUTHENTICATED


async def test_tokens_and_passwords_are_not_in_the_database(
    auth: AuthClient, auth_database: ServiceDatabase
):
    person = await auth.person()
    tables = ("users", "sessions", "refresh_tokens", "api_keys", "failed_logins", "outbox")
    for table in tables:
        texts = await rows(auth_database, f"SELECT t::text FROM {table} t")  # noqa: S608
        for [text] in texts:
            for secret in (PASSWORD, person.tokens.refresh_token, person.tokens.access_token):
                assert secret not in text
                assert secret.encode().hex() not in text


async def test_the_first_operator_is_there(auth: AuthClient, other_auth: AuthClient):
    answer = await other_auth.login(OPERATOR_EMAIL, OPERATOR_PASSWORD)
    assert answer.user.role == pb2.ROLE_OPERATOR


async def test_there_is_one_operator_for_two_instances(
    auth: AuthClient, other_auth: AuthClient, auth_database: ServiceDatabase
):
    query = "SELECT count(*) FROM users WHERE role = 'operator'"
    assert [list(row) for row in await rows(auth_database, query)] == [[1]]


async def test_a_registration_is_announced(auth: AuthClient, nats_url: str):
    client = await nats.connect(nats_url)
    try:
        events = await client.subscribe("analytics.events")
        await client.flush()
        person = await auth.person()
        async with asyncio.timeout(10):
            async for message in events.messages:
                [event] = EventBatch.FromString(message.data).events
                if event.user_id == person.user_id:
                    assert (event.type, event.source) == ("user_registered", "auth")
                    assert event.id
                    assert event.HasField("time")
                    break
    finally:
        await client.close()


async def test_the_runtime_role_can_not_change_what_must_not_change(
    auth: AuthClient, auth_database: ServiceDatabase
):
    connection = await asyncpg.connect(auth_database.url.replace("+asyncpg", ""))
    try:
        for statement in (
            "UPDATE users SET role = 'operator'",
            "DELETE FROM revocations",
            "UPDATE api_keys SET user_id = user_id",
            "UPDATE api_keys SET mac = mac",
            "UPDATE revocations SET changed = true",
            "CREATE TABLE mine ()",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_secrets_on_disk_are_private(auth: AuthClient, auth_folder: Path):
    assert {path.stat().st_mode & 0o777 for path in (auth_folder / "keys").iterdir()} == {0o600}
