from datetime import timedelta

import pytest

from services.auth.adapters.ended_sessions import MEMORY_SECONDS, RecentlyEndedSessions
from services.auth.adapters.identity_cache import SILENCE_SECONDS_MAX, IdentityCache
from services.auth.domain.api_key import ApiKey
from services.auth.domain.decision import Allowed, Refused
from services.auth.domain.revocation import Revocation, Revocations
from services.auth.usecases.authorize import Authorize
from services.auth.usecases.identify import Identify
from services.auth.usecases.ports import Credential
from services.kernel.caller import Caller, Kind
from services.kernel.errors import InvalidCredential, Unavailable
from tests.unit.auth.stores import NOON, FakeClock, FakeMint

KEY = ApiKey("AAAAAAAAAAAA", "ada", "", ("inference",), NOON)
TEXT = "agg_some_key"


class Gate:
    """Identify with a cache, a key that may be revoked, and a clock for silence."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.seconds = 0.0
        self.mint = FakeMint()
        self.lookups = 0
        self.error: Exception | None = None
        self.revoked_during_lookup = False
        self.cache = IdentityCache(self.clock, monotonic=lambda: self.seconds)
        self.cache.is_current_as_of(0.0)
        self.ended = RecentlyEndedSessions(monotonic=lambda: self.seconds)
        self.identify = Identify(self._verify_key, self.mint, self.cache, self.ended, self.clock)

    def hear(self, revocation: Revocation) -> None:
        batch = Revocations((revocation,), 1)
        self.ended.hear(batch)
        self.cache.hear(batch)

    async def _verify_key(self, secret: str) -> ApiKey:
        self.lookups += 1
        if self.error:
            raise self.error
        if self.revoked_during_lookup:
            self.cache.hear(Revocations((Revocation(key_id=KEY.key_id),), 1))
        return KEY


@pytest.fixture
def gate() -> Gate:
    return Gate()


async def test_a_key_is_looked_up_once_in_half_a_minute(gate: Gate):
    first = await gate.identify(TEXT)
    gate.clock.advance(timedelta(seconds=29))
    assert await gate.identify(TEXT) == first
    assert gate.lookups == 1
    gate.clock.advance(timedelta(seconds=1))
    assert await gate.identify(TEXT) != first
    assert gate.lookups == 2


async def test_a_revocation_is_heard(gate: Gate):
    await gate.identify(TEXT)
    gate.cache.hear(Revocations((Revocation(key_id=KEY.key_id),), 1))
    gate.error = InvalidCredential()
    with pytest.raises(InvalidCredential):
        await gate.identify(TEXT)


async def test_another_keys_revocation_costs_nothing(gate: Gate):
    await gate.identify(TEXT)
    gate.cache.hear(Revocations((Revocation(key_id="BBBBBBBBBBBB"),), 1))
    await gate.identify(TEXT)
    assert gate.lookups == 1


async def test_a_revocation_during_the_lookup_is_not_overlooked(gate: Gate):
    gate.revoked_during_lookup = True
    await gate.identify(TEXT)
    gate.error = InvalidCredential()
    with pytest.raises(InvalidCredential):
        await gate.identify(TEXT)


async def test_memory_is_not_trusted_in_silence(gate: Gate):
    await gate.identify(TEXT)
    gate.seconds = SILENCE_SECONDS_MAX + 0.01
    gate.error = Unavailable("The database")
    with pytest.raises(Unavailable):
        await gate.identify(TEXT)


async def test_a_session_needs_nobody_to_be_heard(gate: Gate):
    gate.mint.valid["token"] = Credential(Caller(Kind.USER, "ada"), NOON + timedelta(minutes=10))
    first = await gate.identify("token")
    gate.seconds = 3600
    assert await gate.identify("token") == first


async def test_an_ended_session_is_refused_although_its_token_is_good(gate: Gate):
    caller = Caller(Kind.USER, "ada", session_id="s1")
    gate.mint.valid["token"] = Credential(caller, NOON + timedelta(minutes=10))
    await gate.identify("token")
    gate.hear(Revocation(session_id="s1"))
    for _ in range(2):
        with pytest.raises(InvalidCredential):
            await gate.identify("token")


async def test_another_session_goes_on(gate: Gate):
    caller = Caller(Kind.USER, "ada", session_id="s1")
    gate.mint.valid["token"] = Credential(caller, NOON + timedelta(minutes=10))
    first = await gate.identify("token")
    gate.hear(Revocation(session_id="s2"))
    assert await gate.identify("token") == first


def test_ended_sessions_are_remembered_as_long_as_their_tokens_could_live(gate: Gate):
    gate.hear(Revocation(session_id="s1"))
    gate.seconds = MEMORY_SECONDS - 1
    gate.hear(Revocation(session_id="s2"))
    assert "s1" in gate.ended
    gate.seconds = MEMORY_SECONDS
    gate.hear(Revocation(key_id=KEY.key_id))
    assert "s1" not in gate.ended
    assert "s2" in gate.ended


async def test_a_changed_key_is_looked_up_again(gate: Gate):
    await gate.identify(TEXT)
    gate.hear(Revocation(key_id=KEY.key_id, changed=True))
    await gate.identify(TEXT)
    assert gate.lookups == 2


async def test_an_identity_ends_with_its_credential(gate: Gate):
    gate.mint.valid["token"] = Credential(Caller(Kind.USER, "ada"), NOON + timedelta(seconds=7))
    assert "12:00:07" in await gate.identify("token")
    gate.clock.advance(timedelta(seconds=7))
    gate.mint.valid.clear()
    with pytest.raises(InvalidCredential):
        await gate.identify("token")


async def test_an_endless_credential_is_refused_unread(gate: Gate):
    with pytest.raises(InvalidCredential):
        await gate.identify("agg_" + "a" * 5000)
    assert gate.lookups == 0


async def test_nobody_may_pass_where_no_credential_is_needed(gate: Gate):
    authorize = Authorize(gate.identify)
    assert await authorize("", required=False) == Allowed("")
    assert isinstance(await authorize("", required=True), Refused)


async def test_a_bad_credential_is_refused_even_where_none_is_needed(gate: Gate):
    decision = await Authorize(gate.identify)("forged", required=False)
    assert isinstance(decision, Refused)
    assert isinstance(decision.error, InvalidCredential)


async def test_the_cache_is_bounded(gate: Gate, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.auth.adapters.identity_cache.ENTRIES_MAX", 2)
    for text in ("agg_1", "agg_2", "agg_3"):
        await gate.identify(text)
    assert gate.cache.find("agg_1") is None
    assert gate.cache.find("agg_3") is not None
