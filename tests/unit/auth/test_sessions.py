from datetime import timedelta

import pytest

from services.auth.domain.session import SESSION_LIFE, Tokens
from services.auth.domain.user import Role, User
from services.auth.usecases.issue_tokens import IssueTokens
from services.auth.usecases.login import Login
from services.auth.usecases.refresh_tokens import RefreshTokens
from services.kernel.errors import InvalidCredential, RateLimited
from tests.unit.auth.stores import NOON, FakeClock, FakeMint, FakePasswords, Stores

EMAIL = "ada@example.org"
PASSWORD = "analytical engine"


class Door:
    """A user, and the use cases that let her in."""

    def __init__(self) -> None:
        self.stores = Stores()
        self.clock = FakeClock()
        self.mint = FakeMint()
        issue = IssueTokens(self.mint)
        self.login = Login(self.stores.begin, FakePasswords(), issue, self.clock)
        self.refresh = RefreshTokens(self.stores.begin, issue, self.clock)

    async def open(self) -> Tokens:
        tokens, _ = await self.login(EMAIL, password=PASSWORD)
        return tokens

    async def fail(self, times: int) -> None:
        for _ in range(times):
            with pytest.raises(InvalidCredential):
                await self.login(EMAIL, password="wrong")


@pytest.fixture
async def door() -> Door:
    door = Door()
    user = User("ada", EMAIL, Role.USER, NOON)
    await door.stores.users.add(user, password_hash=PASSWORD[::-1])
    return door


async def test_a_refresh_token_buys_a_successor(door: Door):
    first = await door.open()
    second = await door.refresh(first.refresh_token)
    third = await door.refresh(second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3


async def test_the_second_use_ends_the_whole_session(door: Door):
    first = await door.open()
    second = await door.refresh(first.refresh_token)
    with pytest.raises(InvalidCredential):
        await door.refresh(first.refresh_token)
    assert not door.stores.rolled_back, "the session's end must be committed"
    with pytest.raises(InvalidCredential):
        await door.refresh(second.refresh_token)


async def test_another_session_of_the_user_goes_on(door: Door):
    stolen, other = await door.open(), await door.open()
    await door.refresh(stolen.refresh_token)
    with pytest.raises(InvalidCredential):
        await door.refresh(stolen.refresh_token)
    await door.refresh(other.refresh_token)


async def test_a_session_ends_thirty_days_after_the_login_however_often_refreshed(door: Door):
    tokens = await door.open()
    for _ in range(29):
        door.clock.advance(timedelta(days=1))
        tokens = await door.refresh(tokens.refresh_token)
        assert tokens.refresh_expire_time == NOON + SESSION_LIFE
    door.clock.advance(timedelta(days=1))
    with pytest.raises(InvalidCredential):
        await door.refresh(tokens.refresh_token)


async def test_no_access_token_outlives_its_session(door: Door):
    tokens = await door.open()
    door.clock.advance(SESSION_LIFE - timedelta(minutes=3))
    tokens = await door.refresh(tokens.refresh_token)
    assert tokens.access_expire_time == NOON + SESSION_LIFE


async def test_what_is_stored_of_a_token_does_not_refresh(door: Door):
    await door.open()
    [stored] = door.stores.sessions.tokens
    with pytest.raises(InvalidCredential):
        await door.refresh(stored.hex())


async def test_letter_case_of_the_address_is_ignored(door: Door):
    tokens, user = await door.login("Ada@Example.ORG", password=PASSWORD)
    assert tokens.access_token
    assert user.email == EMAIL


async def test_unknown_users_and_wrong_passwords_are_told_the_same(door: Door):
    with pytest.raises(InvalidCredential) as unknown:
        await door.login("nobody@example.org", password=PASSWORD)
    with pytest.raises(InvalidCredential) as wrong:
        await door.login(EMAIL, password="wrong")
    assert unknown.value.message == wrong.value.message
    assert unknown.value.metadata == wrong.value.metadata


async def test_ten_failures_are_free_and_then_each_makes_the_next_wait(door: Door):
    await door.fail(10)
    with pytest.raises(RateLimited) as first:
        await door.open()
    assert first.value.retry_after_seconds == 1.0
    door.clock.advance(timedelta(seconds=1))
    await door.fail(1)
    with pytest.raises(RateLimited) as second:
        await door.open()
    assert second.value.retry_after_seconds == 2.0


async def test_the_owner_is_never_kept_out_for_longer_than_half_a_minute(door: Door):
    for _ in range(40):
        await door.fail(1)
        door.clock.advance(timedelta(seconds=30))
    assert await door.open()


async def test_refused_attempts_do_not_prolong_the_wait(door: Door):
    await door.fail(10)
    for _ in range(5):
        with pytest.raises(RateLimited):
            await door.login(EMAIL, password="wrong")
    door.clock.advance(timedelta(seconds=1))
    assert await door.open()


async def test_a_login_forgets_failures(door: Door):
    await door.fail(9)
    await door.open()
    await door.fail(9)
    assert await door.open()


async def test_unknown_addresses_are_slowed_down_alike(door: Door):
    for _ in range(10):
        with pytest.raises(InvalidCredential):
            await door.login("nobody@example.org", password="wrong")
    with pytest.raises(RateLimited):
        await door.login("nobody@example.org", password="wrong")


async def test_an_outdated_hash_is_renewed_at_login(door: Door):
    await door.stores.users.set_password_hash("ada", password_hash="old:" + PASSWORD[::-1])
    await door.open()
    account = await door.stores.users.find(EMAIL)
    assert account
    assert account.password_hash == PASSWORD[::-1]
