"""A stray quote, comma or line end costs the rows it stands in, and no order is ever read in part."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.importing.cells import CellReader, Torn
from ledger.importing.documents import documents
from ledger.importing.mapping import load_mapping
from ledger.importing.rows import BadRow, opened

MAPPING = """
[columns]
order = "order"
sku = "sku"
description = "text"
quantity = "quantity"
unit_price = "price"
date = "date"
[fixed]
currency = "EUR"
"""
LINE_BREAKS = MAPPING + "line_breaks = true\n"
HEADER = "order,sku,text,quantity,price,date\n"


def read(file: str, mapping: str = MAPPING) -> tuple[dict[str, list[str]], list[BadRow]]:
    """The descriptions of each order of a file, and its bad rows."""
    bad: list[BadRow] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        path.write_bytes((HEADER + file).encode("utf-8", "surrogateescape"))
        with opened(path, load_mapping(mapping)) as source:
            found = list(documents(source.rows(), source.mapping.fixed.apart, bad.append, lambda _: None))
    return {order.reference: [line.description for line in order.lines] for order in found}, bad


def line(order: str, text: str = "TEA") -> str:
    """A row, its description written as given."""
    return f"{order},TEA-1,{text},1,1.00,2010-01-01T10:00\n"


def thirty_orders(instead: dict[int, str]) -> str:
    """Orders 101 to 130 of ten rows each; the sixth row of some has another text."""
    orders = range(101, 131)
    return "".join(
        line(str(order), instead.get(order, "TEA") if row == 5 else "TEA")
        for order in orders
        for row in range(10)
    )


@pytest.mark.parametrize("mapping", [MAPPING, LINE_BREAKS])
@pytest.mark.parametrize("next_quoted", ['"WHITE, METAL"', 'HOOK 5"', '"SAID ""HI"""', "TEA"])
def test_an_unclosed_quote_costs_its_own_order_and_no_other(next_quoted: str, mapping: str):
    """Read the file with one csv reader, as is usual → this fails."""
    found, bad = read(thirty_orders({110: '"STRAY', 120: next_quoted}), mapping)
    assert [(row.line_number, row.document) for row in bad] == [(97, "110")]
    assert set(found) == {str(order) for order in range(101, 131) if order != 110}
    assert all(len(texts) == 10 for texts in found.values())
    assert all(len(text) < 20 for texts in found.values() for text in texts)


def test_quoted_cells_hold_commas_and_doubled_quotes():
    file = (
        line("101", '"RECORD FRAME 7"" SINGLE SIZE "')
        + line("102", '"WHITE, METAL"')
        + line("103", 'HOOK 5"')
    )
    found, bad = read(file)
    assert not bad
    assert found == {"101": ['RECORD FRAME 7" SINGLE SIZE '], "102": ["WHITE, METAL"], "103": ['HOOK 5"']}


BROKEN = line("101") + line("102", '"Two\nlines, ""both"" of\r\none"') + line("103")


def test_a_cell_holds_line_breaks_only_where_the_mapping_says_so():
    found, bad = read(BROKEN)
    assert found == {"101": ["TEA"]}
    assert (bad[0].line_number, bad[0].document) == (3, "102")
    found, bad = read(BROKEN, LINE_BREAKS)
    assert not bad
    assert found == {"101": ["TEA"], "102": ['Two\nlines, "both" of\r\none'], "103": ["TEA"]}


def test_after_a_cell_with_line_breaks_lines_are_still_counted_right():
    _, bad = read(BROKEN + line("104", '"STRAY') + line("105").replace("1.00", "x"), LINE_BREAKS)
    assert [(row.line_number, row.document) for row in bad] == [(7, "104"), (8, "105")]


@pytest.mark.parametrize(
    ("torn", "index", "cell"),
    [
        ('101,TEA,"STRAY', 0, "101"),
        ('"101","T ""A""","STRAY', 1, 'T "A"'),
        ('101,"STRAY,102,1', 1, None),
        ('"STRAY,101,"TEA",1', 1, None),
        ('101,TEA,"STRAY', 2, None),
    ],
)
def test_what_stands_before_the_fault_can_be_told(torn: str, index: int, cell: str | None):
    found = CellReader([torn]).row()
    assert isinstance(found, Torn)
    assert found.cell(index) == cell


@pytest.mark.parametrize(
    "damaged",
    [
        line("103").removeprefix("103"),
        line("103").removeprefix("103,"),
        '"' + line("103"),
        line("1\udcff3"),
        line('10"3'),
        line("103").rstrip() + line("103"),
    ],
)
def test_where_no_order_can_be_told_those_of_the_rows_around_are_left_out(damaged: str):
    """Leave out only the order that the row names → this fails."""
    file = line("101") + line("102") + damaged + line("103") + line("104") + line("101")
    found, bad = read(file)
    assert [(row.line_number, row.certain) for row in bad] == [(4, False)]
    assert found == {"101": ["TEA", "TEA"], "104": ["TEA"]}


def test_a_row_with_a_cell_too_many_is_taken_to_be_of_the_order_it_names_if_that_is_known():
    """Take every such row by its name → the first part fails."""
    damaged = line("103", "WHITE, METAL")
    found, bad = read(line("102") + damaged + line("104") + line("105"))
    assert (set(found), bad[0].certain) == ({"105"}, False)
    found, bad = read(line("103") + line("102") + damaged + line("104"))
    assert (set(found), bad[0].certain) == ({"102", "104"}, True)


def test_two_rows_that_name_nothing_known_do_not_make_it_known():
    headless = line("103").removeprefix("103,")
    file = line("102") + headless + line("103") + line("104") + line("105") + headless + line("106")
    found, bad = read(file)
    assert [row.certain for row in bad] == [False, False]
    assert set(found) == {"104"}


TEXTS = st.sampled_from(
    ["TEA", "TEA", '"WHITE, METAL"', 'HOOK 5"', '"FRAME 7"" "', '"SAID ""HI"", TWICE"', '""']
)


@given(
    st.lists(st.lists(TEXTS, min_size=2, max_size=4), min_size=2, max_size=8),
    st.data(),
    st.sampled_from([MAPPING, LINE_BREAKS]),
)
def test_whatever_one_sign_is_lost_or_added_every_order_is_whole_or_left_out(
    orders: list[list[str]], data: st.DataObject, mapping: str
):
    """Spoil no neighbours, or take an order by its name where the cells may have moved → this fails."""
    file = "".join(line(f"A{101 + number}", text) for number, texts in enumerate(orders) for text in texts)
    whole, none = read(file, mapping)
    assert not none
    if data.draw(st.booleans()):
        place = data.draw(st.sampled_from([place for place, sign in enumerate(file) if sign in '",\n']))
        damaged = file[:place] + file[place + 1 :]
    else:
        place = data.draw(st.integers(0, len(file)))
        damaged = file[:place] + data.draw(st.sampled_from('",')) + file[place:]
    row = min(file.count("\n", 0, place), file.count("\n") - 1)
    hit = [f"A{101 + number}" for number, texts in enumerate(orders) for _ in texts][row]
    found, _ = read(damaged, mapping)
    for reference, texts in found.items():
        assert len(texts) == len(whole[reference]), "an order that was not in the file, or one in part"
        assert texts == whole[reference] or reference == hit
    assert len(found) >= len(whole) - 3
