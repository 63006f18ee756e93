"""The schema, as numbered SQL files that are applied once, in order, and never change afterwards.

`ledger/migrations/NNNN_name.sql`; the table `migrations` says what was applied, with the text's checksum.
Run by the owner role. What is missing is applied in one transaction: a failure leaves nothing behind.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ledger.roles import APP

FOLDER = Path(__file__).parent / "migrations"

_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
MIGRATING = 0x6D616B65676F6F64  # "makegood"; held for a migration only, never by an append
_TABLE = f"""
CREATE TABLE IF NOT EXISTS migrations (
    number     int         PRIMARY KEY,
    name       text        NOT NULL,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON migrations TO {APP};
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    text: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text).hexdigest()


class SchemaRefused(Exception):
    """The schema of the database is not one this release can work with."""


class SchemaIsNewer(SchemaRefused):
    """A newer release of Makegood has migrated this database."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"The database has migration {found}, this release knows {known}: use the newer release."
        )
        self.found, self.known = found, known


class MigrationChanged(SchemaRefused):
    """The text of a migration is not the one that was applied."""

    def __init__(self, migration: Migration) -> None:
        super().__init__(
            f"Migration {migration.number:04}_{migration.name} was changed after it was applied here. "
            "Restore its text; put the change into a new migration."
        )
        self.migration = migration


class SchemaIsBehind(SchemaRefused):
    """The database lacks migrations of this release."""

    def __init__(self, missing: list[Migration]) -> None:
        names = ", ".join(f"{migration.number:04}_{migration.name}" for migration in missing)
        super().__init__(f"The database lacks {names}. Run: makegood migrate")
        self.missing = missing


def known_migrations(folder: Path = FOLDER) -> list[Migration]:
    """The migrations of this release, numbered 1, 2, 3, … Raises: ValueError if the files are not."""
    found: list[Migration] = []
    for file in sorted(folder.glob("*.sql")):
        named = _FILE_NAME.fullmatch(file.name)
        if named is None or int(named[1]) != len(found) + 1:
            raise ValueError(f"{file.name} is not named NNNN_name.sql with the next number")
        found.append(Migration(int(named[1]), named[2], file.read_bytes()))
    return found


def pending(conninfo: str, folder: Path = FOLDER) -> list[Migration]:
    """What `migrate` would apply; either role may ask.

    Raises: SchemaIsNewer, MigrationChanged, psycopg.Error.
    """
    with psycopg.connect(conninfo) as connection:
        return _missing(connection, known_migrations(folder))


def migrate(owner_conninfo: str, folder: Path = FOLDER) -> list[Migration]:
    """Apply what is missing and return it; other processes that migrate wait.

    Raises: SchemaIsNewer, MigrationChanged, psycopg.Error.
    """
    known = known_migrations(folder)
    with psycopg.connect(owner_conninfo) as connection:
        if not _missing(connection, known):
            return []
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATING,))
        connection.execute(_TABLE.encode())
        missing = _missing(connection, known)
        for migration in missing:
            connection.execute(migration.text)
            connection.execute(
                "INSERT INTO migrations (number, name, sha256) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.sha256),
            )
        return missing


def _missing(connection: psycopg.Connection, known: list[Migration]) -> list[Migration]:
    if connection.execute("SELECT to_regclass('migrations') IS NULL").fetchone() == (True,):
        return known
    applied: dict[int, str] = dict(connection.execute("SELECT number, sha256 FROM migrations").fetchall())
    if (found := max(applied, default=0)) > len(known):
        raise SchemaIsNewer(found, len(known))
    for migration in known:
        if applied.get(migration.number, migration.sha256) != migration.sha256:
            raise MigrationChanged(migration)
    return [migration for migration in known if migration.number not in applied]
