"""However often a book ticks, the same is decided, through its rows and its record: stories whose moments lie
on days that are short, long, last of their month or leap days, several at once.

Each story is told to three books: ticked once, a year later; ticked at every moment at which something was
decided, and just before; ticked every nine days.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import time
from typing import NamedTuple

import pytest

from domain.bills.billing import NewBill
from domain.bills.promising import PromiseToPay
from domain.book.register import OpenBook, RegisterPerson
from domain.command import Command
from domain.customers.registering import RegisterCustomer
from domain.declines.card_search import CompleteCardSearch
from domain.declines.payment_failures import RecordPaymentFailure
from domain.declines.reaching import RecordContactAttempt
from domain.moments import HOUR, Moment, moment_at
from domain.numbers import year_of_recording
from domain.orders.order_events import Part
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from domain.orders.shipping import ShipOrder
from domain.payments.capturing import CapturePayment
from ledger.book import Book
from ledger.composition import Ledger
from ledger.ticking import tick
from tests.domain.examples import id_of
from tests.ticking.conftest import ANN, ZONE, at, submission

pytestmark = pytest.mark.anyio

DAY = 24 * HOUR
PRICE = 3_400


def on(day: str, clock: str = "00:00") -> Moment:
    """By the clocks of Berlin."""
    return moment_at(day, time.fromisoformat(clock), ZONE)


class Said(NamedTuple):
    """What somebody enters, and when."""

    at: Moment
    command: Command


class Decided(NamedTuple):
    """What time has decided, and from when on."""

    order: int
    kind: str
    at: Moment


Story = tuple[list[Said], list[Decided]]
"""What is entered, in this order, and what time decides by itself."""


def placed(number: int, when: Moment, customer: int, terms: str = "bill_after") -> Said:
    line = AskedLine(sku="DRESS", description="A dress", quantity=1, unit_price=PRICE)
    return Said(
        when,
        PlaceOrder(
            order=id_of("ord", number),
            customer=id_of("cus", customer),
            register=RegisterCustomer(customer=id_of("cus", customer), channel="shop"),
            channel="shop",
            currency="EUR",
            terms="bill_after" if terms == "bill_after" else "card",
            lines=(line,),
        ),
    )


def shipped(number: int, when: Moment) -> Said:
    return Said(
        when,
        ShipOrder(
            order=id_of("ord", number),
            shipment=id_of("shp", number),
            parts=(Part(1, 1),),
            method="parcel",
            tracking="1Z",
            description="sealed",
            bill=NewBill(id_of("bil", number), year_of_recording(when, ZONE)),
        ),
    )


def billed(number: int, when: Moment, customer: int = 1) -> Iterator[Said]:
    """An order that ships on account: its bill is due 30 days later."""
    yield placed(number, when, customer)
    yield shipped(number, when)


def paid(number: int, when: Moment) -> Said:
    payment = id_of("pay", number)
    order = id_of("ord", number)
    return Said(
        when,
        CapturePayment(
            order=order, payment=payment, amount=PRICE, currency="EUR", processor="acme", reference=payment
        ),
    )


def bought(number: int, when: Moment, customer: int) -> Iterator[Said]:
    """An order that makes its customer an existing one."""
    yield placed(number, when, customer, "card")
    yield paid(number, when)
    yield shipped(number, when)


def promised(number: int, when: Moment, due_on: str, promise: int | None = None) -> Said:
    bill, promise_id = id_of("bil", number), id_of("prm", promise or number)
    return Said(when, PromiseToPay(order=id_of("ord", number), bill=bill, promise=promise_id, due_on=due_on))


def declined(number: int, when: Moment, customer: int) -> Iterator[Said]:
    """An order whose card is declined, and whose other cards are searched; nobody was reached yet."""
    order, of = id_of("ord", number), id_of("cus", customer)
    yield placed(number, when, customer, "card")
    yield Said(
        when,
        RecordPaymentFailure(
            order=order,
            customer=of,
            payment=id_of("pay", number),
            amount=PRICE,
            currency="EUR",
            processor="acme",
            decline_code="insufficient_funds",
        ),
    )
    yield Said(when, CompleteCardSearch(order=order, customer=of))


def called(number: int, when: Moment, customer: int) -> Said:
    assert ANN.person is not None
    order, of = id_of("ord", number), id_of("cus", customer)
    return Said(
        when, RecordContactAttempt(order=order, customer=of, channel="phone", reached=False, by=ANN.person)
    )


def spring() -> Story:
    """29 March 2026 has 23 hours. Bills, a promise and releases fall on its begin, or on its end."""
    said = [
        *bought(1, on("2026-02-01"), customer=1),
        *bought(2, on("2026-02-01"), customer=2),
        *billed(3, on("2026-02-26", "23:59:59.999999")),
        *billed(4, on("2026-02-27")),
        *billed(5, on("2026-02-26"), customer=2),
        promised(4, on("2026-03-20"), "2026-03-28"),
        *declined(6, on("2026-03-25", "23:59:59.999999"), customer=3),  # new: never by rule
        called(6, on("2026-03-26"), customer=3),
        *declined(7, on("2026-03-25"), customer=4),
        *bought(8, on("2026-02-01"), customer=5),
        *declined(9, on("2026-03-25", "12:00"), customer=5),
        called(9, on("2026-03-28", "12:00"), customer=5),
        *bought(10, on("2026-02-01"), customer=6),
        *declined(11, on("2026-03-25", "12:00"), customer=6),
        called(11, on("2026-04-02", "15:30"), customer=6),  # the last condition, after its day
        *declined(12, on("2026-03-25", "12:00"), customer=2),  # watched from the very moment on: a person's
        called(12, on("2026-03-28", "12:00"), customer=2),
    ]
    begin, end = on("2026-03-29"), on("2026-03-30")
    assert end - begin == 23 * HOUR
    return said, [
        Decided(3, "BillBecameOverdue", begin),
        Decided(4, "PromiseBroken", begin),
        Decided(4, "BillBecameOverdue", end),
        Decided(5, "BillBecameOverdue", begin),
        Decided(9, "ShipmentReleasedWithoutPayment", begin),
        Decided(11, "ShipmentReleasedWithoutPayment", on("2026-04-02", "15:30")),
    ]


def autumn() -> Story:
    """25 October 2026 has 25 hours. One bill is paid in its last moment, one a moment too late."""
    said = [
        *billed(1, on("2026-09-24")),
        *billed(2, on("2026-09-25")),
        *billed(3, on("2026-09-25"), customer=2),
        *billed(4, on("2026-09-25"), customer=2),
        promised(2, on("2026-10-01"), "2026-10-25"),
        promised(1, on("2026-10-01"), "2026-10-24"),
        promised(1, on("2026-10-24", "23:59:59.999999"), "2026-11-30", 5),  # in time: never broken
        paid(3, on("2026-10-26") - 1),
        paid(4, on("2026-10-26")),
    ]
    begin, end = on("2026-10-25"), on("2026-10-26")
    assert end - begin == 25 * HOUR
    return said, [
        Decided(1, "BillBecameOverdue", begin),
        Decided(1, "PromiseBroken", on("2026-12-01")),
        Decided(2, "BillBecameOverdue", end),
        Decided(2, "PromiseBroken", end),
        Decided(4, "BillBecameOverdue", end),
    ]


def leap() -> Story:
    """Ends of months, and 29 February 2028."""
    said = [
        *billed(1, on("2027-12-31")),
        *billed(2, on("2028-01-29", "23:59:59.999999")),
        *billed(3, on("2028-01-30")),
        *billed(4, on("2028-01-31")),
        promised(4, on("2028-02-01"), "2028-02-29"),
        promised(2, on("2028-02-01"), "2028-02-28"),
    ]
    return said, [
        Decided(1, "BillBecameOverdue", on("2028-01-31")),
        Decided(2, "BillBecameOverdue", on("2028-02-29")),
        Decided(2, "PromiseBroken", on("2028-02-29")),
        Decided(3, "BillBecameOverdue", on("2028-03-01")),
        Decided(4, "BillBecameOverdue", on("2028-03-02")),
        Decided(4, "PromiseBroken", on("2028-03-01")),
    ]


async def lived(book: Book, said: Sequence[Said], ticks: Sequence[Moment]) -> None:
    """The book hears what is said and ticks, each at its moment; at the same one it hears first."""
    assert ANN.person is not None
    at(book, said[0].at)
    await book.execute(RegisterPerson(person=ANN.person, name="sealed", role="agent"), submission())
    moments: list[tuple[Moment, Command | None]] = [*said, *[(moment, None) for moment in ticks]]
    for moment, command in sorted(moments, key=lambda each: (each[0], each[1] is None)):
        at(book, moment)
        if command is None:
            await tick(book)
        else:
            await book.execute(command, submission())


async def told(book: Book, orders: int) -> dict[int, list[tuple[int, Moment, str, str]]]:
    """What each order's stream says."""
    return {
        number: [
            (entry.version, entry.effective_at, entry.meta.origin, type(entry.event).__name__)
            for entry in await book.entries(id_of("ord", number))
        ]
        for number in range(1, orders + 1)
    }


@pytest.mark.parametrize("story", [spring, autumn, leap])
async def test_a_story_ends_alike_however_often_its_book_ticks(
    ledger: Ledger, book_name: str, story: Callable[[], Story]
) -> None:
    """Let what a release waited for leave its row as it was → this fails."""
    said, expected = story()
    orders = sum(isinstance(each.command, PlaceOrder) for each in said)
    end = max(each.at for each in said) + 365 * DAY
    begin = min(each.at for each in said)
    moments = sorted({each.at for each in expected})
    tales: list[object] = []
    for name, ticks in {
        "once": [end],
        "beside": [*[moment + side for moment in moments for side in (-1, 0)], end],
        "nine-days": [*range(begin, end - 250 * DAY, 9 * DAY), end],
    }.items():
        book = await ledger.open_book(f"{book_name[:40]}-{name}", OpenBook(zone=ZONE, country="DE"))
        await lived(book, said, ticks)
        tales.append(await told(book, orders))
    once, beside, nine_days = tales
    assert once == beside == nine_days
    assert isinstance(once, dict)
    decided = [
        Decided(number, kind, moment)
        for number, entries in once.items()
        for _, moment, origin, kind in entries
        if origin == "tick"
    ]
    assert sorted(decided) == sorted(expected)


async def test_just_before_each_moment_nothing_of_it_is_decided(ledger: Ledger, book_name: str) -> None:
    """Ask rows for what is due before a moment and not at it → this fails."""
    said, expected = spring()
    book = await ledger.open_book(book_name, OpenBook(zone=ZONE, country="DE"))
    moment = on("2026-03-29")
    await lived(book, [each for each in said if each.at < moment], [])
    at(book, moment - 1)
    assert await tick(book) == []
    at(book, moment)
    found = [(entry.stream, entry.effective_at) for entry in await tick(book)]
    assert found == [(id_of("ord", each.order), moment) for each in expected if each.at == moment]
