import asyncio

from services.auth.adapters.ended_sessions import RecentlyEndedSessions
from services.auth.adapters.identity_cache import IdentityCache
from services.auth.domain.revocation import Revocation
from services.auth.usecases.follow_revocations import FollowRevocations
from services.auth.usecases.read_revocations import BATCH_MAX, ReadRevocations
from tests.unit.auth.stores import NOON, FakeClock, Stores


class SilentBell:
    """Never rings."""

    async def wait(self, *, timeout_seconds: float) -> None:
        await asyncio.Event().wait()


async def test_who_follows_has_caught_up_only_after_the_whole_past():
    stores, clock = Stores(), FakeClock()
    past = [Revocation(session_id=f"s{number}") for number in range(2 * BATCH_MAX + 1)]
    await stores.revocations.append(past, now=NOON)
    ended = RecentlyEndedSessions()
    read = ReadRevocations(stores.begin, clock)
    follow = FollowRevocations(read, SilentBell, IdentityCache(clock), ended)
    following = asyncio.create_task(follow())
    try:
        async with asyncio.timeout(5):
            await follow.caught_up.wait()
    finally:
        following.cancel()
    assert all(revocation.session_id in ended for revocation in past)
