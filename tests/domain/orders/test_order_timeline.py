"""The order's story: one milestone for each thing that happened to it."""

from domain.book.register import PersonRegistered
from domain.orders.contacting import RecordContact
from domain.orders.evolve_order import EVOLVE_PLACED
from domain.orders.order_events import CartPrepared, OrderPlaced
from projections.timeline.story import TOLD, timeline_of
from tests.domain.examples import (
    BILL,
    NEW_BILL,
    ORDER,
    OTHER_REFUND,
    SHIPMENT,
    cancel,
    capture,
    check_out,
    customer_registered,
    deliver,
    id_of,
    place,
    prepare,
    ship,
)
from tests.domain.specification import Story, given, moment


def bill_story() -> Story:
    """A cart checked out on bill; one dress shipped, the other paid for and cancelled."""
    story = given(customer_registered())
    for command in (
        prepare(),
        check_out(terms="bill_after"),
        ship((1, 1), bill=NEW_BILL),
        capture(amount=3400),
        deliver(),
        cancel(refund=OTHER_REFUND),
    ):
        story.do(command)
    return story


def test_every_step_of_an_order_is_a_milestone() -> None:
    steps = timeline_of(bill_story().entries)
    assert [(step.what, step.amount, step.units) for step in steps] == [
        ("cart_prepared", 7595, 2),
        ("placed", 7595, 2),
        ("shipped", 4195, 1),
        ("billed", 4195, None),
        ("captured", 3400, None),
        ("delivered", None, 1),
        ("guarantee_granted", None, 1),
        ("units_cancelled", None, 1),
        ("refund_granted", 3400, None),
    ]


def test_folding_twice_tells_the_same_story() -> None:
    entries = bill_story().entries
    assert timeline_of(entries) == timeline_of(entries)


def test_the_timeline_leaves_out_what_is_not_the_orders() -> None:
    assert timeline_of(given(customer_registered()).entries) == ()


def test_contacts_and_lateness_are_part_of_the_story() -> None:
    ann = id_of("per", 7)
    story = given(customer_registered(), PersonRegistered(person=ann, name="sealed:Ann", role="agent"))
    story.do(place(terms="bill_after"))
    story.do(ship(bill=NEW_BILL))
    story.do(RecordContact(order=ORDER, kind="shipped", channel="email", by=ann, shipment=SHIPMENT))
    story.on("2010-10-01").do(capture())
    *_, contact, overdue, paid = timeline_of(story.entries)
    assert (contact.what, contact.contact, contact.channel, contact.by, contact.reference) == (
        "contact_made",
        "shipped",
        "email",
        ann,
        SHIPMENT,
    )
    assert (overdue.what, overdue.at, overdue.amount, overdue.due_on, overdue.reference) == (
        "bill_overdue",
        moment("2010-09-10", "00:00"),
        7595,
        "2010-09-09",
        BILL,
    )
    assert paid.what == "captured"


def test_every_event_of_an_order_is_told() -> None:
    assert set(TOLD) == {CartPrepared, OrderPlaced, *EVOLVE_PLACED}
