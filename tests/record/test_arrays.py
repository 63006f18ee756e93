"""Columns as parameters: what goes in as a list comes back as that list, whatever is in it."""

from typing import Any, LiteralString

import pytest
from psycopg.sql import SQL

from ledger.connection import Reader
from ledger.record.arrays import COLUMN_OF, Byteas, columns

pytestmark = pytest.mark.anyio

COLUMNS: dict[LiteralString, list[list[Any]]] = {
    "text": [[], ["a", "", "Straße €", "{1,2}", "NULL"], ["a", None], [None]],
    "bytea": [[], [b"\x00\xff", b""], [b"a", None]],
    "bigint": [[], [0, -1, 2**63 - 1, -(2**63)], [None, 7]],
    "int": [[], [1, -(2**31), 2**31 - 1], [None, 7]],
    "boolean": [[], [True, False], [True, None, False]],
}


@pytest.mark.parametrize(("kind", "items"), [(kind, items) for kind in COLUMNS for items in COLUMNS[kind]])
async def test_a_column_comes_back_as_it_went(reader: Reader, kind: LiteralString, items: list[Any]) -> None:
    query = "SELECT item FROM unnest(%b::{}[]) WITH ORDINALITY AS of (item, place) ORDER BY place"
    rows = await reader.rows(SQL(query).format(SQL(kind)), (COLUMN_OF[kind](items),))
    assert [item for (item,) in rows] == items


async def test_rows_become_one_column_of_each_kind(reader: Reader) -> None:
    asked = columns([("a", 1), ("b", None)], COLUMN_OF["text"], COLUMN_OF["bigint"])
    assert await reader.rows("SELECT * FROM unnest(%b::text[], %b::bigint[])", asked) == [
        ("a", 1),
        ("b", None),
    ]
    assert columns([], COLUMN_OF["text"], Byteas) == [[], []]
