"""Lists over rows: conditions, order, pages by cursor; of live rows and of rows as of a moment alike."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, LiteralString, get_args

import msgspec
from psycopg import sql

from ledger.projecting.answers import Query, of_live_where, of_rows, of_table
from ledger.projecting.conditions import Condition, Where
from ledger.projecting.tables import names_of
from projections.folding import Parked
from projections.projection import AnyProjection, LinesPerEntry, Row

Last = tuple[Any, ...]
"""Where a page ended: the value it is sorted by and the key of its last item."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A list that the rows of a projection answer."""

    projection: AnyProjection
    item: type[msgspec.Struct]
    """What an item shows: its fields are the columns of `answer`, in that order."""
    answer: LiteralString
    """SQL over the rows `held`."""
    key: tuple[str, ...]
    """Fields that name an item among all."""
    summed_by: tuple[str, ...] = ()
    """Fields of an answer that sums which are columns of its rows: a page sorted by one reads none before it.
    """
    group: tuple[str, ...] = ()
    """Fields that hold the first columns of the group an item is of; none where it is of many."""

    def stands_still_at(self, item: Any, parked: Sequence[Parked]) -> int | None:
        """The poison entry because of which the item is incomplete; None if it is whole."""
        return min((each.position for each in parked if self._touches(each, item)), default=None)

    def _touches(self, parked: Parked, item: Any) -> bool:
        if self.group and not parked.names_no_group:
            held = tuple(getattr(item, name) for name in self.group)
            return parked.group[: len(held)] == held
        # A list lacks the lines of the entry alone, and of some entries the group cannot even be told: what
        # comes later of the same customer may be wrong, and so may whatever sums over all customers.
        later = getattr(item, "position", parked.position) >= parked.position
        return later and getattr(item, "customer", parked.customer) == parked.customer


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which items of a list, in which order."""

    sort: str
    limit: int
    """Items at most."""
    descending: bool = False
    held: tuple[Condition, ...] = ()
    """On the rows, before anything is summed."""
    where: tuple[Condition, ...] = ()
    """On the items."""
    after: Last | None = None
    said: tuple[object, ...] = ()
    """What stands for the placeholders of the answer, as the day it is asked for."""


def sort_columns(listing: Listing, asked: Asked) -> tuple[str, ...]:
    """The columns a list is sorted by; they name an item, so that pages neither overlap nor leave gaps."""
    return (asked.sort, *(name for name in listing.key if name != asked.sort))


def held_from(listing: Listing, asked: Asked) -> tuple[Where, ...]:
    """On the rows: that they are none that only items before the page sum. Without it a later page of an
    answer that sums would sum all that came before it once more.
    """
    if asked.sort not in listing.summed_by or not asked.after or asked.after[0] is None:
        return ()
    return (Where(asked.sort, "<=" if asked.descending else ">=", asked.after[0]),)


def last_of(listing: Listing, asked: Asked, item: Any) -> Last:
    """Where a page ends with that item."""
    return tuple(getattr(item, name) for name in sort_columns(listing, asked))


def over_live(book: str, listing: Listing, asked: Asked) -> Query:
    """The items over the live rows, each after (position of the rows, number of parked groups).

    One statement, so one moment. Where there is no item, one row with nulls; position null: not built.
    """
    projection = listing.projection
    identity = (book, projection.name, projection.version)
    columns, order = sort_columns(listing, asked), _order(listing, asked, "page")
    text = sql.SQL(
        ", page AS ({page}) SELECT"
        " (SELECT position FROM cursors WHERE book = %s AND projection = %s AND version = %s),"
        " (SELECT count(*) FROM parked WHERE book = %s AND projection = %s AND version = %s), page.*"
        " FROM (SELECT) AS once LEFT JOIN page ON true ORDER BY {order}"
    ).format(page=_page(listing, asked, columns), order=order)
    live = of_live_where(book, projection, asked.held, text)
    return Query(live.text, (*live.parameters, *_values(asked), *identity, *identity))


def over_rows(listing: Listing, rows: Sequence[Row], asked: Asked) -> Query:
    """The same items over rows folded as of a moment."""
    query = of_rows(listing.projection, rows, asked.held, _whole_page(listing, asked))
    return Query(query.text, (*query.parameters, *_values(asked)))


def over_table(listing: Listing, table: sql.Identifier, asked: Asked) -> Query:
    """The same items over rows that were folded into a side table."""
    query = of_table(listing.projection, table, asked.held, _whole_page(listing, asked))
    return Query(query.text, (*query.parameters, *_values(asked)))


def knows_its_past(projection: AnyProjection) -> bool:
    """Whether rows of an earlier moment are among the live ones: lines that are only added and say when."""
    return isinstance(projection, LinesPerEntry) and {"position", "effective_at", "recorded_at"} <= set(
        projection.row.__struct_fields__
    )


def _whole_page(listing: Listing, asked: Asked) -> sql.Composed:
    return _page(listing, asked, sort_columns(listing, asked))


def _page(listing: Listing, asked: Asked, columns: tuple[str, ...]) -> sql.Composed:
    conditions = [each.text() for each in asked.where]
    if asked.after is not None:
        conditions.append(_beyond(listing, columns, asked.after, descending=asked.descending))
    return sql.SQL("SELECT {fields} FROM ({answer}) AS answered {where} ORDER BY {order} LIMIT %s").format(
        fields=names_of(listing.item.__struct_fields__),
        answer=sql.SQL(listing.answer),
        where=sql.SQL("WHERE {}").format(sql.SQL(" AND ").join(conditions)) if conditions else sql.SQL(""),
        order=_order(listing, asked, "answered"),
    )


def _beyond(listing: Listing, columns: tuple[str, ...], after: Last, *, descending: bool) -> sql.Composed:
    """What comes after a page's last item. Items without a value are the last, descending the first, as in
    PostgreSQL's own order; compared like any other, they would be in no page.
    """
    types = {field.name: field.type for field in msgspec.structs.fields(listing.item)}
    may_lack = type(None) in get_args(types[columns[0]])
    named = columns if after[0] is not None else columns[1:]
    compared = sql.SQL("({}) < ({})" if descending else "({}) > ({})").format(
        names_of(named), sql.SQL(", ").join([sql.SQL("%s")] * len(named))
    )
    match descending, after[0]:
        case True, None:
            joined = sql.SQL("({without} IS NOT NULL OR {compared})")
        case False, None:
            joined = sql.SQL("({without} IS NULL AND {compared})")
        case False, _ if may_lack:  # else an index would be of no use
            joined = sql.SQL("({without} IS NULL OR {compared})")
        case _:
            joined = sql.SQL("{compared}")
    return joined.format(without=sql.Identifier(columns[0]), compared=compared)


def _order(listing: Listing, asked: Asked, of: str) -> sql.Composed:
    form = sql.SQL("{} DESC" if asked.descending else "{}")
    return sql.SQL(", ").join(form.format(sql.Identifier(of, name)) for name in sort_columns(listing, asked))


def _values(asked: Asked) -> tuple[object, ...]:
    conditions = [value for each in asked.where for value in each.values()]
    # A sum may be more than a parameter of type bigint takes.
    after = [
        Decimal(each) if isinstance(each, int) and each.bit_length() > 63 else each
        for each in asked.after or ()
    ]
    return (*asked.said, *conditions, *(after[1:] if after and after[0] is None else after), asked.limit)
