"""Credit notes of a file, run again: what an earlier run recorded of one is not given back a second time."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from domain.book.register import BookOpened
from domain.command import Command
from domain.decision import Actor
from domain.entry import Entry, Event
from domain.orders.order_events import OrderUnitsCancelled
from domain.refunds.refund_events import RefundGranted
from domain.stored_types import TYPE_NAMES
from ledger.book import Book
from ledger.importing.credit_notes import CreditNoteRecorder
from ledger.importing.documents import Document
from ledger.importing.purchases import Purchases
from ledger.importing.rows import Line
from ledger.record.submission import Outcome, Submission
from tests.domain.examples import CUSTOMER, OTHER_ORDER, PRICED, captured, customer_registered, placed
from tests.domain.specification import OPENED, ZONE, Story, moment

pytestmark = pytest.mark.anyio

NOTED_AT = moment("2010-08-11")
SKU = PRICED["lines"][0].sku
UNIT_PRICE = PRICED["lines"][0].unit_price


def units(quantity: int, unit_price: int = UNIT_PRICE) -> Line:
    """So many units of what was bought."""
    return Line(sku=SKU, description="", quantity=quantity, unit_price=unit_price)


class Record:
    """The entries of a story, with what each key recorded."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.keys: dict[str, Outcome] = {}
        self.repeats = SimpleNamespace(under=self._under)
        self.sealer = SimpleNamespace(request_key=SimpleNamespace(digest=lambda about, body: body))

    def held(self, kind: str, value: str) -> str | None:
        return CUSTOMER

    async def page(self, after: int, most: int, *, types: frozenset[str], customer: str) -> list[Entry]:
        entries = [entry for entry in self.story.entries if entry.position > after]
        return [entry for entry in entries if TYPE_NAMES[type(entry.event)] in types][:most]

    async def _under(self, prefix: str, submission: Submission) -> dict[str, Outcome]:
        return {key: outcome for key, outcome in self.keys.items() if key.startswith(prefix)}

    async def execute(self, command: Command, submission: Submission) -> Outcome:
        assert submission.key is not None
        if submission.key not in self.keys:
            known = len(self.story.entries)
            self.story.by(submission.actor).from_(submission.origin).do(command)
            self.keys[submission.key] = Outcome(entries=tuple(self.story.entries[known:]))
        return self.keys[submission.key]


def book(*events: Event) -> Record:
    """A book that is live from September, with what was entered by hand of the time before."""
    opened = BookOpened(zone=ZONE, country=OPENED.country, cut_over="2010-09-01")
    story = Story(opened=opened).on("2010-08-10")
    return Record(story.record(customer_registered(), *events).on("2010-08-11"))


async def run(record: Record, *lines: Line, most: int | None = None) -> list[Event]:
    """Imports a credit note of these lines, the first `most` steps of it; what is recorded of it in all."""
    note = Document(
        reference="C1",
        credit_note=True,
        at=NOTED_AT,
        customer="17850",
        channel="import",
        currency="USD",
        first_line=1,
        lines=list(lines),
    )
    recorder = CreditNoteRecorder(
        cast(Book, record),
        Actor(person="per_01h455vb4pex5vsknk084sn02r", role="owner"),
        record.story.state("book"),
        Purchases(cast(Book, record)),
        frozenset(),
    )
    left = most
    async for outcome in recorder.steps(note):
        left = None if left is None or outcome.replayed else left - 1
        if left == 0:
            break
    kept = (RefundGranted, OrderUnitsCancelled)
    return [entry.event for entry in record.story.entries if isinstance(entry.event, kept)]


def refunds(events: Sequence[Event]) -> list[tuple[str | None, int]]:
    """The orders of the refunds granted, and how much."""
    return [(event.order, event.granted) for event in events if isinstance(event, RefundGranted)]


def units_cancelled(events: Sequence[Event]) -> int:
    return sum([part.quantity for it in events if isinstance(it, OrderUnitsCancelled) for part in it.parts])


async def test_units_that_had_not_shipped_are_given_back_once():
    """Count only the parts of the grant → the second run adds an unverified refund, and this fails."""
    record = book(placed(), captured())
    first = await run(record, units(2))
    assert [order is not None for order, _ in refunds(first)] == [True]
    assert await run(record, units(2)) == first


async def test_units_cancelled_of_which_nothing_was_due_are_not_refunded_by_the_next_run():
    """Leave cancellations without a grant out → the second run pays for goods nobody paid, and this fails."""
    record = book(placed())
    first = await run(record, units(2))
    assert (refunds(first), units_cancelled(first)) == ([], 2)
    assert await run(record, units(2)) == first


async def test_what_a_run_left_undone_of_such_a_note_is_done_by_the_next():
    """Of three units one is of no order: at its own line's price, also where the first run broke off."""
    lines = units(2), units(1, 100)
    record = book(placed())
    broken_off = await run(record, *lines, most=1)
    assert (refunds(broken_off), units_cancelled(broken_off)) == ([], 2)
    assert refunds(await run(record, *lines)) == [(None, 100)]
    assert refunds(await run(record, *lines)) == [(None, 100)]


async def test_two_orders_without_a_reference_are_each_refunded():
    """Name a step after the order's reference alone → the second order's is taken for the first's."""
    record = book(placed(), captured(), placed(order=OTHER_ORDER))
    record.story.record(
        captured(order=OTHER_ORDER, payment="pay_01h455vb4pex5vsknk084sn02z", reference="ch_2")
    )
    first = await run(record, units(4))
    assert len(refunds(first)) == 2
    assert await run(record, units(4)) == first
