"""An answer: SQL over the rows `held`, whether these are the live rows or rows as of a moment.

What crosses groups (sums, running balances) or depends on today is not in the rows; it is written once, as
SQL beside the projection, and asked of both.
"""

from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec
from psycopg import sql

from ledger.projecting.conditions import Condition, Where
from ledger.projecting.tables import columns_of, names_of
from ledger.record import arrays
from projections.projection import AnyProjection, Key, Row

_astuple = msgspec.structs.astuple


class Query(msgspec.Struct, frozen=True):
    """A statement and its parameters, for any connection."""

    text: sql.Composed
    parameters: tuple[Any, ...]


Answer = LiteralString | sql.Composed
"""A statement over the rows `held`; it may have parameters of its own, to be appended."""


def of_live(book: str, projection: AnyProjection, answer: Answer, prefix: Key = ()) -> Query:
    """The answer over the live rows of a book whose key begins with `prefix`."""
    named = zip(projection.key, prefix, strict=False)
    return of_live_where(book, projection, [Where(name, "=", value) for name, value in named], answer)


def of_live_where(book: str, projection: AnyProjection, where: Sequence[Condition], answer: Answer) -> Query:
    """The answer over the live rows of a book that fulfil all conditions."""
    of_book = (Where("book", "=", book), *where)
    return of_table(projection, sql.Identifier(projection.table), of_book, answer)


def of_table(
    projection: AnyProjection, table: sql.Identifier, where: Sequence[Condition], answer: Answer
) -> Query:
    """The answer over the rows of a table, live or aside, that fulfil all conditions."""
    text = sql.SQL("WITH held AS NOT MATERIALIZED (SELECT {} FROM {} WHERE true{}) {}").format(
        names_of(columns_of(projection)), table, _also(where), _sql(answer)
    )
    return Query(text, tuple(_values(where)))


def of_rows(
    projection: AnyProjection, rows: Sequence[Row], where: Sequence[Condition], answer: Answer
) -> Query:
    """The same answer over rows folded as of a moment."""
    columns = columns_of(projection)
    listed = sql.SQL(", ").join(sql.SQL("%b::{}[]").format(sql.SQL(column.type)) for column in columns)
    text = sql.SQL("WITH held AS (SELECT * FROM unnest({}) AS folded ({}) WHERE true{}) {}").format(
        listed,
        names_of(columns),
        _also(where),
        _sql(answer),
    )
    kinds = [arrays.COLUMN_OF[column.type] for column in columns]
    return Query(text, (*arrays.columns(map(_astuple, rows), *kinds), *_values(where)))


def _also(where: Sequence[Condition]) -> sql.Composed:
    return sql.SQL("").join(sql.SQL(" AND ") + each.text() for each in where)


def _values(where: Sequence[Condition]) -> list[object]:
    return [value for each in where for value in each.values()]


def _sql(answer: Answer) -> sql.Composable:
    return answer if isinstance(answer, sql.Composed) else sql.SQL(answer)
