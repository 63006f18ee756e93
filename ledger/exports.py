"""The journal for other programs: as an hledger journal, or as CSV. Folded from the entries, not from rows.

A list is folded entry by entry, so an export of any length takes the memory of one page.
"""

import csv
from collections.abc import Callable, Iterator
from typing import TextIO

import msgspec

from domain.book.register import BookOpened
from domain.entry import Entry
from domain.moments import Moment, day_of, instant_of
from domain.money import Money, digits_of
from domain.stored_types import TYPE_NAMES
from ledger.errors import UnknownBook
from ledger.projecting.as_of import AsOf, Effective, counts, is_late, position_at, read
from ledger.projecting.decoding import decoder_of, passed_over
from ledger.projecting.entries import connect, hash_at, page
from projections.folding import LineFolding, folding_of
from projections.journal import ACCOUNTS, Journal, Posting

JOURNAL = Journal()
COLUMNS = (
    *("position", "line", "date", "effective_at", "recorded_at"),
    *("type", "account", "customer", "order", "currency", "amount"),
)

Transaction = tuple[Entry, list[Posting]]
"""An entry and the postings it makes, which sum to zero."""

Progress = Callable[[int, int], None]


class Exported(msgspec.Struct, frozen=True):
    """What went into an export."""

    until: int
    """Up to which entry."""
    transactions: int
    postings: int
    parked: tuple[int, ...]
    """Entries that could not be folded, and are missing."""
    late: int
    """How many of the transactions had taken effect by the moment asked about and were recorded later."""


class _Postings:
    """The transactions of a book, in its order, counted as they go by; all, or those of a past."""

    def __init__(self, conninfo: str, book: str, progress: Progress, at: AsOf | None) -> None:
        self._conninfo, self._book, self._progress, self._at = conninfo, book, progress, at
        folding = folding_of(JOURNAL)
        assert isinstance(folding, LineFolding)
        self.folding = folding
        self.transactions = self.postings = self.late = 0
        with connect(conninfo) as reader:
            self.until = position_at(reader, book, at)
            self.hash = hash_at(reader, book, self.until)
            opened = (BookOpened,)
            first = page(reader, book, 0, 1, passed_over(opened), decoder_of(opened))
        if not first or not isinstance(first[0].event, BookOpened):
            raise UnknownBook(book)
        self.zone = first[0].event.zone

    def __iter__(self) -> Iterator[Transaction]:
        with connect(self._conninfo) as reader:
            for entry in read(reader, self._book, JOURNAL, self.until):
                self._progress(entry.position, self.until)
                if not counts(entry, self._at):
                    continue
                self.folding.feed(entry)
                postings = [line for line in self.folding.take() if isinstance(line, Posting)]
                if postings:
                    self.transactions += 1
                    self.postings += len(postings)
                    self.late += is_late(entry, self._at)
                    yield entry, postings

    def exported(self) -> Exported:
        parked = sorted(each.position for each in self.folding.parked.values())
        return Exported(self.until, self.transactions, self.postings, tuple(parked), self.late)


def export_hledger(
    conninfo: str,
    book: str,
    out: TextIO,
    progress: Progress = lambda _done, _of: None,
    at: AsOf | None = None,
) -> Exported:
    """Write the journal so that `hledger check --strict` passes: accounts and commodities are declared.

    One transaction per entry, on its day in the book's zone, with the entry's position as its code; customer
    and order are tags, so `--pivot customer` shows who owes what. `at`: as of then.

    Blocks. Raises: UnknownBook, Undecodable, psycopg.Error, OSError.
    """
    postings = _Postings(conninfo, book, progress, at)
    out.write(f"; Makegood book {book}, entries 1 to {postings.until}\n; {postings.hash}\n")
    if isinstance(at, Effective):
        out.write(f"; of them what had taken effect by {_utc(at.moment)}\n")
    out.write("\n")
    for account in ACCOUNTS:
        out.write(f"account {account}\n")
    declared: set[str] = set()
    for entry, lines in postings:
        currency = lines[0].currency
        if currency not in declared:
            declared.add(currency)
            out.write(f"\ncommodity 1000.{'0' * digits_of(currency)} {commodity(currency)}\n")
        out.write(_transaction(entry, lines, postings.zone))
    return postings.exported()


def export_csv(
    conninfo: str,
    book: str,
    out: TextIO,
    progress: Progress = lambda _done, _of: None,
    at: AsOf | None = None,
) -> Exported:
    """Write the postings as CSV (RFC 4180), a line each, amounts as decimals, debits positive.

    `at`: as of then. Blocks. Raises: UnknownBook, Undecodable, psycopg.Error, OSError.
    """
    postings = _Postings(conninfo, book, progress, at)
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    for entry, of_entry in postings:
        day, kind = day_of(entry.effective_at, postings.zone), TYPE_NAMES[type(entry.event)]
        lines.writerows(
            (
                it.position,
                it.line,
                day,
                _utc(it.effective_at),
                _utc(it.recorded_at),
                kind,
                it.account,
                it.customer,
                it.order,
                it.currency,
                Money(it.amount, it.currency).decimal(),
            )
            for it in of_entry
        )
    return postings.exported()


def commodity(currency: str) -> str:
    """A currency as hledger reads it: what is not letters alone is quoted."""
    return currency if currency.isalpha() else '"' + currency.replace('"', "") + '"'


def _transaction(entry: Entry, lines: list[Posting], zone: str) -> str:
    it = lines[0]
    tags = f"customer:{it.customer}" + (f", order:{it.order}" if it.order else "")
    recorded = day_of(entry.recorded_at, zone)
    head = f"\n{day_of(entry.effective_at, zone)} ({entry.position}) {TYPE_NAMES[type(entry.event)]}"
    amounts = "".join(
        f"    {each.account}  {Money(each.amount, each.currency).decimal()} {commodity(each.currency)}\n"
        for each in lines
    )
    return f"{head}  ; {tags}, recorded:{recorded}\n{amounts}"


def _utc(moment: Moment) -> str:
    return instant_of(moment).isoformat().replace("+00:00", "Z")
