"""A file of order lines into a book: side by side over customers, in order within one, in constant memory."""

import asyncio
from collections.abc import Callable, Iterator
from time import monotonic

from domain.book.register import Register
from domain.decision import Actor
from domain.orders.order_events import OrderPlaced
from domain.refusal import Refusal
from ledger.book import Book
from ledger.errors import KeyReused, QueueFull, StreamBusy, Unavailable, Unrecordable
from ledger.importing.credit_notes import CreditNoteRecorder
from ledger.importing.documents import Document, documents
from ledger.importing.lanes import in_lanes
from ledger.importing.memory import peak_megabytes
from ledger.importing.purchases import Purchases
from ledger.importing.receipt import Receipt
from ledger.importing.recorder import OrderRecorder, Unfit, customer_of
from ledger.importing.rows import BadRow, Row, Source, Unreadable
from ledger.record.submission import Outcome

WIDTH = 64
"""Orders under way at once: enough that what they ask for is recorded in common commits."""

TRIES = 6
"""How often an order is tried while the book cannot take it: the database does not answer (each try waits for
it, 10 s), or other processes keep writing what it reads (2 s)."""
PAUSE = 0.05
"""Seconds before the second try; twice as long before each further one."""

Report = Callable[[int, str], None]
"""Hears the line of the file and the reason of whatever is not taken."""
Progress = Callable[[Receipt], None]
"""Hears after every order how far the import is."""


class OrderImport:
    """One run over one file into one book."""

    def __init__(self, book: Book, source: Source, actor: Actor, report: Report, progress: Progress) -> None:
        self._book = book
        self._source = source
        self._actor = actor
        self._report = report
        self._progress = progress
        self._unreadable: Unreadable | None = None
        self.receipt = Receipt()

    async def run(self) -> Receipt:
        """Records every order of the file that is not recorded yet.

        Raises: LedgerError; Unreadable where the file breaks off, once what was whole before is recorded.
        """
        began = monotonic()
        register = await self._book.state("book")
        assert isinstance(register, Register)
        self._purchases = Purchases(self._book)
        self._recorder = await OrderRecorder.of(self._book, self._actor)
        self._notes = CreditNoteRecorder(
            self._book, self._actor, register, self._purchases, self._source.mapping.fixed.adjustments
        )
        await in_lanes(self._documents(), lambda it: f"{it.channel}/{customer_of(it)}", self._record, WIDTH)
        self.receipt.seconds = round(monotonic() - began, 1)
        self.receipt.peak_megabytes = peak_megabytes()
        if self._unreadable is not None:
            raise self._unreadable
        return self.receipt

    def _documents(self) -> Iterator[Document]:
        found = documents(self._rows(), self._source.mapping.fixed.apart, self._bad_row, self._left_out)
        try:
            for document in found:
                if document.credit_note:
                    self.receipt.credit_notes += 1
                    self.receipt.credit_lines += len(document.lines)
                yield document
        except Unreadable as broken:
            self._unreadable = broken

    def _rows(self) -> Iterator[Row | BadRow]:
        for row in self._source.rows():
            self.receipt.rows += 1
            if isinstance(row, Row) and row.dropped is not None:
                self.receipt.dropped[row.dropped] += 1
            yield row

    def _bad_row(self, row: BadRow) -> None:
        self.receipt.bad_rows += 1
        left_out = f"order {row.document} is left out"
        if not row.certain:
            left_out = "it may be of the order above or below it, so both are left out"
        self._report(row.line_number, f"{row.reason}; {left_out}")

    def _left_out(self, document: Document) -> None:
        named = f"{document.kind} {document.reference}"
        self._report(document.first_line, f"{named} is left out: line {document.spoiled_by} may be of it")

    async def _record(self, document: Document) -> None:
        for outcome in await self._outcomes(document):
            self.receipt.count(outcome.entries, before=outcome.replayed or outcome.already)
            for entry in outcome.entries:
                if isinstance(entry.event, OrderPlaced):
                    self._purchases.placed(entry.event.customer, entry.event, entry.effective_at)
        self._progress(self.receipt)

    async def _outcomes(self, document: Document) -> list[Outcome]:
        """What the steps recorded, up to one that was refused. Raises: LedgerError after many tries."""
        for tried in range(1, TRIES + 1):
            taken: list[Outcome] = []
            try:
                recorder = self._notes if document.credit_note else self._recorder
                async for outcome in recorder.steps(document):
                    taken.append(outcome)
            except (Unfit, Refusal, KeyReused, Unrecordable) as refused:
                why = "recorded before, with other content" if isinstance(refused, KeyReused) else refused
                self.receipt.refused += 1
                self._report(document.first_line, f"{document.kind} {document.reference}: {why}")
            except (Unavailable, StreamBusy, QueueFull):
                if tried == TRIES:
                    raise
                await asyncio.sleep(PAUSE * 2 ** (tried - 1))
                continue  # its keys find again what was recorded of it
            return taken
        raise AssertionError("the last try returns or raises")
