import asyncio
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from services.auth.adapters.common_passwords import common_passwords
from services.auth.adapters.passwords import QUEUE_MAX, WORKERS, Argon2Passwords
from services.auth.usecases.register import Register
from services.kernel.errors import AlreadyExists, InvalidField, RateLimited
from tests.unit.auth.stores import FakeClock, FakePasswords, Stores


@pytest.fixture
def register() -> Register:
    return Register(Stores().begin, FakePasswords(), common_passwords(), FakeClock())


@pytest.fixture(scope="module")
def passwords() -> Iterator[Argon2Passwords]:
    passwords = Argon2Passwords()
    yield passwords
    passwords.close()


@pytest.mark.parametrize(
    "password", ["password", "12345678", "PassWord1", "ada.lovelace", "ADA.Lovelace@example.org"]
)
async def test_what_is_guessed_first_is_refused(register: Register, password: str):
    with pytest.raises(InvalidField) as refused:
        await register("ada.lovelace@example.org", password=password)
    assert refused.value.field == "password"


async def test_an_address_is_taken_once_whatever_its_letter_case(register: Register):
    user = await register("Ada@example.org", password="analytical engine")
    assert user.email == "ada@example.org"
    with pytest.raises(AlreadyExists):
        await register("ADA@EXAMPLE.ORG", password="analytical engine")


def test_the_list_is_worth_its_name():
    assert len(common_passwords()) > 4000
    assert all(len(password) >= 8 for password in common_passwords())


async def test_a_hash_matches_its_password_only(passwords: Argon2Passwords):
    hashed = await passwords.hash("analytical engine")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify("analytical engine", password_hash=hashed)
    assert not await passwords.verify("analytical engine ", password_hash=hashed)
    assert not await passwords.verify(hashed, password_hash=hashed)
    assert not passwords.is_outdated(hashed)


async def test_a_weak_hash_is_outdated(passwords: Argon2Passwords):
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("x")
    assert passwords.is_outdated(weak)


async def test_hashes_beyond_the_queue_are_refused_at_once_and_places_come_back(
    passwords: Argon2Passwords,
):
    room = WORKERS + QUEUE_MAX
    attempts = (passwords.verify("x", password_hash=None) for _ in range(room + 20))
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, RateLimited)]
    assert len(refused) == 20
    assert outcomes.count(False) == room
    assert not await passwords.verify("x", password_hash=None)


async def test_a_caller_who_leaves_gives_the_place_back(passwords: Argon2Passwords):
    tasks = [
        asyncio.create_task(passwords.verify("x", password_hash=None))
        for _ in range(WORKERS + QUEUE_MAX)
    ]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # Two may still be hashing; the places of all who waited are free.
    attempts = (passwords.verify("x", password_hash=None) for _ in range(QUEUE_MAX))
    assert await asyncio.gather(*attempts) == [False] * QUEUE_MAX
