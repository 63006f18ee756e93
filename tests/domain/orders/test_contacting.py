"""Contacts: what the customer of an order is told and asked. Source: R-P5"""

from typing import Any

import pytest

from domain.book.register import PersonRegistered
from domain.causes import EffectiveBeforeCause
from domain.orders.contacting import (
    NoCardUsedYet,
    NothingToTellYet,
    PersonUnknown,
    RecordContact,
    ThanksFromNobody,
)
from domain.orders.delivering import ShipmentUnknown
from domain.orders.order import OrderNotPlaced, OrderUnknown
from domain.orders.order_events import CustomerContactMade
from projections.timeline.contacts import contacts_of
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_DELIVERY,
    OTHER_PAYMENT,
    OTHER_SHIPMENT,
    SHIPMENT,
    capture,
    customer_registered,
    deliver,
    id_of,
    place,
    placed,
    prepared,
    ship,
)
from tests.domain.specification import Story, given, moment

ANN, ROBOT = id_of("per", 7), id_of("per", 8)


def persons() -> tuple[PersonRegistered, ...]:
    return (
        PersonRegistered(person=ANN, name="sealed:Ann", role="agent"),
        PersonRegistered(person=ROBOT, name="sealed:Shop", role="service"),
    )


def contact(**other: Any) -> RecordContact:
    """Ann thanks by email."""
    return RecordContact(**{"order": ORDER, "kind": "thanks", "channel": "email", "by": ANN, **other})


def made(**other: Any) -> CustomerContactMade:
    said = {"kind": "thanks", "shipment": None, "channel": "email", "by": ANN, "note": None}
    return CustomerContactMade(**{"order": ORDER, "customer": CUSTOMER, **said, **other})


def ordered() -> Story:
    return given(customer_registered(), *persons(), placed())


def test_a_contact_is_recorded_and_the_same_at_the_same_moment_is_the_same() -> None:
    story = ordered()
    story.when(contact(note="sealed:Hello")).then(made(note="sealed:Hello"))
    story.on("2010-08-10", "12:01").when(contact(note="sealed:Hello")).then(made(note="sealed:Hello"))


def test_a_machine_may_acknowledge_but_a_named_person_thanks() -> None:
    # Leave the check on thanks out → this fails.
    ordered().when(contact(kind="acknowledgement", by=None)).then(made(kind="acknowledgement", by=None))
    ordered().when(contact(by=None)).refused(ThanksFromNobody(ORDER))
    ordered().when(contact(by=ROBOT)).refused(PersonUnknown(ROBOT))
    ordered().when(contact(by=id_of("per", 9))).refused(PersonUnknown(id_of("per", 9)))


def test_nobody_is_told_of_a_shipment_or_asked_about_a_delivery_that_was_not() -> None:
    story = ordered()
    story.when(contact(kind="shipped")).refused(NothingToTellYet(ORDER, "shipped"))
    story.do(capture())
    story.do(ship())
    story.when(contact(kind="shipped")).then(made(kind="shipped"))
    story.when(contact(kind="satisfaction")).refused(NothingToTellYet(ORDER, "satisfaction"))
    story.do(deliver())
    story.when(contact(kind="satisfaction", shipment=SHIPMENT)).then(
        made(kind="satisfaction", shipment=SHIPMENT)
    )


def test_nobody_is_told_before_it_happened_or_thanked_before_the_order() -> None:
    story = ordered()
    for command in (capture(), ship()):
        story.do(command)
    story.on("2010-08-12").do(deliver())
    told, asked = contact(kind="shipped"), contact(kind="satisfaction")
    before = story.with_now(story.at).on("2010-08-10", "11:59")
    before.when(told).refused(NothingToTellYet(ORDER, "shipped"))
    before.when(contact()).refused(EffectiveBeforeCause(before.at, moment("2010-08-10")))
    before.on("2010-08-11").when(asked).refused(NothingToTellYet(ORDER, "satisfaction"))
    before.when(told).then(made(kind="shipped"))


def test_the_customer_is_told_of_a_card_once_one_was_charged() -> None:
    told = contact(kind="card_used")
    story = ordered()
    story.when(told).refused(NoCardUsedYet(ORDER))
    story.do(capture(amount=1))
    story.when(told).then(made(kind="card_used"))
    story.on("2010-08-12").do(capture(amount=1, payment=OTHER_PAYMENT, reference="ch_2"))
    before = story.with_now(story.at).on("2010-08-10", "11:59:59.999999")
    before.when(told).refused(NoCardUsedYet(ORDER))
    before.on("2010-08-11").when(told).then(made(kind="card_used"))


def test_a_contact_names_what_there_is() -> None:
    asked = contact(kind="shipped", shipment=OTHER_SHIPMENT)
    ordered().when(asked).refused(ShipmentUnknown(ORDER, OTHER_SHIPMENT))
    given(*persons()).when(contact()).refused(OrderUnknown(ORDER))
    given(*persons(), prepared()).when(contact()).refused(OrderNotPlaced(ORDER))


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "marketing"), ("channel", "pigeon"), ("by", "cus_x"), ("shipment", "ord_x"), ("note", "")],
)
def test_marketing_is_no_contact_and_neither_is_what_has_no_kind(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"kind|channel|expected the id|note"):
        contact(**{field: value})


def statuses(story: Story, day: str, clock: str = "12:00") -> dict[str, str]:
    entries = [entry for entry in story.entries if entry.stream == ORDER]
    return {it.kind: it.status for it in contacts_of(entries, moment(day, clock))}


def test_the_four_contacts_are_planned_due_missed_or_done() -> None:
    story = given(customer_registered(), *persons())
    story.do(place())
    assert statuses(story, "2010-08-10") == {"acknowledgement": "due", "thanks": "planned"}
    assert statuses(story, "2010-08-10", "23:59:59.999999")["acknowledgement"] == "due"
    assert statuses(story, "2010-08-11", "00:00") == {"acknowledgement": "missed", "thanks": "planned"}
    assert statuses(story, "2010-08-11", "11:59:59.999999")["thanks"] == "planned"
    assert statuses(story, "2010-08-11", "12:00")["thanks"] == "missed"
    story.on("2010-08-12").do(contact(kind="acknowledgement"))
    story.do(contact())
    assert set(statuses(story, "2010-08-30").values()) == {"done"}
    story.do(capture())
    story.do(ship())
    story.on("2010-08-16").do(deliver())
    story.do(contact(kind="shipped"))
    assert statuses(story, "2010-08-22", "23:59:59.999999")["satisfaction"] == "planned"
    assert statuses(story, "2010-08-23", "00:00")["satisfaction"] == "due"
    assert statuses(story, "2010-08-23", "23:59:59.999999")["satisfaction"] == "due"
    assert statuses(story, "2010-08-24", "00:00")["satisfaction"] == "missed"
    story.on("2010-08-23").do(contact(kind="satisfaction"))
    entries = [entry for entry in story.entries if entry.stream == ORDER]
    found = contacts_of(entries, moment("2010-08-24"))
    assert [(it.kind, it.numbers, it.shipment, it.status) for it in found] == [
        ("acknowledgement", (1,), None, "done"),
        ("thanks", (1,), None, "done"),
        ("shipped", (2, 3), SHIPMENT, "done"),
        ("satisfaction", (4,), SHIPMENT, "done"),
    ]
    assert contacts_of(entries, moment("2010-08-24")) == found


def test_with_production_the_second_contact_is_one_of_its_own() -> None:
    story = given(customer_registered(), *persons())
    for command in (place(), contact(kind="production"), capture(), ship()):
        story.do(command)
    shipped = [it for it in contacts_of(story.entries, story.at) if it.kind == "shipped"]
    assert [it.numbers for it in shipped] == [(3,)]


def test_what_arrives_later_is_asked_about_again() -> None:
    story = given(customer_registered(), *persons())
    for command in (place(), capture(), ship(), deliver((1, 1)), contact(kind="satisfaction")):
        story.do(command)
    assert statuses(story, "2010-09-30")["satisfaction"] == "done"
    story.on("2010-08-20").do(deliver(delivery=OTHER_DELIVERY))
    assert statuses(story, "2010-08-20")["satisfaction"] == "planned"
