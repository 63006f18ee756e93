"""Columns as parameters: an array of PostgreSQL in one buffer, made by a few passes in C.

psycopg's own way looks at every item in Python. An empty list has no type there either, so that each
combination of empty columns would be another statement to prepare.
"""

from collections.abc import Iterable, Mapping, Sequence
from struct import Struct, calcsize, pack
from typing import Any

from psycopg import BaseConnection
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = Struct("!3I")
"""Dimensions, whether there are nulls, type of the items."""
_DIMENSION = Struct("!2I")
"""Items, index of the first."""
_LENGTH = Struct("!I").pack
_NULL = b"\xff\xff\xff\xff"

_BOOLEAN, _BYTEA, _BIGINT, _INT, _TEXT = 16, 17, 20, 23, 25


class Texts(list[str | None]):
    """A column of `text[]`."""


class Byteas(list[bytes | None]):
    """A column of `bytea[]`."""


class Bigints(list[int | None]):
    """A column of `bigint[]`."""


class Ints(list[int | None]):
    """A column of `int[]`."""


class Booleans(list[bool | None]):
    """A column of `boolean[]`."""


Column = Texts | Byteas | Bigints | Ints | Booleans

COLUMN_OF: Mapping[str, type[Column]] = {
    "text": Texts,
    "bytea": Byteas,
    "bigint": Bigints,
    "int": Ints,
    "boolean": Booleans,
}
"""By the type of an item."""


def columns(rows: Iterable[Sequence[object]], *kinds: type[Column]) -> list[Column]:
    """The rows, one column of each kind after the other."""
    transposed = zip(*rows, strict=True)
    return [kind(column) for kind, column in zip(kinds, transposed, strict=False)] or [
        kind() for kind in kinds
    ]


class _TextsDumper(Dumper):
    format, oid = Format.BINARY, 1009

    def dump(self, obj: Texts) -> bytes:
        return _array(_TEXT, [None if text is None else text.encode() for text in obj])


class _ByteasDumper(Dumper):
    format, oid = Format.BINARY, 1001

    def dump(self, obj: Byteas) -> bytes:
        return _array(_BYTEA, obj)


class _BigintsDumper(Dumper):
    format, oid = Format.BINARY, 1016

    def dump(self, obj: Bigints) -> bytes:
        return _numbers(_BIGINT, "q", obj)


class _IntsDumper(Dumper):
    format, oid = Format.BINARY, 1007

    def dump(self, obj: Ints) -> bytes:
        return _numbers(_INT, "i", obj)


class _BooleansDumper(Dumper):
    format, oid = Format.BINARY, 1000

    def dump(self, obj: Booleans) -> bytes:
        return _numbers(_BOOLEAN, "?", obj)


def register(connection: BaseConnection[Any]) -> None:
    """Let the connection take columns as parameters."""
    for kind, dumper in (
        (Texts, _TextsDumper),
        (Byteas, _ByteasDumper),
        (Bigints, _BigintsDumper),
        (Ints, _IntsDumper),
        (Booleans, _BooleansDumper),
    ):
        connection.adapters.register_dumper(kind, dumper)


def _array(oid: int, items: Sequence[bytes | None]) -> bytes:
    if not items:
        return _HEAD.pack(0, 0, oid)
    said = [item for item in items if item is not None]
    has_nulls = len(said) < len(items)
    parts = [b""] * (2 * len(items))
    if has_nulls:
        parts[::2] = [_NULL if item is None else _LENGTH(len(item)) for item in items]
        parts[1::2] = [item or b"" for item in items]
    else:
        parts[::2] = map(_LENGTH, map(len, said))
        parts[1::2] = said
    return b"".join((_HEAD.pack(1, has_nulls, oid), _DIMENSION.pack(len(items), 1), *parts))


def _numbers(oid: int, code: str, items: Sequence[int | None]) -> bytes:
    if not items:
        return _HEAD.pack(0, 0, oid)
    if None in items:
        item = Struct(f"!{code}")
        return _array(oid, [None if number is None else item.pack(number) for number in items])
    parts: list[int | None] = [calcsize(f"!{code}")] * (2 * len(items))
    parts[1::2] = items
    return pack(f"!5I{len(items) * f'I{code}'}", 1, 0, oid, len(items), 1, *parts)
