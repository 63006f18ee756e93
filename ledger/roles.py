"""The two roles of the record: one owns the tables, the other serves and can only add to the record.

The embedded server has both made for it. On a server of your own, its administrator makes them once, with
`SQL_FOR_YOUR_OWN_SERVER`; then MAKEGOOD_OWNER_DSN (for `makegood migrate`) and MAKEGOOD_DSN (for everything
else) connect as them.
"""

from typing import LiteralString

import psycopg
from psycopg import sql

SUPERUSER = "postgres"
OWNER = "makegood_owner"
APP = "makegood_app"
DATABASE = "makegood"

SQL_FOR_YOUR_OWN_SERVER = f"""\
-- Once, in psql, as an administrator of the server (PostgreSQL 17 or newer):
CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE ROLE {APP} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
\\password {OWNER}
\\password {APP}
CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'
    LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
-- Then:
--   MAKEGOOD_OWNER_DSN='host=… dbname={DATABASE} user={OWNER} password=…' makegood migrate
--   export MAKEGOOD_DSN='host=… dbname={DATABASE} user={APP} password=…'
"""


def provide(superuser_conninfo: str, database: str = DATABASE) -> None:
    """Make the two roles and the database where they are missing; call it again at will.

    Raises: psycopg.Error.
    """
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        for role in (OWNER, APP):
            if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                _create(connection, sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            making = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
            _create(connection, making.format(sql.Identifier(database), sql.Identifier(OWNER)))


def _exists(connection: psycopg.Connection, question: LiteralString, name: str) -> bool:
    return connection.execute(question, (name,)).fetchone() is not None


def _create(connection: psycopg.Connection, statement: sql.Composed) -> None:
    try:
        connection.execute(statement)
    except (psycopg.errors.DuplicateObject, psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return  # another process was quicker
