"""What the proxy's files survive."""

import asyncio
from pathlib import Path

import orjson

from services.proxy.adapters.hold_codec import decode_hold, encode_hold
from services.proxy.adapters.journal import FollowedJournal
from services.proxy.adapters.write_ahead_log import NAME, WriteAheadLog
from services.proxy.domain.conclusion import conclude
from services.proxy.domain.lease import Grant
from services.proxy.domain.lease_book import LeaseBook
from services.proxy.usecases.ports import Position
from tests.unit.proxy.fakes import NOW, a_hold, a_line

GRANT = Grant("lease-1", 10_000_000, 0, NOW.timestamp() + 3600)


def journal_line(request_id: str) -> bytes:
    hold = a_hold(request_id)
    line = {
        "attempts": 1,
        "code": 200,
        "cluster": "provider-demo",
        "start": "1772323200.5",
        "request": request_id,
        "record": encode_hold(hold),
        "usage": {"prompt_tokens": 10.0, "completion_tokens": 5},
    }
    return orjson.dumps(line) + b"\n"


def test_a_hold_survives_its_json():
    assert decode_hold(encode_hold(a_hold())) == a_hold()


def test_a_book_is_the_same_after_a_crash(tmp_path: Path):
    book = LeaseBook()
    log = WriteAheadLog(tmp_path, book)
    lease = book.grant(GRANT, account_id="account-1")
    log.granted(lease)
    for name in ("r-1", "r-2", "r-3"):
        hold = a_hold(name)
        assert lease.hold(hold.amount, now=0)
        book.open(hold)
        log.held(hold)
    done = conclude(a_line(a_hold("r-1"), bytes_sent=40))
    book.settle("r-1", amount=done.amount, now=0)
    log.settled([done], position=Position(7, 99))
    # No close: the process is gone. Half a line is left behind.
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"hold":{"id":"to')

    for _ in range(2):
        again = LeaseBook()
        replayed = WriteAheadLog(tmp_path, again)
        restored = again.lease_of("account-1")
        assert restored
        assert (restored.granted, restored.settled, restored.held, restored.open_holds) == (
            lease.granted,
            lease.settled,
            lease.held,
            2,
        )
        assert [hold.request_id for hold in again.holds()] == ["r-2", "r-3"]
        assert replayed.position == Position(7, 99)


async def test_lines_are_read_once_through_rotation_and_restart(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(journal_line("r-1") + journal_line("r-2")[:20])
    journal = FollowedJournal(path, admin_address="", position=None)
    chunk = await journal.next_chunk()
    assert [line.request_id for line in chunk.lines] == ["r-1"]

    with path.open("ab") as file:
        file.write(journal_line("r-2")[20:])
    path.rename(tmp_path / "journal.jsonl.1")
    path.write_bytes(journal_line("r-3"))
    restarted = FollowedJournal(path, admin_address="", position=chunk.end)
    seen: list[str] = []
    while len(seen) < 2:
        async with asyncio.timeout(2):
            seen += [line.request_id for line in (await restarted.next_chunk()).lines]
    assert seen == ["r-2", "r-3"]


async def test_a_torn_line_hides_no_other(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    torn = journal_line("r-1")[:57]
    path.write_bytes(torn + journal_line("r-2") + b"not json\n" + journal_line("r-3"))
    journal = FollowedJournal(path, admin_address="", position=None)
    async with asyncio.timeout(2):
        chunk = await journal.next_chunk()
    assert [line.request_id for line in chunk.lines] == ["r-2", "r-3"]
    assert chunk.lines[0].usage
    assert chunk.lines[0].usage.input == 10


async def test_published_segments_are_removed(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    old = tmp_path / "journal.jsonl.1"
    old.write_bytes(journal_line("r-1"))
    path.write_bytes(journal_line("r-2"))
    journal = FollowedJournal(path, admin_address="", position=None)
    async with asyncio.timeout(2):
        first = await journal.next_chunk()
        second = await journal.next_chunk()
    assert [line.request_id for line in (*first.lines, *second.lines)] == ["r-1", "r-2"]
    await journal.rotate(first.end)
    assert old.exists()
    await journal.rotate(second.end)
    assert not old.exists()
    assert path.exists()
