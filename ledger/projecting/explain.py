"""Any figure → the entries that made it, each with what it added; the deltas sum exactly to the figure."""

from collections.abc import Iterable
from typing import cast

import msgspec
import psycopg
from msgspec import inspect
from psycopg import sql

from domain.entry import Entry
from domain.moments import Moment
from domain.stored_types import TYPE_NAMES
from ledger.projecting.as_of import AsOf, counts, is_late, position_at, read
from ledger.projecting.entries import connect
from projections.folding import POISON
from projections.projection import AnyProjection, Key, LinesPerEntry, Row

LONGEST_NUMBER = 18
"""Digits of a whole number in a key: positions and line numbers have fewer."""


class NotAFigure(LookupError):
    """The projection has no column of whole numbers by that name."""


class NotAKey(ValueError):
    """No key of the projection begins so; says how one does."""


class Delta(msgspec.Struct, frozen=True):
    """What one entry added to a figure."""

    position: int
    stream: str
    type: str
    effective_at: Moment
    delta: int
    is_late: bool = False
    """Whether it took effect by the moment asked about and was recorded only later. Of `Effective` alone."""


class Explanation(msgspec.Struct, frozen=True):
    """A figure, and the entries that made it in the order of the book."""

    projection: str
    key: Key
    column: str
    figure: int
    """The sum of the column over the rows whose key begins with `key`, and of the deltas."""
    deltas: tuple[Delta, ...]
    position: int
    """Up to which entries were read."""
    parked: tuple[int, ...] = ()
    """Poison entries: they and what came after them in their groups are left out, as in the live rows."""

    is_known: bool = True
    """Whether there is, or was, a row whose key begins so."""
    currencies: frozenset[str] = frozenset()
    """Those of the rows, where the figure is an amount and its rows say in which they are."""

    @property
    def late(self) -> list[int]:
        """Positions of the deltas that were recorded late."""
        return [each.position for each in self.deltas if each.is_late]


def explain(
    conninfo: str, book: str, projection: AnyProjection, key: Key, column: str, at: AsOf | None = None
) -> Explanation:
    """Explain the sum of a column over the rows whose key begins with `key`, as of now or of a moment.

    A row may be named by its own id alone, once the live rows, and so the lists, show it.

    Raises: NotAFigure, UnknownBook, Undecodable, psycopg.Error.
    """
    if column not in figures_of(projection):
        raise NotAFigure(column)
    with connect(conninfo) as reader:
        until = position_at(reader, book, at)
        key = _begun(reader, book, projection, key)
        entries = (entry for entry in read(reader, book, projection, until, key) if counts(entry, at))
        deltas, parked, said = _deltas(projection, key, column, entries, at)
    figure = sum(each.delta for each in deltas)
    currencies = said - {""} if _is_amount(projection, column) else frozenset[str]()
    return Explanation(projection.name, key, column, figure, deltas, until, parked, bool(said), currencies)


def _begun(reader: psycopg.Connection, book: str, projection: AnyProjection, key: Key) -> Key:
    """The beginning of the key of which only a row's own id was said; else as it was said."""
    if len(key) != 1 or projection.own_id is None:
        return key
    width = projection.key.index(projection.own_id) + 1
    query = sql.SQL("SELECT DISTINCT {} FROM {} WHERE book = %s AND {} = %s").format(
        sql.SQL(", ").join(map(sql.Identifier, projection.key[:width])),
        sql.Identifier(projection.table),
        sql.Identifier(projection.own_id),
    )
    found = reader.execute(query, (book, *key)).fetchall()
    return tuple(found[0]) if len(found) == 1 else key


def key_in(projection: AnyProjection, text: str) -> Key:
    """The beginning of a key, written with commas: `cus_…,EUR`. Raises: NotAKey."""
    parts = text.split(",")
    if len(parts) > len(projection.key):
        raise NotAKey(key_told(projection))
    key: list[str | int] = []
    for part, field in zip(parts, _fields(projection), strict=False):
        kind = field.type.type if isinstance(field.type, inspect.Metadata) else field.type
        is_number = isinstance(kind, inspect.IntType)
        if is_number and not (part.isdecimal() and len(part) <= LONGEST_NUMBER):
            raise NotAKey(f"{field.name} is a whole number")
        key.append(int(part) if is_number else part)
    return tuple(key)


def key_told(projection: AnyProjection) -> str:
    """How a key is written, for whoever wrote it otherwise."""
    told = f"The key of {projection.name} is {','.join(projection.key)}, or its beginning"
    return told if projection.own_id is None else f"{told}, or {projection.own_id} alone"


def figures_of(projection: AnyProjection) -> tuple[str, ...]:
    """The columns that can be explained: whole numbers beside the key, no moments or positions."""
    return tuple(
        field.name
        for field in _fields(projection)
        if field.name not in projection.key and _is_figure(field.type)
    )


def _fields(projection: AnyProjection) -> tuple[inspect.Field, ...]:
    shape = inspect.type_info(projection.row)
    assert isinstance(shape, inspect.StructType)
    return shape.fields


def _is_figure(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.Metadata):
        return _is_figure(kind.type) and _mark(kind) not in ("moment", "position")
    return isinstance(kind, inspect.IntType)


def _is_amount(projection: AnyProjection, column: str) -> bool:
    (kind,) = [field.type for field in _fields(projection) if field.name == column]
    return isinstance(kind, inspect.Metadata) and _mark(kind) == "money"


def _mark(kind: inspect.Metadata) -> object:
    extra = cast("dict[str, object]", kind.extra or {})  # pyright: ignore[reportUnknownMemberType]
    return extra.get("mark")


def _deltas(
    projection: AnyProjection, key: Key, column: str, entries: Iterable[Entry], at: AsOf | None
) -> tuple[tuple[Delta, ...], tuple[int, ...], frozenset[str]]:
    """The deltas, what stands still, and what currency each row there is or was says; empty where none."""
    groups: dict[Key, dict[Key, Row]] = {}
    parked: dict[Key, int] = {}
    common = min(len(key), len(projection.group_key))
    grouped = not isinstance(projection, LinesPerEntry)
    deltas: list[Delta] = []
    said: set[str] = set()
    for entry in entries:
        group: Key | None = (entry.position,)
        try:
            group = projection.group(entry.event, entry)
            if group is None or group in parked or (grouped and group[:common] != key[:common]):
                continue
            before = groups.get(group, {})
            after = {each: row.__copy__() for each, row in before.items()}
            projection.fold(after, group, entry.event, entry)
        except POISON:
            parked[group or (entry.position,)] = entry.position
            continue
        if grouped:
            groups[group] = after
        said |= {getattr(row, "currency", "") for each, row in after.items() if each[: len(key)] == key}
        delta = _sum(after, key, column) - _sum(before, key, column)
        if delta:
            name = TYPE_NAMES[type(entry.event)]
            deltas.append(
                Delta(entry.position, entry.stream, name, entry.effective_at, delta, is_late(entry, at))
            )
    return tuple(deltas), tuple(parked.values()), frozenset(said)


def _sum(rows: dict[Key, Row], key: Key, column: str) -> int:
    return sum(getattr(row, column) for each, row in rows.items() if each[: len(key)] == key)
