"""An answer: SQL over the rows `held`, whether these are the live rows or rows as of a moment.

What crosses groups (sums, running balances) or depends on today is not in the rows; it is written once, as
SQL beside the projection, and asked of both.
"""

from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec
from psycopg import sql

from ledger.projecting.tables import columns_of, names_of
from projections.projection import AnyProjection, Key, Row

_astuple = msgspec.structs.astuple


class Query(msgspec.Struct, frozen=True):
    """A statement and its parameters, for any connection."""

    text: sql.Composed
    parameters: tuple[Any, ...]


def of_live(book: str, projection: AnyProjection, answer: LiteralString, prefix: Key = ()) -> Query:
    """The answer over the live rows of a book whose key begins with `prefix`.

    `answer` may have parameters of its own; append them.
    """
    text = sql.SQL("WITH held AS NOT MATERIALIZED (SELECT {} FROM {} WHERE book = %s{}) {}").format(
        names_of(columns_of(projection)),
        sql.Identifier(projection.table),
        sql.SQL("").join(
            sql.SQL(" AND {} = %s").format(sql.Identifier(name)) for name in projection.key[: len(prefix)]
        ),
        sql.SQL(answer),
    )
    return Query(text, (book, *prefix))


def of_rows(projection: AnyProjection, rows: Sequence[Row], answer: LiteralString) -> Query:
    """The same answer over rows folded as of a moment; `answer` may have parameters of its own."""
    columns = columns_of(projection)
    arrays = sql.SQL(", ").join(sql.SQL("%s::{}[]").format(sql.SQL(column.type)) for column in columns)
    text = sql.SQL("WITH held ({}) AS (SELECT * FROM unnest({})) {}").format(
        names_of(columns), arrays, sql.SQL(answer)
    )
    by_column = zip(*(_astuple(row) for row in rows), strict=True) if rows else [()] * len(columns)
    return Query(text, tuple(list(values) for values in by_column))
