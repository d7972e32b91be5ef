"""The provider's own count of what it served, kept in a file that survives it."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

Ending = Literal["complete", "cut", "failed", "reset"]


@dataclass(frozen=True, slots=True)
class Served:
    """One request as the provider would bill it.

    A stream that broke off counts its prompt and the chunks written before; what broke off before
    its headers, and an error, count nothing.
    """

    provider: str
    model: str
    nonce: str | None
    prompt_tokens: int
    completion_tokens: int
    stream: bool
    ended: Ending


class Books:
    """All that was served. Each record is one write to the file, so a killed provider keeps it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lines: list[bytes] = []
        self._endings: Counter[str] = Counter()
        self._prompt_tokens = 0
        self._completion_tokens = 0
        torn = self._read(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if torn:  # the next record must not be glued to half of another
            os.write(self._file, b"\n")

    def add(self, served: Served) -> None:
        """Takes a request that has ended."""
        line = orjson.dumps(served)
        os.write(self._file, line + b"\n")
        self._count(line, ended=served.ended)
        self._prompt_tokens += served.prompt_tokens
        self._completion_tokens += served.completion_tokens

    def totals(self) -> dict[str, Any]:
        """Returns the sums."""
        return {
            "requests": len(self._lines),
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": self._completion_tokens,
            "endings": dict(self._endings),
        }

    def as_json(self) -> bytes:
        """Returns the sums and every record."""
        totals = orjson.dumps(self.totals())
        return b'{"totals":%b,"requests":[%b]}' % (totals, b",".join(self._lines))

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)

    def _read(self, path: Path) -> bool:
        """Takes over an earlier run's records; returns whether the last one is torn."""
        if not path.exists():
            return False
        content = path.read_bytes()
        for line in content.split(b"\n"):
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue  # empty, or torn by a power cut
            self._count(line, ended=record["ended"])
            self._prompt_tokens += record["prompt_tokens"]
            self._completion_tokens += record["completion_tokens"]
        return bool(content) and not content.endswith(b"\n")

    def _count(self, line: bytes, *, ended: str) -> None:
        self._lines.append(line)
        self._endings[ended] += 1
