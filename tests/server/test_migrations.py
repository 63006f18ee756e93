"""The schema is made of numbered steps that never change, and a database is never taken back."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from ledger.embedded import EmbeddedServer
from ledger.migrate import (
    Migration,
    MigrationChanged,
    SchemaIsNewer,
    known_migrations,
    migrate,
    pending,
)
from ledger.roles import APP, OWNER, provide


@pytest.fixture
def empty(server: EmbeddedServer, book_name: str) -> str:
    """The name of an empty database."""
    provide(server.superuser_conninfo, book_name)
    return book_name


@pytest.fixture
def owner(server: EmbeddedServer, empty: str) -> str:
    return server.conninfo(OWNER, empty)


@pytest.fixture
def app(server: EmbeddedServer, empty: str) -> str:
    return server.conninfo(APP, empty)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two steps of our own."""
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (a int);")
    (tmp_path / "0002_second.sql").write_text("CREATE TABLE second (b int); INSERT INTO second VALUES (1);")
    return tmp_path


def tables(conninfo: str) -> set[str]:
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}


def numbers(steps: list[Migration]) -> list[int]:
    return [step.number for step in steps]


def test_what_is_missing_is_applied_in_order_and_once(owner: str, app: str, folder: Path) -> None:
    assert numbers(pending(owner, folder)) == [1, 2]
    assert numbers(migrate(owner, folder)) == [1, 2]
    assert pending(owner, folder) == pending(app, folder) == []
    assert migrate(owner, folder) == []
    assert tables(owner) == {"first", "second", "migrations"}


def test_looking_changes_nothing(owner: str, folder: Path) -> None:
    pending(owner, folder)
    assert tables(owner) == set()


def test_a_later_step_is_applied_to_an_older_database(owner: str, folder: Path) -> None:
    migrate(owner, folder)
    (folder / "0003_third.sql").write_text("ALTER TABLE first ADD COLUMN c int;")
    assert numbers(migrate(owner, folder)) == [3]


def test_a_step_is_recorded_with_the_checksum_of_its_text(owner: str, folder: Path) -> None:
    migrate(owner, folder)
    with psycopg.connect(owner) as connection:
        rows = connection.execute("SELECT number, name, sha256 FROM migrations ORDER BY number").fetchall()
    text = (folder / "0001_first.sql").read_bytes()
    assert rows[0] == (1, "first", hashlib.sha256(text).hexdigest())


def test_a_step_changed_afterwards_is_refused(owner: str, folder: Path) -> None:
    # Negative control: without comparing checksums, `migrate` answers [] and the change is never made.
    migrate(owner, folder)
    (folder / "0001_first.sql").write_text("CREATE TABLE first (a bigint);")
    for ask in (pending, migrate):
        with pytest.raises(MigrationChanged, match="0001_first"):
            ask(owner, folder)


def test_a_database_of_a_newer_release_is_refused(owner: str, app: str, folder: Path) -> None:
    migrate(owner, folder)
    (folder / "0002_second.sql").unlink()
    for ask, conninfo in ((pending, owner), (pending, app), (migrate, owner)):
        with pytest.raises(SchemaIsNewer) as refused:
            ask(conninfo, folder)
        assert (refused.value.found, refused.value.known) == (2, 1)


def test_a_step_that_fails_leaves_nothing_of_any_step(owner: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text("CREATE TABLE second (b int); SELECT 1 / 0;")
    with pytest.raises(errors.DivisionByZero):
        migrate(owner, folder)
    assert tables(owner) == set()


def test_processes_that_migrate_at_once_apply_each_step_once(owner: str, folder: Path) -> None:
    # Negative control: without the lock, both find both steps missing and one fails with DuplicateTable.
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(lambda _: numbers(migrate(owner, folder)), range(4)))
    assert sorted(applied) == [[], [], [], [1, 2]]


def test_the_role_that_serves_cannot_migrate(app: str, folder: Path) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        migrate(app, folder)


@pytest.mark.parametrize("names", [["0002_late.sql"], ["0001_a.sql", "0001_b.sql"], ["first.sql"]])
def test_files_with_a_gap_a_double_or_no_number_are_not_accepted(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match="next number"):
        known_migrations(tmp_path)


def test_the_migrations_of_this_release_make_the_record(owner: str, app: str) -> None:
    assert migrate(owner) == known_migrations()
    with psycopg.connect(app) as connection:
        for table in sorted(tables(owner)):
            connection.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(table)))
    assert {"entries", "heads", "claims", "commands", "lookups", "subject_keys"} <= tables(owner)
