"""Rows of a projection in its table: loading groups, writing changes, and comparing with rows folded anew."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from ledger.projecting.tables import Column, columns_of, names_of
from ledger.record import arrays
from projections.projection import AnyProjection, Key, Row

_astuple = msgspec.structs.astuple
_encode_lines = msgspec.json.Encoder().encode_lines

MOST_KEYS_NAMED = 10
"""Differing keys that a comparison names."""


Found = Iterable[tuple[Any, ...]]
"""Rows as the database tells them."""


class Differences(msgspec.Struct, frozen=True):
    """How the live rows differed from the rows folded anew."""

    missing: int
    """Folded anew, but not in the table."""
    surplus: int
    """In the table, but not folded anew."""
    changed: int
    keys: tuple[Key, ...] = ()
    """The first of them."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus or self.changed)


class RowTable:
    """The rows of one book in one projection's table."""

    def __init__(self, book: str, projection: AnyProjection) -> None:
        self.book, self.projection = book, projection
        self.columns = columns_of(projection)
        self._make = projection.row
        self._width = len(projection.key)
        self._names = names_of(self.columns)
        self._table = sql.Identifier(projection.table)
        self._side = sql.Identifier(f"side_{projection.table}")
        self._rest = [column for column in self.columns if column.name not in projection.key]
        self._kinds = [arrays.COLUMN_OF[column.type] for column in self.columns]
        self._followed_by()

    # -- following: some groups
    # -------------------------------------------------------------------------------------
    # None of these statements leaves a join to the planner, which knows nothing yet of a table that fills: it
    # would read the whole book for every group.

    def ask(self, connection: psycopg.Connection, groups: Collection[Key]) -> Found:
        """Ask for the rows of those groups: in a pipeline, together with others; see `loaded`."""
        cursor = connection.cursor(binary=True)
        return cursor.execute(self._load, (*self._transposed(groups), self.book)) if groups else ()

    def loaded(self, found: Found) -> dict[Key, dict[Key, Row]]:
        """The rows asked for, by group and key; a group without rows is left out."""
        width = len(self.projection.group_key)
        loaded: dict[Key, dict[Key, Row]] = {}
        for values in found:
            loaded.setdefault(values[:width], {})[values[: self._width]] = self._make(*values)
        return loaded

    def insert(self, connection: psycopg.Connection, rows: Collection[Row]) -> None:
        """Write rows that are not there yet. Raises: psycopg.errors.UniqueViolation if one is."""
        if rows:
            connection.execute(self._insert, (self.book, *self._transposed(map(_astuple, rows))))

    def insert_many(self, connection: psycopg.Connection, rows: Collection[Row]) -> None:
        """The same, quicker for thousands; not in a pipeline."""
        with connection.cursor().copy(self._copy) as copy:
            copy.set_types(["text", *(column.type for column in self.columns)])
            for row in rows:
                copy.write_row((self.book, *_astuple(row)))

    def put(self, connection: psycopg.Connection, rows: Collection[Row]) -> None:
        """Write rows, whether they are there already or not."""
        if rows:
            connection.execute(self._put, (self.book, *self._transposed(map(_astuple, rows))))

    def remove(self, connection: psycopg.Connection, keys: Collection[Key]) -> None:
        """Delete the rows with those keys."""
        if keys:
            connection.execute(self._remove, (*self._transposed(keys), self.book))

    def _transposed(self, rows: Iterable[Sequence[Any]]) -> list[arrays.Column]:
        """Rows, or keys, as parameters; at least one."""
        return arrays.columns(rows, *self._kinds)

    def _followed_by(self) -> None:
        """Compose the statements above, once: following runs them many times a second."""
        grouped = self.columns[: len(self.projection.group_key)]
        keyed = self.columns[: self._width]
        self._load = (
            sql.SQL(
                "SELECT found.* FROM unnest({arrays}) AS asked ({asked}) CROSS JOIN LATERAL ("
                "SELECT {names} FROM {table} AS held WHERE held.book = %b AND {same} OFFSET 0) AS found"
            )
            .format(
                arrays=_arrays(grouped),
                asked=names_of(grouped),
                names=_of("held", self.columns),
                table=self._table,
                same=_equal("held", "asked", grouped),
            )
            .as_bytes()
        )
        self._copy = (
            sql.SQL("COPY {} (book, {}) FROM STDIN (FORMAT binary)")
            .format(self._table, self._names)
            .as_bytes()
        )
        self._insert = (
            sql.SQL("INSERT INTO {table} (book, {names}) SELECT %b, new.* FROM unnest({arrays}) AS new")
            .format(table=self._table, names=self._names, arrays=_arrays(self.columns))
            .as_bytes()
        )
        self._put = (
            sql.SQL(
                "INSERT INTO {table} (book, {names}) SELECT %b, new.* FROM unnest({arrays}) AS new"
                " ON CONFLICT (book, {key}) {update}"
            )
            .format(
                table=self._table,
                names=self._names,
                arrays=_arrays(self.columns),
                key=names_of(self.projection.key),
                update=self._update(),
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
                table=self._table,
                arrays=_arrays(keyed),
                names=names_of(keyed),
                same=_equal("held", "gone", keyed),
            )
            .as_bytes()
        )

    # -- rebuilding and verifying: all rows
    # -------------------------------------------------------------------------

    def create_side(self, connection: psycopg.Connection) -> None:
        """Make the side table, seen by this session alone, and empty."""
        columns = sql.SQL(", ").join(column.ddl for column in self.columns)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(self._side))
        connection.execute(sql.SQL("CREATE TEMP TABLE {} ({})").format(self._side, columns))

    def copy_to_side(self, connection: psycopg.Connection, rows: Iterable[Row]) -> None:
        """Add rows to the side table."""
        query = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(self._side)
        with connection.cursor().copy(query) as copy:
            copy.set_types([column.type for column in self.columns])
            write = copy.write_row
            for row in rows:
                write(_astuple(row))

    def replace_in_side(
        self, connection: psycopg.Connection, keys: Collection[Key], rows: Iterable[Row]
    ) -> None:
        """Put `rows` into the side table in place of the rows with those group keys."""
        keyed = self.columns[: len(self.projection.group_key)]
        query = sql.SQL(
            "DELETE FROM {side} AS held USING unnest({arrays}) AS gone ({names}) WHERE {same}"
        ).format(
            side=self._side, arrays=_arrays(keyed), names=names_of(keyed), same=_equal("held", "gone", keyed)
        )
        if keys:
            connection.execute(query, self._transposed(keys))
            self.copy_to_side(connection, rows)

    def differences(self, connection: psycopg.Connection) -> Differences:
        """Compare the live rows with the side table, without writing."""
        query = sql.SQL(
            "SELECT {keys}, held.book IS NULL, fresh.{first} IS NULL"
            " FROM {side} AS fresh FULL JOIN (SELECT * FROM {table} WHERE book = %s) AS held ON {same}"
            " WHERE held.book IS NULL OR fresh.{first} IS NULL OR ({held}) IS DISTINCT FROM ({fresh})"
        ).format(
            keys=sql.SQL(", ").join(
                sql.SQL("coalesce(fresh.{0}, held.{0})").format(sql.Identifier(name))
                for name in self.projection.key
            ),
            first=sql.Identifier(self.projection.key[0]),
            side=self._side,
            table=self._table,
            same=_equal("held", "fresh", self.columns[: self._width]),
            held=_of("held", self.columns),
            fresh=_of("fresh", self.columns),
        )
        missing = surplus = changed = 0
        keys: list[Key] = []
        # Row by row: where a table is empty, everything differs.
        for *key, is_missing, is_surplus in connection.cursor().stream(query, (self.book,)):
            missing, surplus = missing + is_missing, surplus + is_surplus
            changed += not (is_missing or is_surplus)
            if len(keys) < MOST_KEYS_NAMED:
                keys.append(tuple(key))
        return Differences(missing, surplus, changed, tuple(sorted(keys, key=repr)))

    def write_differences(self, connection: psycopg.Connection) -> Differences:
        """Make the live rows equal to the side table by two statements, and return what they changed."""
        keyed = self.columns[: self._width]
        connection.execute(sql.SQL("ANALYZE {}").format(self._side))
        deletion = sql.SQL(
            "DELETE FROM {table} AS held WHERE held.book = %s"
            " AND NOT EXISTS (SELECT FROM {side} AS fresh WHERE {same}) RETURNING {key}"
        ).format(
            table=self._table,
            side=self._side,
            same=_equal("held", "fresh", keyed),
            key=_of("held", keyed),
        )
        surplus, keys = 0, list[Key]()
        for key in connection.cursor().stream(deletion, (self.book,)):
            surplus += 1
            if len(keys) < MOST_KEYS_NAMED:
                keys.append(key)
        # Only rows that differ reach the INSERT: ON CONFLICT locks, and so rewrites, every row it meets.
        written = connection.execute(
            sql.SQL(
                "WITH different AS MATERIALIZED ("
                "SELECT {fresh}, held.book IS NULL AS is_missing FROM {side} AS fresh"
                " LEFT JOIN (SELECT * FROM {table} WHERE book = %s) AS held ON {same}"
                " WHERE held.book IS NULL OR ({held}) IS DISTINCT FROM ({fresh})"
                "), written AS (INSERT INTO {table} (book, {names}) SELECT %s, {names} FROM different"
                " ON CONFLICT (book, {key}) {update})"
                " SELECT count(*) FILTER (WHERE is_missing), count(*) FILTER (WHERE NOT is_missing)"
                " FROM different"
            ).format(
                table=self._table,
                names=self._names,
                side=self._side,
                same=_equal("held", "fresh", keyed),
                held=_of("held", self.columns),
                fresh=_of("fresh", self.columns),
                key=names_of(self.projection.key),
                update=self._update(),
            ),
            (self.book, self.book),
        ).fetchone()
        assert written is not None
        return Differences(written[0], surplus, written[1], tuple(keys))

    def _update(self) -> sql.Composable:
        if not self._rest:
            return sql.SQL("DO NOTHING")
        return sql.SQL("DO UPDATE SET ({}) = ROW ({})").format(
            names_of(self._rest), _of("excluded", self._rest)
        )


class Digest:
    """SHA-256 over rows as JSON lines in the order of their keys: the same on every machine."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.rows = 0

    def add(self, rows: list[Row]) -> None:
        """Take in more rows, in the order of their keys."""
        self._hash.update(_encode_lines([_astuple(row) for row in rows]))
        self.rows += len(rows)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _arrays(columns: Iterable[Column]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("%b::{}[]").format(sql.SQL(column.type)) for column in columns)


def _of(alias: str, columns: Iterable[Column]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, column.name) for column in columns)


def _equal(one: str, other: str, columns: Iterable[Column]) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(one, column.name), sql.Identifier(other, column.name))
        for column in columns
    )
