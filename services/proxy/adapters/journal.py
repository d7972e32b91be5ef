"""Follows Envoy's journal through its rotations.

Envoy appends to `journal.jsonl`. When that has grown, the proxy renames it and asks Envoy to open a
new one; the renamed file is read to its end and removed once everything in it was published.
"""

import asyncio
import os
import re
import time
from pathlib import Path

import aiohttp

from services.chassis.logs import get_logger
from services.proxy.adapters.journal_line import parse_journal_line
from services.proxy.domain.conclusion import JournalLine
from services.proxy.usecases.ports import Chunk, Position

log = get_logger()
POLL_SECONDS = 0.05
READ_BYTES = 256 * 1024
LINES_PER_CHUNK = 64
ROTATE_BYTES = 128 * 1024 * 1024
_NUMBER = re.compile(r"\.(\d+)$")


class FollowedJournal:
    """Reads lines from where the last reader stopped."""

    def __init__(self, path: Path, *, admin_address: str, position: Position | None) -> None:
        self._path = path
        self._admin_address = admin_address
        self._file = -1
        self._inode = 0
        self._current = path
        self._offset = 0
        self._unread = b""
        self.caught_up_at = 0.0
        self._open_at(position)

    async def next_chunk(self) -> Chunk:
        """Returns the next lines; waits until there are some."""
        while True:
            chunk = self._take_lines()
            if chunk:
                # Lets requests in between: admission shares this loop.
                await asyncio.sleep(0)
                return chunk
            if not self._read():
                await asyncio.sleep(POLL_SECONDS)

    async def rotate(self, published: Position) -> None:
        """Begins a new file when the present one has grown; removes those that are done."""
        for path, inode in self._segments():
            if path != self._path and inode not in {self._inode, published.inode}:
                path.unlink()
        if self._current != self._path or self._offset < ROTATE_BYTES:
            return
        numbers = [
            int(match[1]) for path, _ in self._segments() if (match := _NUMBER.search(path.name))
        ]
        self._current = self._path.with_name(f"{self._path.name}.{max(numbers, default=0) + 1}")
        self._path.rename(self._current)
        async with aiohttp.ClientSession() as session:
            await session.post(f"http://{self._admin_address}/reopen_logs")
        log.info("journal.rotated")

    def _segments(self) -> list[tuple[Path, int]]:
        """Returns the files of the journal, oldest first."""
        found = list(self._path.parent.glob(f"{self._path.name}*"))

        def age(path: Path) -> float:
            match = _NUMBER.search(path.name)
            return int(match[1]) if match else float("inf")

        return [(path, path.stat().st_ino) for path in sorted(found, key=age)]

    def _open_at(self, position: Position | None) -> None:
        segments = self._segments()
        for path, inode in segments:
            if position and inode == position.inode:
                self._open(path, position.offset)
                return
        if segments:
            self._open(segments[0][0], 0)

    def _open(self, path: Path, offset: int) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = os.open(path, os.O_RDONLY)
        self._inode = os.fstat(self._file).st_ino
        self._current, self._offset, self._unread = path, offset, b""
        os.lseek(self._file, offset, os.SEEK_SET)

    def _read(self) -> bool:
        """Reads more bytes; says whether there were any."""
        if self._file < 0:
            self._open_at(None)
            if self._file < 0:
                self.caught_up_at = time.time()
                return False
        before = time.time()
        # Looked up before reading: a successor means that Envoy writes here no more.
        successor = self._successor()
        piece = os.read(self._file, READ_BYTES)
        if piece:
            self._unread += piece
            return True
        if successor:
            self._open(successor, 0)
            return True
        self.caught_up_at = before
        return False

    def _successor(self) -> Path | None:
        segments = self._segments()
        inodes = [inode for _, inode in segments]
        if self._inode not in inodes:
            return segments[0][0] if segments else None
        following = inodes.index(self._inode) + 1
        return segments[following][0] if following < len(segments) else None

    def _take_lines(self) -> Chunk | None:
        lines: list[JournalLine] = []
        start = 0
        for _ in range(LINES_PER_CHUNK):
            end = self._unread.find(b"\n", start)
            if end < 0:
                break
            line = parse_journal_line(self._unread[start:end])
            if line:
                lines.append(line)
            start = end + 1
        if not start:
            return None
        self._unread = self._unread[start:]
        self._offset += start
        return Chunk(tuple(lines), Position(self._inode, self._offset))
