"""What customers bought and did not give back: where a credit note finds the order lines it is about.

The lines of customers met lately are kept, as many as a bound allows; whoever is not among them is read from
the record.
"""

from bisect import insort
from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from domain.corrections.correction_events import RefundCorrected
from domain.entry import Entry
from domain.moments import Moment
from domain.orders.order_events import OrderPlaced, OrderUnitsCancelled, Part
from domain.refunds.refund_events import AskedUnits, ClaimedUnits, RefundedPart, RefundGranted
from ledger.book import Book
from ledger.importing.rows import Line

TYPES = frozenset({"order.placed", "order.units_cancelled", "refund.granted", "refund.corrected"})
AT_ONCE = 100
"""Entries read at once; an order may have thousands of lines."""
MOST_LINES = 200_000
"""Order lines kept over all customers, about 40 MB."""


class Bought(msgspec.Struct):
    """An order line and how many of its units are neither refunded nor cancelled."""

    at: Moment
    reference: str
    line: int
    order: str
    unit_price: int
    left: int


Shelf = dict[str, list[Bought]]
"""What a customer bought, by sku, in the order in which units are taken from it."""


class Matched(msgspec.Struct, frozen=True):
    """What a credit note's lines are about: units of orders, by order; and the rest."""

    orders: dict[str, list[AskedUnits]]
    unverified: list[ClaimedUnits]


class Purchases:
    """What the customers met lately bought."""

    def __init__(self, book: Book, most_lines: int = MOST_LINES) -> None:
        self._book = book
        self._most = most_lines
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()
        self._lines: dict[str, int] = {}
        self._total = 0

    async def of(self, customer: str) -> Shelf:
        """What that customer bought. Raises: Unavailable."""
        shelf = self._shelves.get(customer)
        if shelf is None:
            shelf = await self._read(customer)
            self._shelves[customer] = shelf
            self._lines[customer] = sum(map(len, shelf.values()))
            self._total += self._lines[customer]
        self._shelves.move_to_end(customer)
        while self._total > self._most and len(self._shelves) > 1:
            self.forget(next(iter(self._shelves)))
        return shelf

    def placed(self, customer: str, it: OrderPlaced, at: Moment) -> None:
        """One more order of a customer, if they are among those kept."""
        shelf = self._shelves.get(customer)
        if shelf is not None and not any(known.order == it.order for known in shelf.get(it.lines[0].sku, ())):
            _put(shelf, it, at)
            self._lines[customer] += len(it.lines)
            self._total += len(it.lines)

    def forget(self, customer: str) -> None:
        """Read them from the record again next time: what is kept may differ from it."""
        self._shelves.pop(customer, None)
        self._total -= self._lines.pop(customer, 0)

    async def _read(self, customer: str) -> Shelf:
        shelf: Shelf = {}
        taken: dict[tuple[str, int], int] = {}
        after = 0
        while True:
            page = await self._book.page(after, AT_ONCE, types=TYPES, customer=customer)
            for entry in page:
                _shelve(shelf, taken, entry)
            if len(page) < AT_ONCE:
                break
            after = page[-1].position
        for lines in shelf.values():
            for bought in lines:
                bought.left -= taken.get((bought.order, bought.line), 0)
        return shelf


def take_from(shelf: Shelf, lines: Iterable[tuple[int, Line, int]], at: Moment) -> Matched:
    """Takes units off the shelf: lines at the same price first, each group by time, order and line.

    `lines`: number, line and how many of its units are still to match.
    """
    matched = Matched({}, [])
    for number, line, units in lines:
        left = units
        bought = [each for each in shelf.get(line.sku, ()) if each.at <= at and each.left]
        same = [each for each in bought if each.unit_price == line.unit_price]
        others = [each for each in bought if each.unit_price != line.unit_price]
        for each in (*same, *others):
            taken = min(left, each.left)
            if not taken:
                break
            each.left -= taken
            left -= taken
            asked = AskedUnits(each.line, taken, note_line=number, note_price=line.unit_price)
            matched.orders.setdefault(each.order, []).append(asked)
        if left:
            amount = left * line.unit_price
            matched.unverified.append(ClaimedUnits(left, line.sku, amount=amount, note_line=number))
    return matched


def _shelve(shelf: Shelf, taken: dict[tuple[str, int], int], entry: Entry) -> None:
    match entry.event:
        case OrderPlaced() as it:
            _put(shelf, it, entry.effective_at)
        case OrderUnitsCancelled() as it:
            _take(taken, it.order, it.parts)
        case RefundGranted() as it if it.order is not None:
            _take(taken, it.order, it.parts)
        case RefundCorrected() as it if it.order is not None:
            _take(taken, it.order, (*it.parts, *it.cancelled), -1)  # it was none
        case _:
            pass


def _take(
    taken: dict[tuple[str, int], int], order: str, parts: Iterable[Part | RefundedPart], times: int = 1
) -> None:
    for part in parts:
        if part.line is not None:
            taken[order, part.line] = taken.get((order, part.line), 0) + times * part.quantity


def _put(shelf: Shelf, it: OrderPlaced, at: Moment) -> None:
    for line in it.lines:
        bought = Bought(at, it.external_ref or "", line.number, it.order, line.unit_price, line.quantity)
        insort(shelf.setdefault(line.sku, []), bought, key=lambda each: (each.at, each.reference, each.line))
