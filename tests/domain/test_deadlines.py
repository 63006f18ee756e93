"""Deadlines: which events start them, when they are due and when missed, in any zone and on any day.

Source: §3, R-P5, R-B1
"""

from datetime import UTC, datetime, time
from typing import Any

import msgspec
import pytest

from domain.bills.bill_events import BillIssued
from domain.bills.billing import NewBill
from domain.book.register import BookOpened
from domain.deadlines import MIDNIGHT
from domain.moments import HOUR, instant_of, moment_at, moment_of, plus_days
from domain.orders.order_events import (
    Deadline,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    ShipmentDelivered,
)
from domain.payments.payment_events import PaymentCaptured
from tests.domain.examples import (
    NEW_BILL,
    TWO_DRESSES,
    cancel,
    capture,
    customer_registered,
    deliver,
    id_of,
    place,
    ship,
)
from tests.domain.specification import NOON, ZONE, Story, given, moment


def midnight(day: str, zone: str = ZONE) -> int:
    return moment_at(day, MIDNIGHT, zone)


def decided(story: Story, command: Any, kind: type[Any]) -> tuple[Deadline, ...]:
    """The deadlines of the one event of that kind which the command decides."""
    return story.when(command).decides(kind).deadlines


def test_an_order_is_to_be_acknowledged_at_once_and_thanked_for_within_a_day() -> None:
    found = decided(given(customer_registered()), place(), OrderPlaced)
    assert found == (
        Deadline("acknowledgement", NOON, midnight("2010-08-11")),
        Deadline("thanks", NOON + 24 * HOUR, NOON + 24 * HOUR),
        Deadline("ask_for_payment", midnight("2010-08-12"), midnight("2010-08-13")),
    )


def test_what_needs_no_payment_is_to_ship_two_days_after_the_order() -> None:
    shipping = Deadline("ship_order", midnight("2010-08-12"), midnight("2010-08-13"))
    assert shipping in decided(given(customer_registered()), place(terms="bill_after"), OrderPlaced)
    free = msgspec.structs.replace(TWO_DRESSES, unit_price=0)
    assert shipping in decided(given(customer_registered()), place(lines=(free,), shipping=0), OrderPlaced)


def test_a_capture_that_covers_the_order_starts_its_shipping() -> None:
    story = given(customer_registered())
    story.do(place())
    assert decided(story, capture(amount=7594), PaymentCaptured) == ()
    later = story.on("2010-08-20")
    rest = capture(amount=1, payment="pay_00000000000000000000000009", reference="ch_9")
    # Covered only now: its time has come at once.
    assert decided(later, rest, PaymentCaptured) == (
        Deadline("ship_order", moment("2010-08-20"), midnight("2010-08-21")),
    )


def test_a_cancellation_after_which_the_rest_is_covered_starts_its_shipping() -> None:
    story = given(customer_registered())
    story.do(place())
    story.do(capture(amount=4195))
    shipping = Deadline("ship_order", midnight("2010-08-12"), midnight("2010-08-13"))
    assert decided(story, cancel((1, 1)), OrderUnitsCancelled) == (shipping,)


def test_a_cancellation_of_a_covered_order_starts_nothing_again() -> None:
    story = given(customer_registered())
    story.do(place())
    story.do(capture())
    assert decided(story, cancel((1, 1)), OrderUnitsCancelled) == ()


def test_the_customer_is_told_of_a_shipment_the_same_day_and_asked_a_week_after_delivery() -> None:
    story = given(customer_registered())
    for command in (place(), capture()):
        story.do(command)
    told = decided(story, ship(), OrderShipped)
    assert told == (Deadline("shipped", NOON, midnight("2010-08-11")),)
    asked = decided(story.on("2010-08-16", "23:59"), deliver(), ShipmentDelivered)
    assert asked == (Deadline("satisfaction", midnight("2010-08-23"), midnight("2010-08-24")),)


def test_history_starts_no_deadlines() -> None:
    # Leave `is_history` out of any function of `domain.deadlines` → this fails.
    story = Story(customer_registered(), opened=BookOpened(zone=ZONE, country="US", cut_over="2010-08-11"))
    story.from_("import")
    assert decided(story, place(terms="bill_after"), OrderPlaced) == ()
    assert decided(story, ship(bill=NEW_BILL), BillIssued) == ()
    assert story.entries[-3].event.deadlines == ()  # pyright: ignore[reportAttributeAccessIssue]
    assert decided(story, deliver(), ShipmentDelivered) == ()


def test_what_is_entered_live_about_an_order_from_before_is_a_deadline_and_shipping_it_is_not() -> None:
    story = Story(customer_registered(), opened=BookOpened(zone=ZONE, country="US", cut_over="2010-08-11"))
    story.from_("import").do(place())
    story.from_("api").on("2010-08-11")
    assert decided(story, capture(), PaymentCaptured) == ()
    assert decided(story, ship(), OrderShipped)[0].kind == "shipped"


def test_an_import_from_the_cut_over_day_on_starts_deadlines() -> None:
    story = Story(customer_registered(), opened=BookOpened(zone=ZONE, country="US", cut_over="2010-08-11"))
    story.from_("import").on("2010-08-11", "00:00")
    assert decided(story, place(), OrderPlaced)


# (zone, day of the shipment, its clock, the moment the bill is overdue, in UTC); due after 30 days
OVERDUE_AT = [
    ("America/New_York", "2010-08-10", "12:00", "2010-09-10T04:00:00+00:00"),
    ("America/New_York", "2010-08-10", "23:59", "2010-09-10T04:00:00+00:00"),
    ("America/New_York", "2010-08-11", "00:00", "2010-09-11T04:00:00+00:00"),
    # The day due is the one on which clocks go forward (14 March 2010), the one before, and the one after.
    ("America/New_York", "2010-02-11", "12:00", "2010-03-14T05:00:00+00:00"),
    ("America/New_York", "2010-02-12", "12:00", "2010-03-15T04:00:00+00:00"),
    ("America/New_York", "2010-02-13", "12:00", "2010-03-16T04:00:00+00:00"),
    # … and back (7 November 2010), with the day before.
    ("America/New_York", "2010-10-06", "12:00", "2010-11-06T04:00:00+00:00"),
    ("America/New_York", "2010-10-07", "12:00", "2010-11-07T04:00:00+00:00"),
    ("America/New_York", "2010-10-08", "12:00", "2010-11-08T05:00:00+00:00"),
    # Midnight itself does not exist on the day after: clocks go from 24:00 to 01:00 (17 October 2010).
    ("America/Sao_Paulo", "2010-09-16", "12:00", "2010-10-17T03:00:00+00:00"),
    # Midnight comes twice: clocks go from 01:00 back to 00:00 (31 October 2010). The first begins the day.
    ("America/Havana", "2010-09-30", "12:00", "2010-10-31T04:00:00+00:00"),
    ("Pacific/Kiritimati", "2010-08-10", "12:00", "2010-09-09T10:00:00+00:00"),
    ("Pacific/Pago_Pago", "2010-08-10", "12:00", "2010-09-10T11:00:00+00:00"),
    # Europe's clocks change on other days (28 March and 31 October 2010), and Lord Howe's by half an hour.
    ("Europe/Berlin", "2010-02-25", "12:00", "2010-03-27T23:00:00+00:00"),
    ("Europe/Berlin", "2010-02-26", "12:00", "2010-03-28T22:00:00+00:00"),
    ("Europe/Berlin", "2010-09-30", "12:00", "2010-10-30T22:00:00+00:00"),
    ("Europe/Berlin", "2010-10-01", "12:00", "2010-10-31T23:00:00+00:00"),
    ("Australia/Lord_Howe", "2010-09-02", "12:00", "2010-10-02T13:30:00+00:00"),
    ("Australia/Lord_Howe", "2010-09-03", "12:00", "2010-10-03T13:00:00+00:00"),
    # The last moment of a day, and the first of the next.
    ("Pacific/Kiritimati", "2010-08-10", "23:59:59.999999", "2010-09-09T10:00:00+00:00"),
    ("Pacific/Kiritimati", "2010-08-11", "00:00", "2010-09-10T10:00:00+00:00"),
    # Month ends and leap days, each with the days beside it.
    ("UTC", "2012-01-28", "12:00", "2012-02-28T00:00:00+00:00"),
    ("UTC", "2012-01-29", "12:00", "2012-02-29T00:00:00+00:00"),
    ("UTC", "2012-01-30", "12:00", "2012-03-01T00:00:00+00:00"),
    ("UTC", "2012-01-31", "12:00", "2012-03-02T00:00:00+00:00"),
    ("UTC", "2011-01-28", "12:00", "2011-02-28T00:00:00+00:00"),
    ("UTC", "2011-01-29", "12:00", "2011-03-01T00:00:00+00:00"),
    ("UTC", "2010-03-30", "12:00", "2010-04-30T00:00:00+00:00"),
    ("UTC", "2010-03-31", "12:00", "2010-05-01T00:00:00+00:00"),
    ("UTC", "2011-11-30", "12:00", "2011-12-31T00:00:00+00:00"),
    ("UTC", "2011-12-01", "12:00", "2012-01-01T00:00:00+00:00"),
]


@pytest.mark.parametrize(("zone", "day", "clock", "overdue_at"), OVERDUE_AT)
def test_a_bill_is_overdue_when_the_day_after_its_last_begins(
    zone: str, day: str, clock: str, overdue_at: str
) -> None:
    story = Story(customer_registered(), opened=BookOpened(zone=zone, country="US"))
    story.at = moment_at(day, time.fromisoformat(clock), zone)
    story.do(place(terms="bill_after"))
    bill = ship(bill=NewBill(NEW_BILL.id, int(day[:4])))
    deadline = decided(story, bill, BillIssued)[0]
    assert (deadline.kind, instant_of(deadline.due).isoformat()) == ("bill_overdue", overdue_at)


@pytest.mark.parametrize(
    ("day", "asked_on"),
    [
        ("2012-02-22", "2012-02-29"),
        ("2012-02-23", "2012-03-01"),
        ("2011-02-22", "2011-03-01"),
        ("2010-03-06", "2010-03-13"),
        ("2010-03-07", "2010-03-14"),
        ("2010-03-08", "2010-03-15"),
        ("2010-10-31", "2010-11-07"),
        ("2010-11-01", "2010-11-08"),
        ("2010-12-24", "2010-12-31"),
        ("2010-12-25", "2011-01-01"),
    ],
)
def test_satisfaction_is_asked_for_on_the_seventh_day_whatever_the_clocks_do(day: str, asked_on: str) -> None:
    story = given(customer_registered()).on(day)
    for command in (place(), capture(), ship()):
        story.do(command)
    (deadline,) = decided(story, deliver(), ShipmentDelivered)
    assert deadline.due == midnight(asked_on)


def test_a_moment_is_one_wherever_it_was_told_and_none_without_a_zone() -> None:
    noon = datetime(2010, 8, 10, 16, tzinfo=UTC)
    assert moment_of(noon) == NOON
    with pytest.raises(ValueError, match="time zone"):
        moment_of(noon.replace(tzinfo=None))


def test_thanks_are_due_after_clock_hours_also_when_a_day_has_twenty_three() -> None:
    story = given(customer_registered()).on("2010-03-13")
    found = decided(story, place(), OrderPlaced)
    assert found[1].due == moment("2010-03-14", "13:00")


def test_thanks_are_due_after_clock_hours_also_when_a_day_has_twenty_five() -> None:
    story = given(customer_registered()).on("2010-11-06")
    found = decided(story, place(), OrderPlaced)
    assert found[1].due == moment("2010-11-07", "11:00")


# Days of 23, 24 and 25 hours, and those beside them: a shop's day is over when its clocks say so.
@pytest.mark.parametrize(
    ("day", "over_after"),
    [
        ("2010-03-13", 24),
        ("2010-03-14", 23),
        ("2010-03-15", 24),
        ("2010-11-06", 24),
        ("2010-11-07", 25),
        ("2010-11-08", 24),
        ("2012-02-28", 24),
        ("2012-02-29", 24),
        ("2010-12-31", 24),
    ],
)
@pytest.mark.parametrize("clock", ["00:00", "23:59:59.999999"])
def test_what_is_to_be_done_in_a_day_is_missed_when_that_day_is_over(
    day: str, over_after: int, clock: str
) -> None:
    """Add 24 hours instead of a day → this fails on the days on which clocks change."""
    story = given(customer_registered()).on(day, clock)
    for command in (place(), capture()):
        story.do(command)
    over = midnight(day) + over_after * HOUR
    assert decided(story, place(order=id_of("ord", 7)), OrderPlaced)[0].missed_from == over
    assert decided(story, ship(), OrderShipped)[0].missed_from == over


@pytest.mark.parametrize(
    ("day", "shipped_on"),
    [
        ("2010-03-11", "2010-03-13"),
        ("2010-03-12", "2010-03-14"),
        ("2010-03-13", "2010-03-15"),
        ("2010-11-05", "2010-11-07"),
        ("2010-11-06", "2010-11-08"),
        ("2012-02-26", "2012-02-28"),
        ("2012-02-27", "2012-02-29"),
        ("2012-02-28", "2012-03-01"),
        ("2011-02-27", "2011-03-01"),
        ("2010-12-29", "2010-12-31"),
        ("2010-12-30", "2011-01-01"),
    ],
)
def test_an_order_is_to_ship_on_the_second_day_whatever_the_clocks_do(day: str, shipped_on: str) -> None:
    story = given(customer_registered()).on(day, "23:59:59.999999")
    (*_, shipping) = decided(story, place(terms="bill_after"), OrderPlaced)
    assert (shipping.kind, shipping.due) == ("ship_order", midnight(shipped_on))
    assert shipping.missed_from == midnight(plus_days(shipped_on, 1))
