"""Tasks and nominations: what is to be done or will come by itself, from when on, and until when."""

from typing import Any

from domain.contacting import RecordContact
from domain.register import BookOpened, PersonRegistered
from domain.ticking import Tick
from projections.deadlines import Deadlines
from projections.folding import folding_of
from projections.projection import AnyProjection
from projections.tasks import Tasks
from tests.domain.examples import (
    BILL,
    NEW_BILL,
    ORDER,
    OTHER_SHIPMENT,
    SHIPMENT,
    cancel,
    capture,
    customer_registered,
    deliver,
    id_of,
    place,
    ship,
)
from tests.domain.specification import ZONE, Story, given, moment

ANN = id_of("per", 7)


def ordered(**other: Any) -> Story:
    story = given(customer_registered(), PersonRegistered(person=ANN, name="sealed:Ann", role="agent"))
    story.do(place(**other))
    return story


def contacted(story: Story, kind: Any, shipment: str | None = None) -> None:
    story.do(RecordContact(order=ORDER, kind=kind, channel="email", by=ANN, shipment=shipment))


def rows(story: Story, projection: AnyProjection) -> list[Any]:
    folding = folding_of(projection)
    for entry in story.entries:
        if type(entry.event) in projection.handles:
            folding.feed(entry)
    assert not folding.parked
    return list(folding.rows())


def tasks(story: Story, day: str, clock: str = "12:00") -> list[tuple[str, str]]:
    """What is to be done at that moment."""
    now = moment(day, clock)
    return [(row.kind, row.subject) for row in rows(story, Tasks()) if row.due is not None and row.due <= now]


def test_scenario_a_leaves_no_task_behind() -> None:
    story = ordered()
    assert tasks(story, "2010-08-10") == [("acknowledgement", ORDER)]
    story.do(capture())
    contacted(story, "acknowledgement")
    contacted(story, "thanks")
    assert tasks(story, "2010-08-11", "23:59:59.999999") == []
    assert tasks(story, "2010-08-12", "00:00") == [("ship_order", ORDER)]
    story.on("2010-08-12").do(ship())
    assert tasks(story, "2010-08-12") == [("shipped", SHIPMENT)]
    contacted(story, "shipped")
    story.on("2010-08-16").do(deliver())
    assert tasks(story, "2010-08-22", "23:59:59.999999") == []
    assert tasks(story, "2010-08-23", "00:00") == [("satisfaction", SHIPMENT)]
    contacted(story.on("2010-08-23"), "satisfaction")
    assert rows(story, Tasks()) == []


def test_an_order_nobody_paid_for_need_not_ship() -> None:
    story = ordered()
    assert ("ship_order", ORDER) not in tasks(story, "2011-08-10")
    story.do(capture())
    assert ("ship_order", ORDER) in tasks(story, "2011-08-10")


def test_a_part_shipment_leaves_the_rest_to_ship() -> None:
    story = ordered(terms="bill_after")
    story.do(ship((1, 1), bill=NEW_BILL))
    assert ("ship_order", ORDER) in tasks(story, "2010-08-12")
    story.do(cancel())
    assert ("ship_order", ORDER) not in tasks(story, "2010-08-12")


def test_a_cancelled_order_asks_for_nothing() -> None:
    story = ordered()
    story.do(cancel((1, 1)))
    assert tasks(story, "2010-08-12")
    story.do(cancel(refund=id_of("ref", 7)))
    assert rows(story, Tasks()) == []


def test_a_contact_about_one_shipment_leaves_those_about_others() -> None:
    story = ordered()
    for command in (capture(), ship((1, 1)), ship((1, 1), shipment=OTHER_SHIPMENT)):
        story.do(command)
    contacted(story, "shipped", SHIPMENT)
    told = [task for task in tasks(story, "2010-08-10") if task[0] == "shipped"]
    assert told == [("shipped", OTHER_SHIPMENT)]
    contacted(story, "shipped")
    assert not [task for task in tasks(story, "2010-08-10") if task[0] == "shipped"]


def test_history_asks_for_nothing() -> None:
    story = Story(customer_registered(), opened=BookOpened(zone=ZONE, country="US", cut_over="2010-08-11"))
    story.from_("import")
    for command in (place(terms="bill_after"), ship((1, 1), bill=NEW_BILL), deliver(), cancel()):
        story.do(command)
    assert rows(story, Tasks()) == []
    assert rows(story, Deadlines()) == []


def test_a_bill_is_nominated_until_it_is_settled_or_was_decided() -> None:
    story = ordered(terms="bill_after")
    story.do(ship(bill=NEW_BILL))
    overdue_at = moment("2010-09-10", "00:00")
    (row,) = rows(story, Deadlines())
    assert (row.stream, row.kind, row.subject, row.due, row.open) == (
        ORDER,
        "bill_overdue",
        BILL,
        overdue_at,
        7595,
    )
    story.do(capture(amount=7594))
    assert [row.open for row in rows(story, Deadlines())] == [1]
    story.on("2010-10-01").with_now(story.at).from_("tick").do(Tick(stream=ORDER))
    assert rows(story, Deadlines()) == []


def test_a_bill_paid_in_time_is_nominated_no_more() -> None:
    story = ordered(terms="bill_after")
    story.do(ship(bill=NEW_BILL))
    story.do(capture())
    assert rows(story, Deadlines()) == []
