"""A place that can't hold a stack is refused in one sentence."""

import stat
from pathlib import Path

import pytest

from services.local.errors import StackError
from services.local.layout import Layout
from services.local.secret_files import kept_secret


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path):
    place = tmp_path / "data"
    place.write_text("")
    with pytest.raises(StackError, match="is a file; choose another place with --data"):
        Layout(place).prepare()


def test_a_place_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match=r"can't be used .*--data"):
        Layout(tmp_path / "file" / "data").prepare()


def test_a_second_stack_on_the_same_directory_is_refused(tmp_path: Path):
    layout = Layout(tmp_path)
    layout.prepare()
    with (
        layout.locked(),
        pytest.raises(StackError, match=r"Another stack .process .* runs on"),
        layout.locked(),
    ):
        pass


def test_the_lock_ends_with_its_holder(tmp_path: Path):
    layout = Layout(tmp_path)
    with layout.locked():
        pass
    with layout.locked():
        pass


def test_secrets_are_kept_and_private(tmp_path: Path):
    file = tmp_path / "secret"
    first = kept_secret(file)
    assert kept_secret(file) == first
    assert len(first) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_empty_secret_is_refused(tmp_path: Path):
    file = tmp_path / "secret"
    file.write_text("\n")
    with pytest.raises(StackError, match="is empty"):
        kept_secret(file)
