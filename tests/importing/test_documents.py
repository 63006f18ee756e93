"""Rows of one document need not be adjacent, and documents come out in the order in which they happened."""

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from domain.moments import MINUTE
from ledger.importing.documents import Document, documents
from ledger.importing.rows import BadRow, Line, Row, opened

SLICE = Path(__file__).parent.parent / "data" / "online-retail-slice.csv.gz"


def row(document: str, minute: int, sku: str = "TEA", **said: object) -> Row:
    """A row with a line."""
    line = Line(sku=sku, description="", quantity=1, unit_price=100)
    fields: dict[str, object] = {"credit_note": document.startswith("C"), "customer": "K-1", "line": line}
    fields |= {"line_number": 2, "channel": "import", "currency": "EUR"} | said
    return Row(document=document, at=minute * MINUTE, **fields)  # pyright: ignore[reportArgumentType]


def gather(*rows: Row | BadRow, apart: int = 3) -> tuple[list[Document], list[BadRow]]:
    """The documents of these rows, and what was told of bad ones."""
    bad: list[BadRow] = []
    return list(documents(rows, apart, bad.append, lambda _: None)), bad


def left_out(*rows: Row | BadRow) -> list[tuple[str, int]]:
    """The documents that no bad row names, each with the line for which it is left out."""
    found: list[Document] = []
    list(documents(rows, 3, lambda _: None, found.append))
    return [(document.reference, document.spoiled_by) for document in found]


def said(found: list[Document]) -> list[tuple[str, str]]:
    """Each document with its skus."""
    return [(document.reference, "".join(line.sku for line in document.lines)) for document in found]


def test_rows_of_one_document_are_gathered_in_file_order():
    found, _ = gather(
        row("1", 0, "A"), row("2", 0, "X"), row("1", 0, "B"), row("2", 1, "Y"), row("1", 1, "C")
    )
    assert said(found) == [("1", "ABC"), ("2", "XY")]


def test_a_document_happened_when_its_earliest_row_says_dropped_ones_too():
    (found,), _ = gather(row("1", 9), row("1", 2, line=None, dropped="free"), row("1", 5))
    assert found.at == 2 * MINUTE
    assert len(found.lines) == 2


def test_a_document_without_a_kept_row_vanishes():
    assert gather(row("1", 0, line=None, dropped="free")) == ([], [])


def test_documents_come_out_by_time_orders_before_credit_notes_then_by_reference():
    found, _ = gather(row("C3", 1), row("5", 1), row("4", 1), row("9", 0), row("1", 2))
    assert [document.reference for document in found] == ["9", "4", "5", "C3", "1"]


def test_a_long_document_that_began_earlier_goes_first():
    """Let `_in_order` yield its documents as they come → this fails."""
    long = [row("1", 0) for _ in range(4)]
    found, _ = gather(long[0], row("2", 1), *long[1:])
    assert [document.reference for document in found] == ["1", "2"]


def test_a_document_closes_once_enough_rows_have_gone_by():
    others = [row(str(number), number) for number in range(10, 14)]
    near, _ = gather(row("1", 0), *others[:2], row("1", 0))
    far, _ = gather(row("1", 0), *others[:3], row("1", 0))
    assert [document.reference for document in near].count("1") == 1
    assert [document.reference for document in far].count("1") == 2, "refused later: the reference is taken"


def test_a_bad_row_takes_its_document_along_and_nothing_else():
    bad = BadRow(line_number=3, document="1", reason="x")
    found, told = gather(row("1", 0), bad, row("2", 0), row("1", 0))
    assert said(found) == [("2", "TEA")]
    assert told == [bad]


def test_a_bad_first_row_takes_its_document_along_too():
    found, _ = gather(BadRow(line_number=2, document="1", reason="x"), row("1", 0), row("2", 0))
    assert said(found) == [("2", "TEA")]


def test_a_row_that_may_be_of_any_document_takes_those_around_it_along():
    lost = BadRow(line_number=3, document=None, certain=False, reason="x")
    found, told = gather(row("1", 0), row("2", 0), lost, lost, row("3", 0), row("4", 0), row("1", 0), apart=1)
    assert [document.reference for document in found] == ["1", "1", "4"]
    assert told == [lost, lost]


def test_each_document_left_out_for_a_row_that_names_none_is_told_once():
    """Tell of the row alone → nobody learns which orders to look at, this fails."""
    lost = BadRow(line_number=3, document=None, certain=False, reason="x")
    again = BadRow(line_number=4, document=None, certain=False, reason="x")
    assert left_out(row("1", 0), lost, again, row("2", 0), row("2", 0)) == [("1", 3), ("2", 4)]
    assert left_out(lost, row("2", 0), again, row("2", 0)) == [("2", 3)]
    maybe = BadRow(line_number=3, document="9", certain=False, reason="x")
    assert left_out(maybe, row("1", 0), row("9", 0)) == [("1", 3), ("9", 3)]
    named = BadRow(line_number=5, document="1", reason="x")
    assert left_out(row("1", 0), named, row("1", 0), lost) == []


def test_rows_that_contradict_each_other_make_a_bad_document():
    found, told = gather(row("1", 0), row("1", 0, customer="K-2", line_number=7), row("1", 0))
    assert found == []
    assert [(bad.line_number, bad.reason) for bad in told] == [
        (7, "customer, channel or currency differ from the document's first row")
    ]


def test_memory_is_bounded_by_the_rows_apart_not_by_the_file():
    """Keep every document until the end → this fails."""
    read = 0

    def rows():
        nonlocal read
        for number in range(10_000):
            read += 1
            yield row(str(number), number)

    first = next(documents(rows(), 50, lambda _: None, lambda _: None))
    assert first.reference == "0"
    assert read <= 102


@given(st.integers(0, 2**32))
def test_however_rows_are_shuffled_within_reach_the_documents_are_the_same(seed: int):
    shuffled = random.Random(seed)
    rows = [row(str(number // 3), number // 3, sku=str(number % 3)) for number in range(90)]
    keyed = sorted((number + shuffled.randrange(12), number) for number in range(90))
    found, _ = gather(*(rows[number] for _, number in keyed), apart=40)
    assert [document.reference for document in found] == [str(number) for number in range(30)]
    assert all(sorted(line.sku for line in document.lines) == ["0", "1", "2"] for document in found)


def test_the_real_slice_gathers_into_as_many_documents_as_it_has_references():
    with opened(SLICE) as source:
        found = list(documents(source.rows(), source.mapping.fixed.apart, lambda _: None, lambda _: None))
    assert len(found) == 647 + 133
    assert len({document.reference for document in found}) == len(found)
    assert [document.at for document in found] == sorted(document.at for document in found)
