import asyncio
import time
from typing import Any

import asyncpg
import pytest

from services.auth.adapters.revocation_log import ORDER_LOCK
from tests.contract.auth.client import AuthClient, Person, identity_of
from tests.servers import ServiceDatabase

DEADLINE_SECONDS = 10.0


@pytest.fixture
async def person(auth: AuthClient) -> Person:
    return await auth.person()


async def heard(stream: Any, key_id: str) -> int:
    """Reads until a key's revocation arrives; returns its batch's sequence."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            batch = await stream.read()
            if key_id in [revocation.key_id for revocation in batch.revocations]:
                return batch.sequence


async def test_a_revocation_reaches_every_instances_watchers_within_a_second(
    auth: AuthClient, other_auth: AuthClient, person: Person
):
    key_id = (await auth.create_key(person.metadata)).api_key.key_id
    streams = [auth.watch(), other_auth.watch()]
    for stream in streams:
        await stream.read()
    await auth.revoke(key_id, person.metadata)
    started = time.monotonic()
    await asyncio.gather(*(heard(stream, key_id) for stream in streams))
    assert time.monotonic() - started < 1.0
    for stream in streams:
        stream.cancel()


async def test_a_watcher_that_comes_back_hears_what_it_missed_and_only_that(
    auth: AuthClient, person: Person
):
    keys = [(await auth.create_key(person.metadata)).api_key.key_id for _ in range(3)]
    stream = auth.watch()
    await auth.revoke(keys[0], person.metadata)
    sequence = await heard(stream, keys[0])
    stream.cancel()
    await auth.revoke(keys[1], person.metadata)
    await auth.revoke(keys[2], person.metadata)
    again = auth.watch(sequence)
    async with asyncio.timeout(DEADLINE_SECONDS):
        batch = await again.read()
    assert [revocation.key_id for revocation in batch.revocations] == keys[1:]
    assert batch.sequence > sequence
    again.cancel()


async def test_silence_is_never_longer_than_a_second(auth: AuthClient):
    stream = auth.watch()
    await stream.read()
    for _ in range(3):
        started = time.monotonic()
        await stream.read()
        assert time.monotonic() - started < 1.0
    stream.cancel()


async def test_a_slow_commit_is_not_skipped(
    auth: AuthClient, person: Person, auth_database: ServiceDatabase
):
    """A revocation under way holds up later ones: else they'd hide it from watchers."""
    slow, quick = [(await auth.create_key(person.metadata)).api_key.key_id for _ in range(2)]
    stream = auth.watch()
    await stream.read()
    connection = await asyncpg.connect(auth_database.owner_url.replace("+asyncpg", ""))
    try:
        async with connection.transaction():
            await connection.execute(f"SELECT pg_advisory_xact_lock({ORDER_LOCK})")
            statement = "INSERT INTO revocations (key_id, create_time) VALUES ($1, now())"
            await connection.execute(statement, slow)
            later = asyncio.create_task(auth.revoke(quick, person.metadata))
            for _ in range(3):
                assert not (await stream.read()).revocations
            assert not later.done()
        await later
    finally:
        await connection.close()
    heard_in_order: list[str] = []
    async with asyncio.timeout(DEADLINE_SECONDS):
        while len(heard_in_order) < 2:
            batch = await stream.read()
            heard_in_order += [revocation.key_id for revocation in batch.revocations]
    assert heard_in_order == [slow, quick]
    stream.cancel()


async def test_the_edge_refuses_a_revoked_key_within_a_second_at_every_instance(
    auth: AuthClient, other_auth: AuthClient, person: Person
):
    created = await auth.create_key(person.metadata)
    header = f"Bearer {created.secret}"
    for instance in (auth, other_auth):
        # Twice, so that the second answer comes from memory.
        first = identity_of(await instance.check("/auth/me", authorization=header))
        assert identity_of(await instance.check("/auth/me", authorization=header)) == first
    await auth.revoke(created.api_key.key_id, person.metadata)
    started = time.monotonic()
    for instance in (auth, other_auth):
        while (await instance.check("/auth/me", authorization=header)).HasField("ok_response"):
            assert time.monotonic() - started < 1.0
