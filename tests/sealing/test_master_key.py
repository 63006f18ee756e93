"""The master key is made once, survives, and is refused where others could read it."""

import os
import stat
from pathlib import Path

import pytest

from ledger.master_key import FILE_NAME, MasterKeyRefused, derived_key, master_key

SETTING = "0123456789abcdef" * 4


def test_the_first_start_makes_a_key_that_only_its_owner_may_read(tmp_path: Path) -> None:
    key = master_key(tmp_path)
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]  # no draft is left behind


def test_every_later_start_reads_the_same_key(tmp_path: Path) -> None:
    assert master_key(tmp_path) == master_key(tmp_path)


def test_the_umask_neither_opens_nor_closes_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        master_key(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


# Remove the check of the mode in `_private_text` → this fails.
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o666])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    master_key(tmp_path)
    (tmp_path / FILE_NAME).chmod(mode)
    with pytest.raises(MasterKeyRefused, match="chmod 600"):
        master_key(tmp_path)


@pytest.mark.parametrize("content", ["", "short", SETTING[:-1], SETTING + "0", "z" * 64])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(MasterKeyRefused):
        master_key(tmp_path)
    assert file.read_text() == content


def test_the_setting_is_used_instead_of_the_file_which_is_then_not_made(tmp_path: Path) -> None:
    assert master_key(tmp_path, SETTING) == bytes.fromhex(SETTING)
    assert list(tmp_path.iterdir()) == []


def test_a_refused_setting_is_named_but_never_shown(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyRefused) as refused:
        master_key(tmp_path, "secret words")
    assert "MAKEGOOD_MASTER_KEY" in str(refused.value)
    assert "secret words" not in str(refused.value)


def test_the_text_of_the_file_is_a_setting(tmp_path: Path) -> None:
    key = master_key(tmp_path)
    assert master_key(tmp_path, (tmp_path / FILE_NAME).read_text()) == key


def test_each_purpose_book_and_kind_has_a_key_of_its_own() -> None:
    master = bytes(32)
    keys = {
        derived_key(master, "lookup", "a", "email"),
        derived_key(master, "lookup", "a", "phone"),
        derived_key(master, "lookup", "b", "email"),
        derived_key(master, "request", "a"),
        derived_key(bytes([1]) * 32, "lookup", "a", "email"),
    }
    assert len(keys) == 5
