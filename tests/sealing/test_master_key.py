"""The master key is made once, survives, and is refused where others could read it."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from ledger.database import Database, prepared
from ledger.doctor import Outcome, examine
from ledger.embedded import EmbeddedServer
from ledger.sealing.master_key import FILE_NAME, MasterKeyRefused, derived_key, master_key
from ledger.settings import Settings

SETTING = "0123456789abcdef" * 4

Start = Callable[..., bytes]
"""What a start on an empty database does with a data folder, and perhaps the setting."""


@pytest.fixture(scope="module")
def empty(server: EmbeddedServer) -> Database:
    """A database without any book."""
    return prepared(server, f"empty_{os.getpid()}")


@pytest.fixture
def start(empty: Database) -> Start:
    return lambda folder, setting=None: master_key(folder, setting, empty.app_conninfo)


@pytest.fixture
def sealed(server: EmbeddedServer, book_name: str) -> Database:
    """A database with a book's key in it."""
    database = prepared(server, book_name)
    with psycopg.connect(database.app_conninfo) as connection:
        connection.execute("INSERT INTO subject_keys (book, subject, wrapped) VALUES ('a', 'book', 'x')")
    return database


def test_the_first_start_makes_a_key_that_only_its_owner_may_read(start: Start, tmp_path: Path) -> None:
    key = start(tmp_path)
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]  # no draft is left behind


def test_every_later_start_reads_the_same_key(start: Start, tmp_path: Path) -> None:
    assert start(tmp_path) == start(tmp_path)


def test_the_umask_neither_opens_nor_closes_the_file(start: Start, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        start(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


# Remove the check of the mode in `_private_text` → this fails.
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o666])
def test_a_file_that_others_may_touch_is_refused(start: Start, tmp_path: Path, mode: int) -> None:
    start(tmp_path)
    (tmp_path / FILE_NAME).chmod(mode)
    with pytest.raises(MasterKeyRefused, match="chmod 600"):
        start(tmp_path)


@pytest.mark.parametrize("content", ["", "short", SETTING[:-1], SETTING + "0", "z" * 64])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(
    start: Start, tmp_path: Path, content: str
) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(MasterKeyRefused):
        start(tmp_path)
    assert file.read_text() == content


def test_the_setting_is_used_instead_of_the_file_which_is_then_not_made(start: Start, tmp_path: Path) -> None:
    assert start(tmp_path, SETTING) == bytes.fromhex(SETTING)
    assert list(tmp_path.iterdir()) == []


def test_a_refused_setting_is_named_but_never_shown(start: Start, tmp_path: Path) -> None:
    with pytest.raises(MasterKeyRefused) as refused:
        start(tmp_path, "secret words")
    assert "MAKEGOOD_MASTER_KEY" in str(refused.value)
    assert "secret words" not in str(refused.value)


def test_the_text_of_the_file_is_a_setting(start: Start, tmp_path: Path) -> None:
    key = start(tmp_path)
    assert start(tmp_path, (tmp_path / FILE_NAME).read_text()) == key


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


# Make the file whenever there is none → this fails, and the names of every book are lost for good.
def test_a_lost_key_is_never_replaced_where_books_are_sealed(sealed: Database, tmp_path: Path) -> None:
    with pytest.raises(MasterKeyRefused, match="is missing, but the database holds books"):
        master_key(tmp_path, None, sealed.app_conninfo)
    assert list(tmp_path.iterdir()) == []
    assert master_key(tmp_path, SETTING, sealed.app_conninfo) == bytes.fromhex(SETTING)


def test_the_doctor_finds_a_lost_key_and_makes_none(
    sealed: Database, empty: Database, tmp_path: Path
) -> None:
    lost = examine(Settings(data=tmp_path, dsn=SecretStr(sealed.app_conninfo)))
    assert [it.check for it in lost if it.outcome is Outcome.FAIL] == ["master key"]
    new = examine(Settings(data=tmp_path, dsn=SecretStr(empty.app_conninfo)))
    assert [it.check for it in new if it.outcome is Outcome.FAIL] == []
    assert list(tmp_path.iterdir()) == []
