"""Scenario A, "wrong dresses", as far as it is built: ordered to delivered. Source: domain §5"""

from domain.order_events import OrderPlaced
from projections.order_timeline import timeline_of
from tests.domain.examples import CUSTOMER, ORDER, capture, deliver, place, register, ship
from tests.domain.specification import given, moment


def test_two_dresses_are_ordered_paid_shipped_and_guaranteed() -> None:
    story = given().on("2010-08-10")
    story.when(place(register=register())).decides(OrderPlaced)
    story.do(capture())
    assert story.account(ORDER).balance == -7595
    story.on("2010-08-12").do(ship())
    assert story.account(ORDER).balance == 0
    story.on("2010-08-16").do(deliver())
    assert story.facts(CUSTOMER, story.at).orders[ORDER].settled

    milestones = timeline_of(story.entries)
    assert [(step.what, step.at) for step in milestones] == [
        ("placed", moment("2010-08-10")),
        ("captured", moment("2010-08-10")),
        ("shipped", moment("2010-08-12")),
        ("delivered", moment("2010-08-16")),
        ("guarantee_granted", moment("2010-08-16")),
    ]
    assert milestones[2].tracking == "1Z999AA10123456784"
    assert milestones[4].guarantee_until == "2011-02-16"
    assert milestones[4].supplier_until == "2010-09-09"
