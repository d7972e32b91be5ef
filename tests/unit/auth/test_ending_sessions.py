from datetime import timedelta

import pytest

from services.auth.domain.revocation import Revocation
from services.auth.domain.session import Tokens
from services.auth.domain.user import Account, Role, User
from services.auth.usecases.change_password import ChangePassword
from services.auth.usecases.issue_tokens import IssueTokens
from services.auth.usecases.list_sessions import ListSessions
from services.auth.usecases.login import Login
from services.auth.usecases.refresh_tokens import RefreshTokens
from services.auth.usecases.revoke_all_sessions import RevokeAllSessions
from services.auth.usecases.revoke_session import RevokeSession
from services.kernel.caller import Caller, Kind
from services.kernel.errors import (
    Conflict,
    InvalidCredential,
    InvalidField,
    NotFound,
    RateLimited,
)
from services.kernel.ids import new_id
from tests.unit.auth.stores import NOON, FakeClock, FakeMint, FakePasswords, Stores

EMAIL = "ada@example.org"
PASSWORD = "analytical engine"
NEW_PASSWORD = "difference engine"


class SlowPasswords(FakePasswords):
    """While it compares a password, somebody else replaces the hash."""

    def __init__(self, stores: Stores, replacement: str = "else") -> None:
        self.stores = stores
        self.replacement = replacement

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        matches = await super().verify(password, password_hash=password_hash)
        await self.stores.users.set_password_hash("ada", password_hash=self.replacement)
        return matches


class House:
    """A user with her sessions."""

    def __init__(self) -> None:
        self.stores = Stores()
        self.clock = FakeClock()
        self.mint = FakeMint()
        self.issue = IssueTokens(self.mint)
        begin, passwords = self.stores.begin, FakePasswords()
        self.login = Login(begin, passwords, self.issue, self.clock)
        self.refresh = RefreshTokens(begin, self.issue, self.clock)
        self.list_sessions = ListSessions(begin, self.clock)
        self.revoke = RevokeSession(begin, self.clock)
        self.revoke_all = RevokeAllSessions(begin, self.clock)
        self.change_password = ChangePassword(begin, passwords, {"password123"}, self.clock)

    async def enter(self) -> tuple[Tokens, Caller]:
        """Returns the tokens of a new session, and who holds them."""
        tokens, _ = await self.login(EMAIL, password=PASSWORD)
        return tokens, self.mint.valid[tokens.access_token].caller

    async def account(self) -> Account:
        account = await self.stores.users.lock("ada")
        assert account
        return account

    @property
    def ended(self) -> list[str]:
        entries = self.stores.revocations.entries
        assert entries == [Revocation(session_id=entry.session_id) for entry in entries]
        return [entry.session_id for entry in entries]


@pytest.fixture
async def house() -> House:
    house = House()
    user = User("ada", EMAIL, Role.USER, NOON)
    await house.stores.users.add(user, password_hash=PASSWORD[::-1])
    return house


async def test_an_ended_session_refreshes_no_more_and_others_do(house: House):
    tokens, caller = await house.enter()
    other, _ = await house.enter()
    ended = await house.revoke(caller.session_id, caller=caller)
    assert ended.end_time == house.clock.now()
    with pytest.raises(InvalidCredential):
        await house.refresh(tokens.refresh_token)
    await house.refresh(other.refresh_token)
    assert house.ended == [caller.session_id]


async def test_ending_a_session_again_changes_nothing(house: House):
    _, caller = await house.enter()
    first = await house.revoke(caller.session_id, caller=caller)
    house.clock.advance(timedelta(minutes=1))
    assert await house.revoke(caller.session_id, caller=caller) == first
    assert len(house.ended) == 1


@pytest.mark.parametrize("session_id", ["", "x", "\0", new_id()])
async def test_there_is_no_such_session(house: House, session_id: str):
    _, caller = await house.enter()
    with pytest.raises(NotFound):
        await house.revoke(session_id, caller=caller)


async def test_the_session_of_another_user_is_not_found(house: House):
    _, caller = await house.enter()
    with pytest.raises(NotFound):
        await house.revoke(caller.session_id, caller=Caller(Kind.OPERATOR, "olga"))
    assert house.ended == []


async def test_what_has_ended_is_not_listed(house: House):
    _, first = await house.enter()
    tokens, second = await house.enter()
    house.clock.advance(timedelta(minutes=1))
    await house.refresh(tokens.refresh_token)
    await house.revoke(first.session_id, caller=second)
    [left] = await house.list_sessions(second, after=None, limit=10)
    assert left.session_id == second.session_id
    assert left.refresh_time == house.clock.now()
    house.clock.advance(timedelta(days=30))
    assert await house.list_sessions(second, after=None, limit=10) == []


async def test_signing_out_everywhere_includes_here(house: House):
    callers = [(await house.enter())[1] for _ in range(3)]
    assert await house.revoke_all(callers[0]) == 3
    assert sorted(house.ended) == sorted(caller.session_id for caller in callers)
    assert await house.revoke_all(callers[0]) == 0


async def test_a_refresh_token_that_is_used_twice_ends_its_access_tokens_too(house: House):
    tokens, caller = await house.enter()
    await house.refresh(tokens.refresh_token)
    with pytest.raises(InvalidCredential):
        await house.refresh(tokens.refresh_token)
    assert house.ended == [caller.session_id]


async def test_a_new_password_replaces_the_old_and_ends_other_sessions(house: House):
    tokens, caller = await house.enter()
    _, other = await house.enter()
    assert await house.change_password(caller, current=PASSWORD, new=NEW_PASSWORD) == 1
    assert house.ended == [other.session_id]
    await house.refresh(tokens.refresh_token)
    with pytest.raises(InvalidCredential):
        await house.login(EMAIL, password=PASSWORD)
    await house.login(EMAIL, password=NEW_PASSWORD)


@pytest.mark.parametrize("new", ["password123", EMAIL, "ADA"])
async def test_a_new_password_follows_the_rules_of_registration(house: House, new: str):
    _, caller = await house.enter()
    with pytest.raises(InvalidField) as refused:
        await house.change_password(caller, current=PASSWORD, new=new)
    assert refused.value.field == "new_password"
    assert (await house.account()).password_hash == PASSWORD[::-1]


async def test_guessing_the_current_password_is_slowed_down_as_at_login(house: House):
    _, caller = await house.enter()
    for _ in range(10):
        with pytest.raises(InvalidField) as refused:
            await house.change_password(caller, current="wrong", new=NEW_PASSWORD)
        assert refused.value.field == "current_password"
    with pytest.raises(RateLimited):
        await house.change_password(caller, current=PASSWORD, new=NEW_PASSWORD)
    with pytest.raises(RateLimited):
        await house.login(EMAIL, password=PASSWORD)
    assert (await house.account()).password_hash == PASSWORD[::-1]


async def test_of_two_changes_at_once_one_is_told(house: House):
    _, caller = await house.enter()
    change = ChangePassword(house.stores.begin, SlowPasswords(house.stores), (), house.clock)
    with pytest.raises(Conflict):
        await change(caller, current=PASSWORD, new=NEW_PASSWORD)
    assert (await house.account()).password_hash == "else"


async def test_a_login_with_the_old_password_does_not_outlive_the_change(house: House):
    login = Login(house.stores.begin, SlowPasswords(house.stores), house.issue, house.clock)
    with pytest.raises(InvalidCredential):
        await login(EMAIL, password=PASSWORD)
    assert house.stores.sessions.sessions == {}


async def test_a_login_goes_on_when_another_has_renewed_the_hash(house: House):
    await house.stores.users.set_password_hash("ada", password_hash="old:" + PASSWORD[::-1])
    passwords = SlowPasswords(house.stores, PASSWORD[::-1])
    login = Login(house.stores.begin, passwords, house.issue, house.clock)
    tokens, _ = await login(EMAIL, password=PASSWORD)
    assert tokens.access_token
