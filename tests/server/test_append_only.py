"""Entries are append-only in the database itself, for the role that serves and for the owner alike."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import InsufficientPrivilege

from ledger.database import Database

ENTRY = """
INSERT INTO entries (book, position, stream, version, type, schema_version, effective_at, recorded_at,
                     meta, data, hash)
VALUES (%s, 1, 'book', 1, 'book.opened', 1, 0, 0, '{}', '{}', decode(repeat('00', 32), 'hex'))
"""
CHANGES = [
    "UPDATE entries SET data = '{\"forged\":true}'",
    "DELETE FROM entries",
    "TRUNCATE entries",
    "MERGE INTO entries USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
    "INSERT INTO entries SELECT * FROM entries ON CONFLICT (book, position) DO UPDATE SET data = ''",
]


@pytest.fixture
def recorded(database: Database, book_name: str) -> str:
    """A book with one entry."""
    with psycopg.connect(database.app_conninfo) as connection:
        connection.execute(ENTRY, (book_name,))
    return book_name


def conninfo_of(database: Database, role: str) -> str:
    found = {"owner": database.owner_conninfo, "app": database.app_conninfo}[role]
    assert found is not None
    return found


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["owner", "app"])
def test_an_entry_cannot_be_changed_by(database: Database, recorded: str, role: str, change: str) -> None:
    with psycopg.connect(conninfo_of(database, role)) as connection:
        with pytest.raises(InsufficientPrivilege):
            connection.execute(change.encode())
        connection.rollback()
        kept = connection.execute("SELECT data FROM entries WHERE book = %s", (recorded,)).fetchall()
    assert kept == [("{}",)]


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_in_a_session_that_switches_ordinary_triggers_off(
    database: Database, recorded: str, change: str
) -> None:
    """ENABLE ALWAYS: what a restore or replication does to triggers does not reach this one."""
    assert database.embedded is not None
    name = conninfo_to_dict(database.app_conninfo)["dbname"]
    superuser = database.embedded.conninfo("postgres", str(name))
    with psycopg.connect(superuser, options="-c session_replication_role=replica") as connection:
        with pytest.raises(InsufficientPrivilege, match="append-only"):
            connection.execute(change.encode())
        connection.rollback()


@pytest.mark.parametrize("change", CHANGES)
def test_negative_control_without_the_trigger_the_owner_could(
    database: Database, recorded: str, change: str
) -> None:
    """So it is the trigger that stops the owner, and nothing else."""
    with psycopg.connect(conninfo_of(database, "owner")) as connection:
        connection.execute("ALTER TABLE entries DISABLE TRIGGER entries_are_append_only")
        connection.execute(change.encode())
        connection.rollback()


def test_of_the_record_only_what_makes_a_person_known_can_be_destroyed(database: Database) -> None:
    """Erasing a person needs it; the rest is kept for ever."""
    with psycopg.connect(database.app_conninfo) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
            "AND has_table_privilege(oid, 'DELETE')"
        ).fetchall()
    record = {"entries", "heads", "commands", "claims", "lookups", "subject_keys", "api_keys"}
    assert {name for (name,) in rows} & record == {"lookups", "subject_keys"}


def test_the_role_that_serves_can_end_an_api_key_and_not_give_it_to_somebody_else(
    database: Database, book_name: str
) -> None:
    with psycopg.connect(database.app_conninfo) as connection:
        connection.execute(
            "INSERT INTO api_keys VALUES (%s, decode(repeat('00', 32), 'hex'), 'key_1', 'per_ann', 1)",
            (book_name,),
        )
        connection.execute("UPDATE api_keys SET revoked_at = 2 WHERE book = %s", (book_name,))
        with pytest.raises(InsufficientPrivilege):
            connection.execute("UPDATE api_keys SET person = 'per_owner' WHERE book = %s", (book_name,))
