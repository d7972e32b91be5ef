"""Output becomes lines on the console and in a file of bounded size."""

from pathlib import Path

import pytest

from services.local import process_log
from services.local.process_log import ProcessLog


def test_lines_are_put_together_from_pieces(tmp_path: Path):
    shown: list[str] = []
    log = ProcessLog("auth", folder=tmp_path, show=shown.append)
    log.feed(b"one\ntw")
    log.feed(b"o\nrest")
    log.finish()
    assert [line.split("| ")[1] for line in shown] == ["one", "two", "rest"]
    assert log.path.read_bytes() == b"one\ntwo\nrest\n"
    assert list(log.last_lines) == ["one", "two", "rest"]


def test_a_line_without_end_is_cut(tmp_path: Path):
    shown: list[str] = []
    log = ProcessLog("auth", folder=tmp_path, show=shown.append)
    log.feed(b"x" * (process_log.LINE_BYTES + 1))
    assert len(shown) == 1


def test_the_file_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(process_log, "FILE_BYTES", 10)
    log = ProcessLog("auth", folder=tmp_path, show=lambda _: None)
    log.feed(b"first..\n")
    log.feed(b"second.\n")
    assert log.path.read_bytes() == b"second.\n"
    assert (tmp_path / "auth.log.1").read_bytes() == b"first..\n"


def test_a_file_that_cannot_be_written_costs_nothing_else(tmp_path: Path):
    shown: list[str] = []
    log = ProcessLog("auth", folder=tmp_path / "missing", show=shown.append)
    log.feed(b"line\n")
    assert len(shown) == 1
