"""From rows to whole documents, in the order in which they happened, with bounded memory.

Rows of one document need not be adjacent. A document is complete once `apart` rows have gone by without one
of its own; it then waits until `apart` lines wait: one that happened earlier but ended later goes first.
"""

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush

import msgspec

from domain.moments import Moment
from ledger.importing.rows import BadRow, Line, Row


class Document(msgspec.Struct, kw_only=True):
    """An order or a credit note, with its kept lines in file order."""

    reference: str
    credit_note: bool = False
    at: Moment = 0
    """The earliest moment of all its rows, dropped ones too."""
    customer: str = ""
    """Empty: a guest of this one document."""
    channel: str = ""
    currency: str = ""
    first_line: int
    """The line of the file it begins on."""
    last_row: int = 0
    lines: list[Line]
    certain: bool = False
    """Whether a row certainly names it."""
    spoiled_by: int = 0
    """The line of a bad row that is, or may be, of it; 0: none."""
    told: bool = False
    """Whether what is told has named it as left out."""

    @property
    def kind(self) -> str:
        """What it is called."""
        return "credit note" if self.credit_note else "order"


def documents(
    rows: Iterable[Row | BadRow],
    apart: int,
    tell: Callable[[BadRow], None],
    leave_out: Callable[[Document], None],
) -> Iterator[Document]:
    """Every document with kept rows: earlier ones first, orders before credit notes, then by reference.

    `tell` hears of every bad row at once. The document of a bad row is left out whole: an order recorded
    without one of its lines would stay wrong; one left out is recorded by the next run over the mended file.
    Where it is uncertain whose the row is, the documents of the rows above and below it are left out:
    `leave_out` hears of each of those, since the row does not name them.
    """
    complete = _gathered(rows, apart, tell, leave_out)
    return _in_order((document for document in complete if document.lines and not document.spoiled_by), apart)


def _gathered(
    rows: Iterable[Row | BadRow],
    apart: int,
    tell: Callable[[BadRow], None],
    leave_out: Callable[[Document], None],
) -> Iterator[Document]:
    gathering = _Gathering()
    for number, row in enumerate(rows):
        seen = gathering.added(row, number)
        if isinstance(seen, BadRow):
            tell(seen)
        for document in gathering.left_out_untold():
            leave_out(document)
        yield from gathering.complete(number - apart)
    yield from gathering.documents.values()


class _Gathering:
    """The documents of which more rows may come."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        """The one whose last row is longest ago comes first."""
        self._above: Document | None = None
        """Of the last row of which that is certain."""
        self._astray = 0
        """The line of the last other row that has come since then; 0: none."""
        self._beside: tuple[Document | None, ...] = ()
        """Those of the last row and of the one above it."""

    def added(self, row: Row | BadRow, number: int) -> Row | BadRow:
        """The row as its document sees it. One that may be any document's spoils those around it."""
        named = None if row.document is None else self.documents.pop(row.document, None)
        certain = isinstance(row, Row) or row.certain or (named is not None and named.certain)
        if isinstance(row, BadRow) and row.certain != certain:
            row = msgspec.structs.replace(row, certain=certain)
        if row.document is not None:
            named = named or _opened_by(row, row.document)
            named.last_row, named.certain = number, named.certain or certain
            self.documents[row.document] = named
            row = _added(named, row)
            named.told = named.told or (certain and isinstance(row, BadRow))
        if not certain:
            _spoil(self._above, row.line_number)
        elif self._astray:
            _spoil(named, self._astray)
        self._beside = (self._above, named)
        self._above, self._astray = (named, 0) if certain else (self._above, row.line_number)
        return row

    def left_out_untold(self) -> Iterator[Document]:
        """Those that the last row made known to be left out, each once."""
        for document in self._beside:
            if document is not None and document.spoiled_by and document.certain and not document.told:
                document.told = True
                yield document

    def complete(self, before: int) -> Iterator[Document]:
        """Takes out those whose last row came before, or is, that one."""
        while self.documents:
            reference, document = next(iter(self.documents.items()))
            if document.last_row > before:
                return
            del self.documents[reference]
            yield document


def _opened_by(row: Row | BadRow, reference: str) -> Document:
    document = Document(reference=reference, first_line=row.line_number, lines=[])
    if isinstance(row, Row):
        document.credit_note, document.at = row.credit_note, row.at
        document.customer, document.channel, document.currency = row.customer, row.channel, row.currency
    return document


def _added(document: Document, row: Row | BadRow) -> Row | BadRow:
    """The row as its document sees it: bad too where it contradicts the rows before it."""
    if isinstance(row, Row) and not document.spoiled_by:
        said = (row.customer, row.channel, row.currency)
        if said == (document.customer, document.channel, document.currency):
            document.at = min(document.at, row.at)
            if row.line is not None:
                document.lines.append(row.line)
            return row
        reason = "customer, channel or currency differ from the document's first row"
        row = BadRow(line_number=row.line_number, document=row.document, reason=reason)
    _spoil(document, row.line_number)
    return row


def _spoil(document: Document | None, line_number: int) -> None:
    if document is not None:
        document.spoiled_by = document.spoiled_by or line_number
        document.lines.clear()


def _in_order(complete: Iterable[Document], apart: int) -> Iterator[Document]:
    waiting: list[tuple[Moment, bool, str, int, Document]] = []
    lines = 0
    for document in complete:
        heappush(
            waiting,
            (document.at, document.credit_note, document.reference, document.first_line, document),
        )
        lines += len(document.lines)
        while lines > apart:
            earliest = heappop(waiting)[-1]
            lines -= len(earliest.lines)
            yield earliest
    while waiting:
        yield heappop(waiting)[-1]
