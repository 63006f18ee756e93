"""From a csv or csv.gz file to rows that say what they mean, one at a time and nothing kept."""

import gzip
import io
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, TextIO
from zoneinfo import ZoneInfo

import msgspec

from domain.moments import Moment, moment_of
from domain.money import exponent_of
from ledger.importing.cells import CellReader, Cells, Torn
from ledger.importing.mapping import Drop, Mapping, MappingFault, mapping_for, named_columns
from ledger.sealing.card_numbers import holds_card_number

NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
WHOLE = re.compile(r"-?[0-9]{1,15}")


class Unreadable(Exception):
    """The file is damaged or breaks off at the named line; nothing after that place can be read."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One order line as the file has it."""

    sku: str
    description: str
    quantity: int
    unit_price: int
    """Minor units, rounded half up."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What a row says about its document, and the line it adds or why it adds none."""

    line_number: int
    """The line of the file it begins on; the header is line 1."""
    document: str
    credit_note: bool
    at: Moment
    customer: str
    """Empty: a guest."""
    channel: str
    currency: str
    line: Line | None = None
    dropped: str | None = None
    """The reason of the drop rule that applies."""


class BadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that cannot be read."""

    line_number: int
    document: str | None
    """What it says that its document is; None where it says nothing."""
    certain: bool = True
    """Whether it is that document's; else its cells may have moved, and it may be any document's."""
    reason: str


class _Misread(Exception):
    """Why a row cannot be read."""


@contextmanager
def opened(path: Path, mapping: Mapping | None = None) -> Generator["Source"]:
    """The file, its header read. Without a mapping, the built-in one that fits is taken.

    Raises: MappingFault, Unreadable, OSError.
    """
    with (
        path.open("rb") as binary,
        gzip.open(binary) if path.suffix == ".gz" else nullcontext(binary) as unpacked,
        # surrogateescape: a byte that is not UTF-8 spoils its own row, not the file
        io.TextIOWrapper(unpacked, "utf-8", errors="surrogateescape", newline="") as text,
    ):
        yield Source(path, binary, text, mapping)


class Source:
    """A file being read, and how far the reader is."""

    def __init__(self, path: Path, binary: BinaryIO, text: TextIO, mapping: Mapping | None) -> None:
        self.name = path.name
        self.size = path.stat().st_size
        self._binary = binary
        self._cells = CellReader(text)
        header = self._header()
        self.mapping = mapping or mapping_for(header)
        missing = sorted(named_columns(self.mapping) - set(header))
        if missing:
            raise MappingFault(f"{self.name} has no column {', '.join(missing)}; it has {', '.join(header)}")
        self._reader = _RowReader(self.mapping, header)

    @property
    def done(self) -> int:
        """Bytes read so far of the file as it lies on the disk."""
        return self._binary.tell()

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row after the header, in file order; empty lines are none. Raises: Unreadable."""
        while (cells := self._row()) is not None:
            begins = self._cells.line_number
            if isinstance(cells, Torn) and self.mapping.fixed.line_breaks:
                cells = self._continued(cells)
            if isinstance(cells, Torn):
                yield self._reader.torn(cells, begins)
            elif cells:
                yield self._reader.read(cells, begins)

    def _row(self) -> Cells | Torn | None:
        try:
            return self._cells.row()
        except (OSError, EOFError, zlib.error) as fault:
            raise Unreadable(f"{self.name}, after line {self._cells.line_number}: {fault}") from fault

    def _continued(self, torn: Torn) -> Cells | Torn:
        try:
            return self._cells.continued(torn, self._reader.width) or torn
        except (OSError, EOFError, zlib.error) as fault:
            raise Unreadable(f"{self.name}, after line {self._cells.line_number}: {fault}") from fault

    def _header(self) -> Cells:
        header = self._row()
        if isinstance(header, Torn):
            raise Unreadable(f"{self.name}, line 1: {header.reason}")
        if not header:
            raise MappingFault(f"{self.name} is empty; its first line must name the columns")
        if any(_is_mangled(name) for name in header):
            raise MappingFault(f"{self.name} is not UTF-8 text; save it as CSV in UTF-8")
        header[0] = header[0].removeprefix("\ufeff")
        return header


class _RowReader:
    """Knows which cell is what, and which rules drop a row."""

    def __init__(self, mapping: Mapping, header: Cells) -> None:
        place = {name: index for index, name in enumerate(header)}
        columns, self._fixed = mapping.columns, mapping.fixed
        self.width = len(header)
        self._order, self._sku, self._date = place[columns.order], place[columns.sku], place[columns.date]
        self._quantity, self._price = place[columns.quantity], place[columns.unit_price]
        self._description = place.get(columns.description or "")
        self._customer = place.get(columns.customer or "")
        self._currency = place.get(columns.currency or "")
        self._channel = place.get(columns.channel or "")
        self._holds_card_number = lru_cache(maxsize=1024)(holds_card_number)
        self._is_credit_note = _matcher(mapping.fixed.credit_notes or "(?!)")  # which matches nothing
        self._drops = tuple((rule.reason, self._test_of(rule, place)) for rule in mapping.drop)

    def read(self, cells: Cells, line_number: int) -> Row | BadRow:
        """What the row means."""
        document = cells[self._order].strip() if len(cells) > self._order else ""
        try:
            return self._meaning(cells, line_number, document)
        except _Misread as reason:
            two_joined = len(cells) >= 2 * self.width - 1
            return _bad(
                line_number,
                "" if two_joined else document,
                str(reason),
                certain=len(cells) == self.width,
            )

    def torn(self, torn: Torn, line_number: int) -> BadRow:
        """The line whose cells cannot be told, of the document that its whole cells name."""
        return _bad(line_number, (torn.cell(self._order) or "").strip(), torn.reason, certain=True)

    def _meaning(self, cells: Cells, line_number: int, document: str) -> Row:
        if len(cells) != self.width:
            raise _Misread(f"{len(cells)} fields where the header has {self.width}")
        if not document:
            raise _Misread("no order reference")
        if '"' in document:
            raise _Misread("a quote in the order's reference")
        dropped = next((reason for reason, applies in self._drops if applies(cells)), None)
        customer = "" if self._customer is None else cells[self._customer].strip()
        if self._holds_card_number(customer):
            raise _Misread("the customer's reference is what looks like a card number")
        return Row(
            line_number=line_number,
            document=_utf8(document),
            credit_note=self._is_credit_note(document),
            at=_moment(cells[self._date].strip(), self._fixed.date_format, self._fixed.zone),
            customer=_utf8(customer),
            channel=self._fixed.channel if self._channel is None else _utf8(cells[self._channel].strip()),
            currency=self._currency_of(cells),
            line=None if dropped else self._line(cells),
            dropped=dropped,
        )

    def _line(self, cells: Cells) -> Line:
        quantity, price = self._quantity_of(cells), self._price_of(cells)
        description = "" if self._description is None else _utf8(cells[self._description])
        if quantity <= 0:
            raise _Misread("the quantity has the wrong sign, or is 0")
        if price < 0:
            raise _Misread("the unit price is below 0")
        if holds_card_number(description):
            raise _Misread("the description holds what looks like a card number")
        return Line(
            sku=_utf8(self._sku_of(cells)), description=description, quantity=quantity, unit_price=price
        )

    def _sku_of(self, cells: Cells) -> str:
        sku = cells[self._sku].strip()
        return sku.upper() if self._fixed.sku_case == "upper" else sku

    def _currency_of(self, cells: Cells) -> str:
        return self._fixed.currency or "" if self._currency is None else cells[self._currency].strip()

    def _quantity_of(self, cells: Cells) -> int:
        """Above 0 on every line that has the sign it should have."""
        quantity = _whole(cells[self._quantity].strip())
        return -quantity if self._is_credit_note(cells[self._order].strip()) else quantity

    def _price_of(self, cells: Cells) -> int:
        return _minor(cells[self._price].strip(), self._currency_of(cells))

    def _test_of(self, rule: Drop, place: dict[str, int]) -> Callable[[Cells], bool]:
        if rule.wrong_sign:
            return lambda cells: self._quantity_of(cells) <= 0
        if rule.price_below is not None:
            limit = rule.price_below
            return lambda cells: self._price_of(cells) < limit
        index = place[rule.column or ""]

        def value_of(cells: Cells) -> str:
            return self._sku_of(cells) if index == self._sku else cells[index].strip()

        if rule.any_of is not None:
            chosen = rule.any_of
            return lambda cells: value_of(cells) in chosen
        matches, wanted = _matcher(rule.matching or rule.not_matching or ""), rule.matching is not None
        return lambda cells: matches(value_of(cells)) == wanted


def _bad(line_number: int, document: str, reason: str, *, certain: bool) -> BadRow:
    if not document or '"' in document or _is_mangled(document):
        return BadRow(line_number=line_number, document=None, certain=False, reason=reason)
    return BadRow(line_number=line_number, document=document, certain=certain, reason=reason)


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches as a whole; the next row mostly asks about the same text again."""
    compiled = re.compile(pattern)

    @lru_cache(maxsize=1024)
    def matches(text: str) -> bool:
        return compiled.fullmatch(text) is not None

    return matches


def _utf8(text: str) -> str:
    if _is_mangled(text):
        raise _Misread("bytes that are not UTF-8")
    return text


def _is_mangled(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text)


@lru_cache(maxsize=4096)
def _whole(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise _Misread("the quantity is not a whole number")
    return int(text)


@lru_cache(maxsize=4096)
def _minor(text: str, currency: str) -> int:
    if not NUMBER.fullmatch(text):
        raise _Misread("the unit price is not a decimal number")
    try:
        exponent = exponent_of(currency)
    except ValueError as unknown:
        raise _Misread("the currency is no ISO 4217 currency with a minor unit") from unknown
    return int(Decimal(text).scaleb(exponent).quantize(Decimal(1), ROUND_HALF_UP))


@lru_cache(maxsize=4096)
def _moment(text: str, form: str | None, zone: str) -> Moment:
    try:
        read = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError as fault:
        raise _Misread("the date is not written as the mapping says") from fault
    return moment_of(read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone)))
