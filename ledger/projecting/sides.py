"""A projection folded anew, in a side table: filled, corrected, compared with the live rows, written there.

A side table is seen by its session alone and gone with it.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence

import msgspec
import psycopg
from psycopg import sql

from ledger.projecting.rows import RowTable, all_equal, as_arrays, columns_in
from ledger.projecting.tables import names_of
from projections.projection import Key, Row

_astuple = msgspec.structs.astuple

MOST_KEYS_NAMED = 10
"""Differing keys that a comparison names."""
MOST_INSERTED = 5_000
"""Rows of one statement."""


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


class Digest(msgspec.Struct, frozen=True):
    """Which rows were folded."""

    rows: int
    sha256: str
    """Of the rows in the order of their keys, as `COPY … TO STDOUT` writes them: the same on every machine,
    and psql with sha256sum tells it of the live rows too.
    """


class SideTable:
    """The rows of one book, folded anew, beside the projection's table."""

    def __init__(self, table: RowTable) -> None:
        self._table = table
        self.identifier = sql.Identifier(f"side_{table.projection.table}")
        self._grouped = table.columns[: len(table.projection.group_key)]
        self._is_indexed = False
        self.others_wait = False
        """Whether others wait for the session: then rows are added by statements, since no limit of the
        server's ends a COPY whose sender stands still.
        """

    def create(self, connection: psycopg.Connection) -> None:
        """Make it, empty."""
        columns = sql.SQL(", ").join(column.ddl for column in self._table.columns)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(self.identifier))
        connection.execute(sql.SQL("CREATE TEMP TABLE {} ({})").format(self.identifier, columns))

    def add(self, connection: psycopg.Connection, rows: Iterable[Row]) -> None:
        """Add rows."""
        if self.others_wait:
            self._insert(connection, list(rows))
            return
        query = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(self.identifier)
        with connection.cursor().copy(query) as copy:
            copy.set_types([column.type for column in self._table.columns])
            write = copy.write_row
            for row in rows:
                write(_astuple(row))

    def _insert(self, connection: psycopg.Connection, rows: Sequence[Row]) -> None:
        query = sql.SQL("INSERT INTO {} SELECT * FROM unnest({})").format(
            self.identifier, as_arrays(self._table.columns)
        )
        for start in range(0, len(rows), MOST_INSERTED):
            some = map(_astuple, rows[start : start + MOST_INSERTED])
            connection.execute(query, self._table.transposed(some))

    def load(self, connection: psycopg.Connection, groups: Collection[Key]) -> dict[Key, dict[Key, Row]]:
        """The rows of those groups, by group and key; a group without rows is left out."""
        self._index(connection)
        query = sql.SQL("SELECT {names} FROM ({found}) AS held").format(
            names=self._table.names, found=self._found(sql.SQL("held.*"))
        )
        found = connection.cursor(binary=True).execute(query, self._table.transposed(groups))
        return self._table.loaded(found)

    def remove(self, connection: psycopg.Connection, groups: Collection[Key]) -> None:
        """Delete the rows of those groups, where there are any."""
        if groups:
            self._index(connection)
            query = sql.SQL("DELETE FROM {side} WHERE ctid = ANY (ARRAY ({found}))").format(
                side=self.identifier, found=self._found(sql.SQL("held.ctid"))
            )
            connection.execute(query, self._table.transposed(groups))

    def _found(self, what: sql.Composable) -> sql.Composed:
        """What the groups asked for have there: one descent of the index each."""
        return sql.SQL(
            "SELECT found.* FROM unnest({arrays}) AS asked ({names}) CROSS JOIN LATERAL ("
            "SELECT {what} FROM {side} AS held WHERE {same} OFFSET 0) AS found"
        ).format(
            arrays=as_arrays(self._grouped),
            names=names_of(self._grouped),
            what=what,
            side=self.identifier,
            same=all_equal("held", "asked", self._grouped),
        )

    def _index(self, connection: psycopg.Connection) -> None:
        """Let groups be found from now on: most side tables are filled once and never looked into."""
        if not self._is_indexed:
            connection.execute(
                sql.SQL("CREATE INDEX ON {} ({})").format(self.identifier, names_of(self._grouped))
            )
            self.analyze(connection)
            self._is_indexed = True

    def analyze(self, connection: psycopg.Connection) -> None:
        """Have the planner know what is there: nobody else tells it of a side table."""
        connection.execute(sql.SQL("ANALYZE {}").format(self.identifier))

    def count(self, connection: psycopg.Connection) -> int:
        """How many rows there are."""
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(self.identifier)).fetchone()
        assert row is not None
        return row[0]

    def digest(self, connection: psycopg.Connection) -> Digest:
        """Which rows there are."""
        keyed = self._table.columns[: self._table.width]
        query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
            self._table.names,
            self.identifier,
            sql.SQL(", ").join(
                sql.SQL('{} COLLATE "C"' if column.type == "text" else "{}").format(
                    sql.Identifier(column.name)
                )
                for column in keyed
            ),
        )
        sha256, cursor = hashlib.sha256(), connection.cursor()
        with cursor.copy(query) as copy:
            for lines in copy:
                sha256.update(lines)
        return Digest(cursor.rowcount, sha256.hexdigest())

    def differences(self, connection: psycopg.Connection) -> Differences:
        """Compare the live rows with the side table, without writing."""
        query = sql.SQL(
            "SELECT {keys}, held.book IS NULL, fresh.{first} IS NULL"
            " FROM {side} AS fresh FULL JOIN (SELECT * FROM {table} WHERE book = %s) AS held ON {same}"
            " WHERE held.book IS NULL OR fresh.{first} IS NULL OR ({held}) IS DISTINCT FROM ({fresh})"
        ).format(
            keys=sql.SQL(", ").join(
                sql.SQL("coalesce(fresh.{0}, held.{0})").format(sql.Identifier(name))
                for name in self._table.projection.key
            ),
            first=sql.Identifier(self._table.projection.key[0]),
            side=self.identifier,
            table=self._table.identifier,
            same=all_equal("held", "fresh", self._table.columns[: self._table.width]),
            held=columns_in("held", self._table.columns),
            fresh=columns_in("fresh", self._table.columns),
        )
        missing = surplus = changed = 0
        keys: list[Key] = []
        # Row by row: where a table is empty, everything differs.
        for *key, is_missing, is_surplus in connection.cursor().stream(query, (self._table.book,)):
            missing, surplus = missing + is_missing, surplus + is_surplus
            changed += not (is_missing or is_surplus)
            if len(keys) < MOST_KEYS_NAMED:
                keys.append(tuple(key))
        return Differences(missing, surplus, changed, tuple(sorted(keys, key=repr)))

    def write_differences(self, connection: psycopg.Connection) -> Differences:
        """Make the live rows equal to the side table by two statements, and return what they changed."""
        keyed = self._table.columns[: self._table.width]
        self.analyze(connection)
        deleted = connection.execute(
            sql.SQL(
                "WITH gone AS (DELETE FROM {table} AS held WHERE held.book = %s"
                " AND NOT EXISTS (SELECT FROM {side} AS fresh WHERE {same}) RETURNING {key})"
                " SELECT count(*) OVER (), gone.* FROM gone LIMIT %s"
            ).format(
                table=self._table.identifier,
                side=self.identifier,
                same=all_equal("held", "fresh", keyed),
                key=columns_in("held", keyed),
            ),
            (self._table.book, MOST_KEYS_NAMED),
        ).fetchall()
        surplus = deleted[0][0] if deleted else 0
        # Only rows that differ reach the INSERT: ON CONFLICT locks, and so rewrites, every row it meets.
        written = connection.execute(
            sql.SQL(
                "WITH different AS MATERIALIZED ("
                "SELECT {fresh}, held.book IS NULL AS is_missing FROM {side} AS fresh"
                " LEFT JOIN (SELECT * FROM {table} WHERE book = %s) AS held ON {same}"
                " WHERE held.book IS NULL OR ({held}) IS DISTINCT FROM ({fresh})"
                "), written AS (INSERT INTO {table} (book, {names}) SELECT %s, {names} FROM different"
                " ON CONFLICT (book, {key}) {update})"
                " SELECT count(*) FILTER (WHERE is_missing), count(*) FILTER (WHERE NOT is_missing),"
                " (SELECT jsonb_agg(jsonb_build_array({key}))"
                " FROM (SELECT * FROM different LIMIT %s) AS first) FROM different"
            ).format(
                table=self._table.identifier,
                names=self._table.names,
                side=self.identifier,
                same=all_equal("held", "fresh", keyed),
                held=columns_in("held", self._table.columns),
                fresh=columns_in("fresh", self._table.columns),
                key=names_of(self._table.projection.key),
                update=self._table.update(),
            ),
            (self._table.book, self._table.book, MOST_KEYS_NAMED),
        ).fetchone()
        assert written is not None
        missing, changed, named = written
        keys: list[Key] = [*(key[1:] for key in deleted), *map(tuple, named or ())]
        return Differences(missing, surplus, changed, tuple(sorted(keys[:MOST_KEYS_NAMED], key=repr)))
