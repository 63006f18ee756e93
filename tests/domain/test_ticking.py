"""Ticking: what time decides, at which moment, and that it makes no difference how often anybody looks.

Source: §3, R-B1, R-B7
"""

from contextlib import suppress
from typing import Any

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.bills.bill_events import BillBecameOverdue
from domain.bills.billing import NewBill
from domain.book.register import BookOpened
from domain.command import Command
from domain.decisions import decide
from domain.moments import HOUR, MINUTE
from domain.numbers import year_of_recording
from domain.orders.order import Placed
from domain.payments.capturing import CaptureExceedsPrice
from domain.refusal import Refusal
from domain.ticking import Tick
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    NEW_BILL,
    ORDER,
    cancel,
    capture,
    customer_registered,
    deliver,
    id_of,
    place,
    ship,
)
from tests.domain.specification import ZONE, Story, given, moment

TICK = Tick(stream=ORDER)
OVERDUE_AT = moment("2010-09-10", "00:00")
"""Billed on 10 August, due on 9 September."""


def billed(opened: BookOpened | None = None, origin: str = "api") -> Story:
    """Two dresses ordered on bill and shipped on 10 August: 75.95 due on 9 September."""
    story = given(customer_registered()) if opened is None else Story(customer_registered(), opened=opened)
    story.from_(origin)
    story.do(place(terms="bill_after"))
    story.do(ship(bill=NEW_BILL))
    return story.from_("api")


def overdue(**other: Any) -> BillBecameOverdue:
    said = {"bill": BILL, "currency": "USD", "open": 7595, "due_on": "2010-09-09"}
    return BillBecameOverdue(**{"order": ORDER, "customer": CUSTOMER, **said, **other})


def ticked(story: Story, at: int, stream: str = ORDER) -> list[tuple[int, object]]:
    """What a tick at that moment records, each with the moment it takes effect."""
    before, origin = len(story.entries), story.origin
    story.at = at
    story.from_("tick").do(Tick(stream=stream))
    story.from_(origin)
    return [(entry.effective_at, entry.event) for entry in story.entries[before:]]


def test_a_bill_is_overdue_from_the_first_moment_of_the_day_after_its_last() -> None:
    # Compare with `<` instead of `<=` in `_bills_overdue`, or decide it at the tick's moment → this fails.
    story = billed()
    assert ticked(story, OVERDUE_AT - 1) == []
    assert ticked(story, OVERDUE_AT) == [(OVERDUE_AT, overdue())]
    state = story.state(ORDER)
    assert isinstance(state, Placed)
    assert state.bills[BILL].overdue_since == OVERDUE_AT


def test_a_late_tick_records_the_same_and_a_second_one_nothing() -> None:
    story = billed()
    assert ticked(story, moment("2011-08-10")) == [(OVERDUE_AT, overdue())]
    assert ticked(story, moment("2011-08-11")) == []
    assert story.entries[-1].meta.origin == "tick"
    assert story.entries[-1].meta.person == "system"


def test_a_part_payment_leaves_the_rest_overdue_and_a_whole_one_nothing() -> None:
    story = billed()
    story.on("2010-08-20").do(capture(amount=7594))
    assert ticked(story, OVERDUE_AT) == [(OVERDUE_AT, overdue(open=1))]
    paid = billed()
    paid.on("2010-09-09", "23:59:59.999999").do(capture())
    assert ticked(paid, moment("2010-10-01")) == []


def test_before_a_command_comes_what_was_due_in_its_stream() -> None:
    # Leave `due_in` out of `decide` → this fails: the payment would come before the bill was late.
    story = billed()
    story.on("2010-10-01")
    decision = decide(capture(), story.given(capture()))
    assert [(due.at, due.stream, due.event) for due in decision.due] == [(OVERDUE_AT, ORDER, overdue())]
    assert [type(event).__name__ for _, event in decision.events] == ["PaymentCaptured"]


def test_a_command_at_the_very_moment_comes_after_it_and_one_before_does_not() -> None:
    story = billed()
    story.at = OVERDUE_AT
    assert decide(capture(), story.given(capture())).due
    story.at = OVERDUE_AT - 1
    assert not decide(capture(), story.given(capture())).due


def test_what_records_nothing_itself_brings_nothing_along() -> None:
    story = billed()
    story.on("2010-08-20").do(capture(amount=100))
    story.on("2010-10-01")
    again = decide(capture(amount=100), story.given(capture(amount=100)))
    assert (again.events, again.due) == ((), ())
    assert again.already
    too_much = capture(amount=7496, payment=id_of("pay", 9), reference="ch_9")
    story.when(too_much).refused(CaptureExceedsPrice)


def test_a_book_ticks_whatever_happened_long_ago() -> None:
    # Ask `is_backdated_too_far` of a tick too → this fails.
    story = billed()
    story.with_now(moment("2015-01-01"))
    assert ticked(story, OVERDUE_AT) == [(OVERDUE_AT, overdue())]


def test_history_never_becomes_overdue() -> None:
    opened = BookOpened(zone=ZONE, country="US", cut_over="2010-08-11")
    assert ticked(billed(opened, origin="import"), moment("2011-08-10")) == []
    lived = BookOpened(zone=ZONE, country="US", cut_over="2010-08-10")
    assert ticked(billed(lived, origin="import"), moment("2011-08-10")) == [(OVERDUE_AT, overdue())]


def test_scenario_b_is_overdue_and_stays_payable() -> None:
    # Shipped and billed on 6 March 2009, due 5 April; 6 April: overdue. Never paid until 1 October.
    story = given(customer_registered()).on("2009-03-06", "09:30")
    story.do(place(terms="bill_after"))
    story.do(ship(bill=NewBill(BILL, 2009)))
    assert ticked(story, moment("2009-04-05", "23:59:59.999999")) == []
    assert ticked(story, moment("2009-04-06", "00:00")) == [
        (moment("2009-04-06", "00:00"), overdue(due_on="2009-04-05"))
    ]
    assert story.account(ORDER).balance == 7595
    story.on("2009-10-01").do(capture())
    assert story.account(ORDER).balance == 0


def test_several_bills_come_due_each_at_its_own_moment() -> None:
    story = given(customer_registered())
    story.do(place(terms="bill_after"))
    story.do(ship((1, 1), bill=NEW_BILL))
    story.on("2010-08-15").do(ship((1, 1), shipment=id_of("shp", 2), bill=NewBill(id_of("bil", 2), 2010)))
    found = ticked(story, moment("2011-01-01"))
    assert [at for at, _ in found] == [OVERDUE_AT, moment("2010-09-15", "00:00")]


# Any step size gives the same events

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["place", "place", "ship", "ship", "pay", "deliver", "cancel", "wait"]),
        st.integers(0, 2),
        st.integers(1, 3),
        st.integers(0, 40 * 24),
    ),
    max_size=25,
)
"""(what, on which order, how much, how many hours later)."""


def _command(kind: str, order: int, amount: int, number: int, story: Story) -> Command | None:
    it = id_of("ord", 100 + order)
    match kind:
        case "place":
            return place(order=it, terms="bill_after" if order else "card", shipping=0)
        case "ship":
            year = year_of_recording(story.at, ZONE)
            bill = NewBill(id_of("bil", number), year) if order else None
            return ship((1, min(amount, 2)), order=it, shipment=id_of("shp", number), bill=bill)
        case "pay":
            reference = {"payment": id_of("pay", number), "reference": f"ch_{number}"}
            return capture(order=it, amount=amount * 1700, **reference)
        case "deliver":
            state = story.state(it)
            shipments = list(state.shipments) if isinstance(state, Placed) else []
            return (
                deliver(order=it, shipment=shipments[-1], delivery=id_of("dlv", number))
                if shipments
                else None
            )
        case "cancel":
            return cancel((1, 1), order=it, refund=id_of("ref", number))
        case _:
            return None


def _told(steps: list[tuple[str, int, int, int]], every: int | None) -> dict[str, list[tuple[object, ...]]]:
    """Each order's entries when the book ticks every so many hours; None: only once, years later."""
    story = given(customer_registered())
    at = last = story.at
    for number, (kind, order, amount, later) in enumerate(steps, 1):
        at += later * HOUR + 7 * MINUTE
        while every is not None and last + every * HOUR <= at:
            last += every * HOUR
            _tick_all(story, last)
        story.at = at
        command = _command(kind, order, amount, number, story)
        if command is not None:
            with suppress(Refusal):
                story.do(command)
    _tick_all(story, moment("2014-12-31"))
    told: dict[str, list[tuple[object, ...]]] = {}
    for entry in story.entries:
        said = (entry.version, entry.effective_at, entry.meta.origin, entry.event)
        told.setdefault(entry.stream, []).append(said)
    return told


def _tick_all(story: Story, at: int) -> None:
    for order in range(3):
        ticked(story, at, id_of("ord", 100 + order))


@settings(max_examples=60, deadline=None)
@for_all(STEPS, st.integers(1, 400))
def test_ticking_by_the_hour_or_once_gives_the_same_events(
    steps: list[tuple[str, int, int, int]], every: int
) -> None:
    # Leave `due_in` out of `decide`, or give a tick's entries its own moment → this fails.
    once = _told(steps, None)
    assert _told(steps, every) == once
    assert _told(steps, 24) == once


def test_a_paid_order_has_nothing_due() -> None:
    story = given(customer_registered())
    for command in (place(), capture(), ship()):
        story.do(command)
    assert ticked(story, moment("2011-08-10")) == []
