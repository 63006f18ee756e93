"""The worked example of `docs/adding-a-projection.md` is taken from that page and put to all five uses."""

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

from domain.entry import Entry
from domain.orders.order_events import OrderPlaced
from ledger.database import Database
from ledger.projecting.answers import of_live
from ledger.projecting.as_of import Position, rows_as_of
from ledger.projecting.explain import explain
from ledger.projecting.rebuild import rebuild
from ledger.projecting.tables import create_tables
from ledger.projecting.verify import verify
from projections.projection import AnyProjection
from tests.projections.conftest import MakeBook, MakeFollower

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-projection.md"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The page's first block of code, as the module it would be."""
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    file = tmp_path / "units_ordered.py"
    file.write_text(code, encoding="utf-8")
    spec = spec_from_file_location("units_ordered", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "units_ordered", module)
    spec.loader.exec_module(module)
    return module


def test_the_worked_example_is_followed_rebuilt_folded_as_of_explained_and_verified(
    tables: Database,
    conninfo: str,
    make_book: MakeBook,
    follower: MakeFollower,
    entries: list[Entry],
    example: ModuleType,
) -> None:
    projection: AnyProjection = example.UnitsOrdered()
    assert tables.owner_conninfo is not None
    with psycopg.connect(tables.owner_conninfo) as owner:
        create_tables(owner, [projection])
    book = make_book([])
    rebuild(conninfo, book.name, [projection])
    book.store(entries)
    follower(book.name, [projection]).catch_up()
    assert verify(conninfo, book.name, [projection])[0].sound
    (receipt,) = rebuild(conninfo, book.name, [projection])
    assert not receipt.differences

    ordered = [entry.event for entry in entries if isinstance(entry.event, OrderPlaced)]
    with psycopg.connect(conninfo) as connection:
        query = of_live(book.name, projection, example.ANSWER)
        answer = connection.execute(query.text, query.parameters).fetchall()
    assert [row[:3] for row in answer] == [
        (
            sku,
            currency,
            sum(
                line.quantity
                for order in ordered
                for line in order.lines
                if (line.sku, order.currency) == (sku, currency)
            ),
        )
        for sku in ("SHIRT", "SOCKS")
        for currency in ("JPY", "USD")
    ]

    first = next(entry for entry in entries if isinstance(entry.event, OrderPlaced))
    assert len(rows_as_of(conninfo, book.name, projection, Position(first.position)).rows) == 2
    explained = explain(conninfo, book.name, projection, (first.stream,), "units")
    assert [(delta.position, delta.delta) for delta in explained.deltas] == [(first.position, 16)]
