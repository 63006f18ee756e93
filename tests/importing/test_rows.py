"""What a row of a foreign file says."""

import gzip
from pathlib import Path

import pytest

from domain.moments import MINUTE, SECOND
from ledger.importing.mapping import Mapping, MappingFault, load_mapping, mapping_for
from ledger.importing.rows import BadRow, Line, Row, Unreadable, opened

SHOP = """
[columns]
order = "Bestellung"
sku = "Artikel"
description = "Text"
quantity = "Menge"
unit_price = "Preis"
date = "Datum"
customer = "Kunde"
currency = "Währung"

[fixed]
zone = "Europe/Berlin"
date_format = "%d.%m.%Y %H:%M"

[[drop]]
reason = "cancelled"
column = "Status"
any_of = ["storniert"]
"""
HEADER = "Bestellung,Artikel,Text,Menge,Preis,Datum,Kunde,Währung,Status"
GOOD = "B-1,TEA-1,Earl Grey,3,4.995,31.08.2010 19:05,K-7,EUR,offen"
RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def read(folder: Path, *lines: str, mapping: str | None = SHOP, name: str = "shop.csv") -> list[Row | BadRow]:
    """The rows of a file that holds these lines."""
    file = folder / name
    data = "".join(line + "\r\n" for line in lines).encode("utf-8", "surrogateescape")
    file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with opened(file, load_mapping(mapping) if mapping else None) as source:
        return list(source.rows())


def reason(folder: Path, line: str) -> str:
    """Why that line is bad."""
    (row,) = read(folder, HEADER, line)
    assert isinstance(row, BadRow), row
    return row.reason


def test_a_row_says_everything_its_columns_say(tmp_path: Path):
    assert read(tmp_path, HEADER, GOOD) == [
        Row(
            line_number=2,
            document="B-1",
            credit_note=False,
            at=1_283_274_300 * SECOND,  # 17:05 in UTC
            customer="K-7",
            channel="import",
            currency="EUR",
            line=Line(sku="TEA-1", description="Earl Grey", quantity=3, unit_price=500),  # 4.995, half up
        )
    ]


def test_a_compressed_file_reads_the_same(tmp_path: Path):
    assert read(tmp_path, HEADER, GOOD, name="shop.csv.gz") == read(tmp_path, HEADER, GOOD)


def test_prices_have_the_minor_units_of_their_currency(tmp_path: Path):
    (yen,) = read(tmp_path, HEADER, GOOD.replace("EUR", "JPY").replace("4.995", "5"))
    (dinar,) = read(tmp_path, HEADER, GOOD.replace("EUR", "KWD"))
    assert isinstance(yen, Row)
    assert isinstance(dinar, Row)
    assert yen.line
    assert dinar.line
    assert (yen.line.unit_price, dinar.line.unit_price) == (5, 4995)


def test_a_rule_drops_a_row_and_its_moment_still_counts(tmp_path: Path):
    (row,) = read(tmp_path, HEADER, GOOD.replace("offen", "storniert").replace(",3,", ",none,"))
    assert isinstance(row, Row)
    assert (row.dropped, row.line, row.at % MINUTE) == ("cancelled", None, 0)


@pytest.mark.parametrize(
    ("found", "instead", "why"),
    [
        (",3,", ",three,", "the quantity is not a whole number"),
        (",3,", ",2.5,", "the quantity is not a whole number"),
        (",3,", ",0,", "the quantity has the wrong sign, or is 0"),
        (",3,", ",-3,", "the quantity has the wrong sign, or is 0"),
        ("4.995", "NaN", "the unit price is not a decimal number"),
        ("4.995", "5e3", "the unit price is not a decimal number"),
        ("4.995", "-5.00", "the unit price is below 0"),
        ("EUR", "XXX", "the currency is no ISO 4217 currency with a minor unit"),
        ("31.08.", "31.02.", "the date is not written as the mapping says"),
        (",offen", "", "8 fields where the header has 9"),
        ("B-1,", ",", "no order reference"),
        ("Earl", "Earl \udcff", "bytes that are not UTF-8"),
        ("Earl Grey", "4111 1111 1111 1111", "the description holds what looks like a card number"),
    ],
)
def test_a_bad_row_says_why(tmp_path: Path, found: str, instead: str, why: str):
    assert reason(tmp_path, GOOD.replace(found, instead)) == why


def test_a_bad_row_says_where_it_is_and_the_rest_goes_on(tmp_path: Path):
    rows = read(tmp_path, HEADER, GOOD, GOOD.replace(",3,", ",x,"), "", GOOD)
    assert [(row.line_number, isinstance(row, BadRow)) for row in rows] == [(2, False), (3, True), (5, False)]


def test_a_stray_quote_spoils_one_row(tmp_path: Path):
    rows = read(tmp_path, HEADER, GOOD, GOOD.replace("Earl Grey", '"Earl" Grey'), GOOD)
    assert [isinstance(row, BadRow) for row in rows] == [False, True, False]


def test_a_file_that_breaks_off_is_unreadable_from_there(tmp_path: Path):
    read(tmp_path, HEADER, *[GOOD] * 5_000, name="shop.csv.gz")
    file = tmp_path / "shop.csv.gz"
    file.write_bytes(file.read_bytes()[:-200])
    with (
        pytest.raises(Unreadable, match=r"shop\.csv\.gz, after line \d+"),
        opened(file, load_mapping(SHOP)) as source,
    ):
        list(source.rows())


def test_an_empty_file_names_no_columns(tmp_path: Path):
    with pytest.raises(MappingFault, match="must name the columns"):
        read(tmp_path)


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path):
    assert read(tmp_path, "\ufeff" + HEADER, GOOD) == read(tmp_path, HEADER, GOOD)


def test_a_known_header_needs_no_mapping(tmp_path: Path):
    line = "489434,85048 ,LIGHTS,12,2009-12-01T07:45:00,6.95,13085,United Kingdom"
    credit = "C489449,22087,BUNTING,-12,2009-12-01T10:33:00,2.95,16321,Australia"
    order, credit_note = read(tmp_path, RETAIL, line, credit, mapping=None)
    assert isinstance(order, Row)
    assert isinstance(credit_note, Row)
    assert order.line == Line(sku="85048", description="LIGHTS", quantity=12, unit_price=695)
    assert credit_note.credit_note
    assert credit_note.line == Line(sku="22087", description="BUNTING", quantity=12, unit_price=295)


def test_an_unknown_header_asks_for_a_mapping():
    with pytest.raises(MappingFault, match="--mapping"):
        mapping_for(["a", "b"])


def test_a_missing_column_is_named(tmp_path: Path):
    with pytest.raises(MappingFault, match=r"has no column Status; it has Bestellung"):
        read(tmp_path, HEADER.removesuffix(",Status"), GOOD)


@pytest.mark.parametrize(
    ("found", "instead", "why"),
    [
        ("sku =", "article =", "unknown field `article`"),
        ('order = "Bestellung"\n', "", "missing required field `order`"),
        ('currency = "Währung"\n', "", "say `currency`"),
        ("Europe/Berlin", "Europe/Wien", "no time zone is called Europe/Wien"),
        ('any_of = ["storniert"]', "", "one of `column`"),
        ('any_of = ["storniert"]', 'matching = "("', "not a regular expression"),
        ('any_of = ["storniert"]', 'matching = "x"\nprice_below = 1', "one of `column`"),
        ("[[drop]]", "[[drop", "Expected"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(found: str, instead: str, why: str):
    with pytest.raises(MappingFault, match=why.replace("[", r"\[")):
        load_mapping(SHOP.replace(found, instead))


def test_the_built_in_mapping_opens_its_book_on_the_day_after_the_last_row():
    mapping: Mapping = mapping_for(RETAIL.split(","))
    assert mapping.book
    assert mapping.book.cut_over.isoformat() == "2011-12-10"
