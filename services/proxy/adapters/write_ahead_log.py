"""The proxy's state on disk: a log that is written before anything happens and replayed at start.

One JSON object a line: `lease` (a grant), `hold`, `done` (published, with its amount) and
`position` (how far the journal was read). A line is one write(2), so a SIGKILL leaves at most the
last one torn; a flush to disk follows within a fifth of a second.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from services.chassis.logs import get_logger
from services.proxy.adapters.hold_codec import decode_hold, encode_hold
from services.proxy.domain.admission import Hold
from services.proxy.domain.conclusion import Conclusion
from services.proxy.domain.lease import Grant, Lease
from services.proxy.domain.lease_book import LeaseBook
from services.proxy.usecases.ports import Position

log = get_logger()
NAME = "ahead.log"
COMPACT_BYTES = 32 * 1024 * 1024
FLUSH_SECONDS = 0.2


class WriteAheadLog:
    """Appends to the log of a book, and rewrites it when it has grown."""

    def __init__(self, folder: Path, book: LeaseBook) -> None:
        """Replays what is there into `book`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / NAME
        self._book = book
        self.position: Position | None = None
        self._replay()
        self._descriptor = -1
        self._size = 0
        self._compact()

    def granted(self, lease: Lease) -> None:
        """Records what a lease grants."""
        self._append(_lease_line(lease))

    def held(self, hold: Hold) -> None:
        """Records a hold."""
        self._append(_hold_line(hold))

    def settled(self, conclusions: Sequence[Conclusion], *, position: Position | None) -> None:
        """Records what was published, and with it how far the journal was read."""
        lines = [
            orjson.dumps({"done": done.hold.request_id, "amount": done.amount}) + b"\n"
            for done in conclusions
        ]
        if position:
            self.position = position
            lines.append(_position_line(position))
        self._append(b"".join(lines))
        if self._size > COMPACT_BYTES:
            self._compact()

    async def flush(self) -> None:
        """Has the log reach the disk a few times a second, for ever."""
        flushed = 0
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if self._size != flushed:
                flushed = self._size
                # A copy, because compaction may close the original meanwhile.
                descriptor = os.dup(self._descriptor)
                try:
                    await asyncio.to_thread(os.fdatasync, descriptor)
                finally:
                    os.close(descriptor)

    def close(self) -> None:
        """Closes the log."""
        os.fdatasync(self._descriptor)
        os.close(self._descriptor)

    def _append(self, line: bytes) -> None:
        self._size += os.write(self._descriptor, line)

    def _replay(self) -> None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        lines = content.split(b"\n")
        torn = lines.pop()
        for line in lines:
            try:
                self._apply(orjson.loads(line))
            except (ValueError, KeyError, TypeError):
                log.warning("ahead_log.unreadable_line")
        if torn:
            log.warning("ahead_log.torn_line")

    def _apply(self, line: dict[str, Any]) -> None:
        book = self._book
        if "hold" in line:
            book.restore(decode_hold(orjson.dumps(line["hold"])))
        elif "done" in line:
            book.settle(line["done"], amount=line["amount"], now=0)
        elif "lease" in line:
            grant = Grant(line["lease"], line["granted"], line["settled"], line["expires"])
            book.grant(grant, account_id=line["account"])
        elif "position" in line:
            self.position = Position(*line["position"])

    def _compact(self) -> None:
        """Writes the state anew and puts it in the old log's place."""
        lines = [_lease_line(lease) for lease in self._book.leases()]
        lines += [_hold_line(hold) for hold in self._book.holds()]
        if self.position:
            lines.append(_position_line(self.position))
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        content = b"".join(lines)
        os.write(descriptor, content)
        os.fdatasync(descriptor)
        fresh.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._size = descriptor, len(content)


def _lease_line(lease: Lease) -> bytes:
    members = {
        "lease": lease.lease_id,
        "account": lease.account_id,
        "granted": lease.granted,
        "settled": lease.settled,
        "expires": lease.expires_at,
    }
    return orjson.dumps(members) + b"\n"


def _hold_line(hold: Hold) -> bytes:
    return b'{"hold":' + encode_hold(hold).encode() + b"}\n"


def _position_line(position: Position) -> bytes:
    return orjson.dumps({"position": [position.inode, position.offset]}) + b"\n"
