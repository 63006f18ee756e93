"""The database that the settings name, ready to be used."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from ledger.embedded import EmbeddedServer
from ledger.embedded.folder import make_data_folder
from ledger.gate import pass_gate
from ledger.migrate import MIGRATING, SchemaIsBehind, SchemaRefused, migrate, pending
from ledger.projecting.tables import create_tables, missing
from ledger.roles import APP, DATABASE, OWNER, provide
from ledger.settings import Settings
from projections.catalogue import PROJECTIONS


@dataclass(frozen=True, slots=True)
class Database:
    """How to reach the database, and the embedded server behind it if it is ours to keep alive."""

    app_conninfo: str
    owner_conninfo: str | None
    """None where only the role that serves is known."""
    embedded: EmbeddedServer | None


class TablesMissing(SchemaRefused):
    """The database lacks tables of this release's projections."""

    def __init__(self, tables: list[str]) -> None:
        super().__init__(f"The database lacks {', '.join(tables)}. Run: makegood migrate")
        self.tables = tables


@contextmanager
def open_database(settings: Settings) -> Generator[Database, None, None]:
    """The database, checked by the gate, its schema that of this release; the embedded server stops with it.

    The embedded database is made and migrated as needed. An external one is only looked at: it is migrated by
    `makegood migrate`, never by starting something. Blocks, for a second or so.
    Raises: ServerTrouble, SchemaRefused, GateRefused, psycopg.Error.
    """
    if settings.dsn is not None:
        yield _external(settings.dsn.get_secret_value(), settings)
        return
    with EmbeddedServer(settings.data) as server:
        yield prepared(server)


def prepared(server: EmbeddedServer, name: str = DATABASE) -> Database:
    """A database of the embedded server, with roles and schema.

    Raises: SchemaRefused, GateRefused, psycopg.Error.
    """
    provide(server.superuser_conninfo, name)
    database = Database(server.conninfo(APP, name), server.conninfo(OWNER, name), server)
    migrate(server.conninfo(OWNER, name))
    make_tables(server.conninfo(OWNER, name))
    pass_gate(database.app_conninfo)
    return database


def lacking_tables(conninfo: str) -> list[str]:
    """The tables of projections that `make_tables` would make; either role may ask. Raises: psycopg.Error."""
    with psycopg.connect(conninfo) as connection:
        return missing(connection, PROJECTIONS)


def make_tables(owner_conninfo: str) -> list[str]:
    """Make the tables of projections that are missing, and return their names; others who do so wait.

    Raises: ShapeChanged, psycopg.Error.
    """
    with psycopg.connect(owner_conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATING,))
        return create_tables(connection, PROJECTIONS)


def _external(app_conninfo: str, settings: Settings) -> Database:
    make_data_folder(settings.data)
    pass_gate(app_conninfo)
    if behind := pending(app_conninfo):
        raise SchemaIsBehind(behind)
    if lacking := lacking_tables(app_conninfo):
        raise TablesMissing(lacking)
    owner = settings.owner_dsn.get_secret_value() if settings.owner_dsn else None
    return Database(app_conninfo, owner, embedded=None)
