import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.auth.adapters.key_directory import open_keys
from services.auth.adapters.macs import PepperedMacs
from services.auth.domain.key_text import new_key_text
from services.chassis.environment import SettingsError


def test_the_first_start_makes_keys_that_only_the_owner_reads(tmp_path: Path):
    open_keys(tmp_path / "auth")
    names = {path.name for path in (tmp_path / "auth").iterdir()}
    assert names == {"pepper-1", "signing-1"}
    for path in (tmp_path / "auth").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_later_starts_find_the_same_keys(tmp_path: Path):
    first, second = open_keys(tmp_path), open_keys(tmp_path)
    assert first.peppers == second.peppers
    assert first.signing[0].kid == second.signing[0].kid


def test_instances_that_start_at_once_agree(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(open_keys, [tmp_path] * 8))
    assert len({each.peppers for each in keys}) == 1
    assert len({each.signing[0].kid for each in keys}) == 1


def test_a_newer_pepper_is_used_for_new_keys_and_the_older_goes_on_verifying(tmp_path: Path):
    key = new_key_text()
    old = PepperedMacs(open_keys(tmp_path).peppers).of(key)
    (tmp_path / "pepper-2").write_text("ab" * 32)
    macs = PepperedMacs(open_keys(tmp_path).peppers)
    assert macs.of(key).pepper_id == 2
    assert macs.of(key) != old
    assert old in macs.candidates(key)


@pytest.mark.parametrize("name", ["pepper-1", "signing-1"])
@pytest.mark.parametrize("content", ["", "abcd", "{}", "not a key"])
def test_a_damaged_key_keeps_auth_from_starting_and_is_not_told(
    tmp_path: Path, name: str, content: str
):
    open_keys(tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(SettingsError, match=name):
        open_keys(tmp_path)
