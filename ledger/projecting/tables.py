"""The tables of projections, derived from their rows; made by the owner role, never by a numbered migration.

    <name>_v<version>(book, <the row's fields>, primary key (book, <key>))

A new version is a new table beside the old one, which processes of the old release go on using. Tables whose
projection or version this release does not define are detached; they are named, and dropped only when
somebody asks. What a newer release made is not ours to detach: a version higher than ours, or a projection we
do not know that is of a later generation of the catalogue, as the table's comment says.
"""

from collections.abc import Iterable, Mapping
from typing import LiteralString

import msgspec
import psycopg
from msgspec import inspect
from psycopg import sql

from ledger.roles import APP
from projections.catalogue import GENERATION
from projections.projection import AnyProjection

MARK = "a projection of Makegood"
"""How the comment begins by which a table is known to be ours to detach; then the generation that made it."""

_GENERATION = ", generation "

MOST_OF_A_NAME = 63
"""Bytes the server keeps of a name."""

_TYPES: dict[type[inspect.Type], LiteralString] = {
    inspect.StrType: "text",
    inspect.LiteralType: "text",
    inspect.IntType: "bigint",
    inspect.BoolType: "boolean",
}


class ShapeChanged(Exception):
    """A row has other columns than its table: raise the projection's version."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"{table} exists with other columns; a changed row needs a new version of its projection"
        )
        self.table = table


class Column(msgspec.Struct, frozen=True):
    """One column of a projection's table."""

    name: str
    type: LiteralString
    nullable: bool

    @property
    def ddl(self) -> sql.Composed:
        form = "{} {}" if self.nullable else "{} {} NOT NULL"
        return sql.SQL(form).format(sql.Identifier(self.name), sql.SQL(self.type))


def columns_of(projection: AnyProjection) -> tuple[Column, ...]:
    """The columns of a row, in its order, without `book`.

    Raises: TypeError where a row cannot be a row of a table.
    """
    names = projection.row.__struct_fields__
    if (
        names[: len(projection.key)] != projection.key
        or projection.key[: len(projection.group_key)] != projection.group_key
    ):
        raise TypeError(f"{projection.name}: the row begins with its key, and the key with the group's")
    shape = inspect.type_info(projection.row)
    assert isinstance(shape, inspect.StructType)
    return tuple(_column(field) for field in shape.fields)


def create_tables(owner: psycopg.Connection, projections: Iterable[AnyProjection]) -> list[str]:
    """Make the tables that are missing and return their names. Raises: ShapeChanged, psycopg.Error."""
    made: list[str] = []
    for projection in projections:
        columns = columns_of(projection)
        found = _found_columns(owner, projection.table)
        if not found:
            _create(owner, projection, columns)
            made.append(projection.table)
        elif found != [("book", "text", False), *((it.name, it.type, it.nullable) for it in columns)]:
            raise ShapeChanged(projection.table)
        _create_indexes(owner, projection)
    return made


def missing(connection: psycopg.Connection, projections: Iterable[AnyProjection]) -> list[str]:
    """Tables that are not there, by name."""
    return [each.table for each in projections if not _found_columns(connection, each.table)]


def detached(connection: psycopg.Connection, projections: Iterable[AnyProjection]) -> list[str]:
    """Tables of projections that this release does not define, and of versions before its own, by name."""
    defined = {projection.name: projection.version for projection in projections}
    found = connection.execute(
        "SELECT relname, obj_description(oid, 'pg_class') FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        " AND starts_with(obj_description(oid, 'pg_class'), %s) ORDER BY relname",
        (MARK,),
    )
    return [table for table, comment in found.fetchall() if _is_left_behind(table, comment, defined)]


def _is_left_behind(table: str, comment: str, defined: Mapping[str, int]) -> bool:
    name, _, version = table.rpartition("_v")
    if name in defined:
        return int(version) < defined[name]
    _, _, generation = comment.partition(_GENERATION)
    return int(generation or 0) <= GENERATION


def drop_detached(owner: psycopg.Connection, projections: Iterable[AnyProjection]) -> list[str]:
    """Drop the detached tables with their cursors and parked groups, and return their names.

    Raises: psycopg.Error.
    """
    dropped = detached(owner, projections)
    for table in dropped:
        name, _, version = table.rpartition("_v")
        # The cursor first, as whoever still writes the rows does: otherwise each would wait for the other.
        owner.execute("DELETE FROM cursors WHERE projection = %s AND version = %s", (name, int(version)))
        owner.execute("DELETE FROM parked WHERE projection = %s AND version = %s", (name, int(version)))
        owner.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(table)))
    return dropped


def names_of(columns: Iterable[Column | str]) -> sql.Composed:
    """Column names, comma-separated."""
    return sql.SQL(", ").join(
        sql.Identifier(each if isinstance(each, str) else each.name) for each in columns
    )


def _column(field: inspect.Field) -> Column:
    kind = _bare(field.type)
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    plain = [_bare(option) for option in options if not isinstance(option, inspect.NoneType)]
    if len(plain) != 1 or type(plain[0]) not in _TYPES:
        raise TypeError(f"{field.name}: a column holds a text, a whole number or a truth value, or null")
    return Column(field.name, _TYPES[type(plain[0])], nullable=len(options) > 1)


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _found_columns(connection: psycopg.Connection, table: str) -> list[tuple[str, str, bool]]:
    """Name, type, and whether it may be null, in the table's order."""
    return connection.execute(
        "SELECT attname, format_type(atttypid, NULL), NOT attnotnull FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (table,),
    ).fetchall()


def _create(owner: psycopg.Connection, projection: AnyProjection, columns: tuple[Column, ...]) -> None:
    table = sql.Identifier(projection.table)
    owner.execute(
        sql.SQL("CREATE TABLE {} (book text NOT NULL, {}, PRIMARY KEY (book, {}))").format(
            table, sql.SQL(", ").join(column.ddl for column in columns), names_of(projection.key)
        )
    )
    owner.execute(
        sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(f"{MARK}{_GENERATION}{GENERATION}"))
    )
    owner.execute(
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(table, sql.Identifier(APP))
    )


def _create_indexes(owner: psycopg.Connection, projection: AnyProjection) -> None:
    """Make those that are missing: an index changes no row, and so needs no new version."""
    for index in projection.indexes:
        name = f"{projection.table}_by_{'_'.join(index)}"
        if len(name) > MOST_OF_A_NAME:
            raise TypeError(f"{projection.name}: an index cannot be called {name}")
        owner.execute(
            sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} (book, {})").format(
                sql.Identifier(name), sql.Identifier(projection.table), names_of(index)
            )
        )
