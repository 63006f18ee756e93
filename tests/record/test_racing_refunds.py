"""Refunds racing through two processes: no unit goes back twice, and a person's day holds exactly.

In one process the queues of the streams take turns; between two the append alone decides. Source: I13, R-G11
"""

import asyncio
from collections import Counter

import msgspec
import pytest

from domain.command import Command
from domain.decision import Actor
from domain.moments import day_of
from domain.numbers import NumberTaken
from domain.orders.order_events import Part
from domain.orders.shipping import ShipOrder
from domain.refunds.granting import GrantRefund, RefundExceedsUnits
from domain.refunds.limits import Deciding
from domain.refunds.refund_events import AskedUnits, RefundAsk, RefundEscalated, RefundGranted
from domain.refusal import Refusal
from ledger.book import Book
from ledger.composition import Ledger
from ledger.errors import StreamBusy
from ledger.identity import mint
from ledger.record.chain import verify
from ledger.record.submission import Submission
from tests.record.conftest import ANN, Rows, capture, place, submission

pytestmark = pytest.mark.anyio

PRICE = 3 * 3_400


async def shipped_order(book: Book) -> tuple[str, str]:
    """An order of three dresses, paid and under way, and whose it is."""
    placed = place()
    shipped = ShipOrder(
        order=placed.order,
        shipment=mint("shp"),
        parts=(Part(line=1, quantity=3),),
        method="parcel",
        tracking="TRACK-1",
        description="sealed",
    )
    for command in (placed, capture(placed.order, PRICE), shipped):
        await book.execute(command, submission())
    return placed.order, placed.customer


def grant(book: Book, order: str, customer: str, person: str) -> GrantRefund:
    """One dress goes back, decided by that person today."""
    today = day_of(book.clock(), "Europe/Berlin")
    return GrantRefund(
        order=order,
        customer=customer,
        refund=mint("ref"),
        ask=RefundAsk(units=(AskedUnits(1, 1),)),
        deciding=Deciding(person, today, today),
    )


async def said(book: Book, command: Command, by: Submission) -> type:
    """What became of the command, which is sent again as long as others are faster."""
    while True:
        try:
            outcome = await book.execute(command, by)
        except StreamBusy:
            continue
        except Refusal as refusal:
            return type(refusal)
        kinds = {type(entry.event) for entry in outcome.entries}
        return RefundEscalated if RefundEscalated in kinds else RefundGranted


async def test_refunds_of_many_people_in_two_processes_refund_exactly_three_units(
    book: Book, other_ledger: Ledger, rows: Rows
) -> None:
    # Compare no versions in `_lost` → only the table's own key stops what collides, and one of these fails.
    order, customer = await shipped_order(book)
    books = (book, await other_ledger.book(book.name))
    people = [msgspec.structs.replace(ANN, person=mint("per")) for _ in range(20)]
    answers = await asyncio.gather(
        *[
            said(books[n % 2], grant(book, order, customer, who.person), by(who))
            for n, who in enumerate(people)
        ]
    )
    assert Counter(answers) == {RefundGranted: 3, RefundExceedsUnits: 17}
    verify(rows(book.name))


async def test_one_persons_day_holds_exactly_over_many_orders_in_two_processes(
    book: Book, other_ledger: Ledger, rows: Rows
) -> None:
    """Of 500.00 a day 14 dresses at 34.00 may go back, and the notes of them have no gap."""
    orders = [await shipped_order(book) for _ in range(20)]
    books = (book, await other_ledger.book(book.name))
    answers = await asyncio.gather(
        *[
            said(books[n % 2], grant(book, order, customer, ANN.person), by(ANN))
            for n, (order, customer) in enumerate(orders)
        ]
    )
    assert Counter(answers) == {RefundGranted: 14, RefundEscalated: 6}
    year = int(day_of(book.clock(), "Europe/Berlin")[:4])
    numbers = [entry.event for entry in await book.entries(f"number/credit_note/{year}")]
    assert [it.number for it in numbers if isinstance(it, NumberTaken)] == list(range(1, 15))
    verify(rows(book.name))


def by(who: Actor) -> Submission:
    return Submission(actor=who, origin="api")
