"""Whole numbers of any size: a sum of `bigint` is a `numeric` to PostgreSQL, and a plain int to us.

No amount taken is beyond 2^53, but a sum of many is not bounded by what one column holds.
"""

from struct import Struct
from typing import Any

from psycopg import BaseConnection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

_HEAD = Struct("!HhHH")
"""Digits of base 10,000, the power of the first of them, sign, and digits after the point."""
_BASE = 10_000
_NEGATIVE, _SPECIAL = 0x4000, 0xC000


class _TextLoader(Loader):
    format = Format.TEXT

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


class _BinaryLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        digits, power, sign, _ = _HEAD.unpack_from(data)
        number = 0
        for at in range(_HEAD.size, len(data), 2):
            number = number * _BASE + (data[at] << 8) + data[at + 1]
        if (digits and power + 1 < digits) or sign & _SPECIAL == _SPECIAL:
            raise ValueError("a figure is a whole number")
        if digits:
            number *= _BASE ** (power + 1 - digits)
        return -number if sign == _NEGATIVE else number


def register(connection: BaseConnection[Any]) -> None:
    """Let the connection answer with whole numbers, however large."""
    for loader in (_TextLoader, _BinaryLoader):
        connection.adapters.register_loader("numeric", loader)
