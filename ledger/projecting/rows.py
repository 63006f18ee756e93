"""Rows of a projection in its table: loading the groups that entries touch, and writing what changed.

None of these statements leaves a join to the planner, which knows nothing yet of a table that fills: it would
read the whole book for every group.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from ledger.projecting.tables import Column, columns_of, names_of
from ledger.record import arrays
from projections.projection import AnyProjection, Key, Row

_astuple = msgspec.structs.astuple

Found = Iterable[tuple[Any, ...]]
"""Rows as the database tells them."""


class RowTable:
    """The rows of one book in one projection's table."""

    def __init__(self, book: str, projection: AnyProjection) -> None:
        self.book, self.projection = book, projection
        self.columns = columns_of(projection)
        self._make = projection.row
        self.width = len(projection.key)
        """Columns of the key: the first ones."""
        self.names = names_of(self.columns)
        self.identifier = sql.Identifier(projection.table)
        self._rest = [column for column in self.columns if column.name not in projection.key]
        self._kinds = [arrays.COLUMN_OF[column.type] for column in self.columns]
        self._composed()

    def ask(self, connection: psycopg.Connection, groups: Collection[Key]) -> Found:
        """Ask for the rows of those groups: in a pipeline, together with others; see `loaded`."""
        cursor = connection.cursor(binary=True)
        return cursor.execute(self._load, (*self.transposed(groups), self.book)) if groups else ()

    def loaded(self, found: Found) -> dict[Key, dict[Key, Row]]:
        """The rows asked for, by group and key; a group without rows is left out."""
        width = len(self.projection.group_key)
        loaded: dict[Key, dict[Key, Row]] = {}
        for values in found:
            loaded.setdefault(values[:width], {})[values[: self.width]] = self._make(*values)
        return loaded

    def insert(self, connection: psycopg.Connection, rows: Collection[Row]) -> None:
        """Write rows that are not there yet. Raises: psycopg.errors.UniqueViolation if one is."""
        if rows:
            connection.execute(self._insert, (self.book, *self.transposed(map(_astuple, rows))))

    def insert_many(self, connection: psycopg.Connection, rows: Collection[Row]) -> None:
        """The same, quicker for thousands; not in a pipeline."""
        with connection.cursor().copy(self._copy) as copy:
            copy.set_types(["text", *(column.type for column in self.columns)])
            for row in rows:
                copy.write_row((self.book, *_astuple(row)))

    def put(self, connection: psycopg.Connection, rows: Collection[Row]) -> None:
        """Write rows, whether they are there already or not."""
        if rows:
            connection.execute(self._put, (self.book, *self.transposed(map(_astuple, rows))))

    def remove(self, connection: psycopg.Connection, keys: Collection[Key]) -> None:
        """Delete the rows with those keys."""
        if keys:
            connection.execute(self._remove, (*self.transposed(keys), self.book))

    def transposed(self, rows: Iterable[Sequence[Any]]) -> list[arrays.Column]:
        """Rows, or keys, as parameters; at least one."""
        return arrays.columns(rows, *self._kinds)

    def update(self) -> sql.Composable:
        """What becomes of a row that is there already, in SQL."""
        if not self._rest:
            return sql.SQL("DO NOTHING")
        return sql.SQL("DO UPDATE SET ({}) = ROW ({})").format(
            names_of(self._rest), columns_in("excluded", self._rest)
        )

    def _composed(self) -> None:
        """Compose the statements, once: following runs them many times a second."""
        grouped = self.columns[: len(self.projection.group_key)]
        keyed = self.columns[: self.width]
        self._load = (
            sql.SQL(
                "SELECT found.* FROM unnest({arrays}) AS asked ({asked}) CROSS JOIN LATERAL ("
                "SELECT {names} FROM {table} AS held WHERE held.book = %b AND {same} OFFSET 0) AS found"
            )
            .format(
                arrays=as_arrays(grouped),
                asked=names_of(grouped),
                names=columns_in("held", self.columns),
                table=self.identifier,
                same=all_equal("held", "asked", grouped),
            )
            .as_bytes()
        )
        self._copy = (
            sql.SQL("COPY {} (book, {}) FROM STDIN (FORMAT binary)")
            .format(self.identifier, self.names)
            .as_bytes()
        )
        self._insert = (
            sql.SQL("INSERT INTO {table} (book, {names}) SELECT %b, new.* FROM unnest({arrays}) AS new")
            .format(table=self.identifier, names=self.names, arrays=as_arrays(self.columns))
            .as_bytes()
        )
        self._put = (
            sql.SQL(
                "INSERT INTO {table} (book, {names}) SELECT %b, new.* FROM unnest({arrays}) AS new"
                " ON CONFLICT (book, {key}) {update}"
            )
            .format(
                table=self.identifier,
                names=self.names,
                arrays=as_arrays(self.columns),
                key=names_of(self.projection.key),
                update=self.update(),
            )
            .as_bytes()
        )
        self._remove = (
            sql.SQL(
                "DELETE FROM {table} WHERE ctid = ANY (ARRAY ("
                "SELECT found.ctid FROM unnest({arrays}) AS gone ({names}) CROSS JOIN LATERAL ("
                "SELECT held.ctid FROM {table} AS held WHERE held.book = %b AND {same} OFFSET 0) AS found))"
            )
            .format(
                table=self.identifier,
                arrays=as_arrays(keyed),
                names=names_of(keyed),
                same=all_equal("held", "gone", keyed),
            )
            .as_bytes()
        )


def as_arrays(columns: Iterable[Column]) -> sql.Composed:
    """Placeholders, an array for each column."""
    return sql.SQL(", ").join(sql.SQL("%b::{}[]").format(sql.SQL(column.type)) for column in columns)


def columns_in(alias: str, columns: Iterable[Column]) -> sql.Composed:
    """The columns of one of several tables."""
    return sql.SQL(", ").join(sql.Identifier(alias, column.name) for column in columns)


def all_equal(one: str, other: str, columns: Iterable[Column]) -> sql.Composed:
    """Whether the columns of two tables are equal."""
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(one, column.name), sql.Identifier(other, column.name))
        for column in columns
    )
