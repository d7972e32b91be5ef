"""What watchers are told, and when."""

import asyncio

from services.orchestrator.domain.snapshot import Snapshot
from services.orchestrator.usecases.watch_clusters import WatchClusters
from services.orchestrator.usecases.watch_routing_table import WatchRoutingTable
from tests.unit.orchestrator.examples import provider, snapshot

ALPHA, BRAVO = provider("alpha"), provider("bravo")
LONG = 30.0


class Feed:
    """Hands out what a test puts in."""

    def __init__(self, first: Snapshot) -> None:
        self._newest = first
        self._changed = asyncio.Condition()

    async def put(self, new: Snapshot) -> None:
        async with self._changed:
            self._newest = new
            self._changed.notify_all()

    async def newest(self, *, than: int | None) -> Snapshot:
        async with self._changed:
            await self._changed.wait_for(lambda: self._newest.version != than)
        return self._newest


def _ids(state: Snapshot) -> list[str]:
    return sorted(each.provider_id for each in state.providers)


async def test_the_table_is_told_at_once_and_after_each_change() -> None:
    feed = Feed(snapshot(ALPHA))
    tables = WatchRoutingTable(feed.newest)()

    first = await anext(tables)
    await feed.put(snapshot(ALPHA, BRAVO, version=2))
    second = await anext(tables)

    assert (first.version, first.provider_ids) == (1, ("alpha",))
    assert (second.version, second.provider_ids) == (2, ("alpha", "bravo"))


async def test_a_slow_watcher_gets_the_newest_table() -> None:
    feed = Feed(snapshot(ALPHA))
    tables = WatchRoutingTable(feed.newest)()
    await anext(tables)

    await feed.put(snapshot(ALPHA, BRAVO, version=2))
    await feed.put(snapshot(BRAVO, version=3))

    assert (await anext(tables)).version == 3


async def test_a_deleted_provider_lingers_and_then_goes() -> None:
    feed = Feed(snapshot(ALPHA, BRAVO))
    states = WatchClusters(feed.newest, linger_seconds=0.01)()
    await anext(states)

    await feed.put(snapshot(BRAVO, version=2))
    lingering, settled = await anext(states), await anext(states)

    assert (_ids(lingering), _ids(settled)) == (["alpha", "bravo"], ["bravo"])
    assert lingering.credentials == {"alpha": "word-of-alpha", "bravo": "word-of-bravo"}
    assert settled.credentials == {"bravo": "word-of-bravo"}


async def test_a_provider_lingers_over_later_changes() -> None:
    feed = Feed(snapshot(ALPHA))
    states = WatchClusters(feed.newest, linger_seconds=LONG)()
    await anext(states)

    await feed.put(snapshot(version=2))
    await anext(states)
    await feed.put(snapshot(BRAVO, version=3))

    assert _ids(await anext(states)) == ["alpha", "bravo"]


async def test_a_provider_that_is_made_again_replaces_the_lingering_one() -> None:
    again = provider("alpha", base_url="https://elsewhere.example/v1")
    feed = Feed(snapshot(ALPHA))
    states = WatchClusters(feed.newest, linger_seconds=LONG)()
    await anext(states)

    await feed.put(snapshot(version=2))
    await anext(states)
    await feed.put(snapshot(again, version=3))

    assert (await anext(states)).providers == (again,)
