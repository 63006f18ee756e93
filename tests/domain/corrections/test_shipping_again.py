"""What a mistake had ended is to be done again: nobody is forgotten over a cancellation that was none.

Source: H-correct, R-B2, R-P5
"""

from typing import Any

from domain.bills.billing import NewBill
from domain.corrections.correction_events import RefundCorrected
from domain.orders.contacting import RecordContact
from domain.orders.order_events import ContactKind, OrderShipped
from domain.orders.pricing import AskedLine
from domain.refunds.refund_events import RefundGranted
from tests.domain.bill_examples import review
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import ANN, ann
from tests.domain.declines.test_losing_cover import bought, tasks_of
from tests.domain.examples import (
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_SHIPMENT,
    TWO_DRESSES,
    cancel,
    capture,
    id_of,
    place,
    ship,
)
from tests.domain.specification import OWNER, Story


def watched(**order: Any) -> Story:
    """A new order of a customer who owes for another."""
    story = bought(order=OTHER_ORDER, terms="bill_after")
    story.do(ship(order=OTHER_ORDER, shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))
    story.record(ann()).on("2010-09-20").do(place(**order))
    return story


def told(kind: ContactKind) -> RecordContact:
    return RecordContact(order=ORDER, kind=kind, channel="email", by=ANN)


def test_an_order_that_was_cancelled_by_mistake_is_acknowledged_thanked_for_and_looked_at() -> None:
    # Ask only for shipping again → the owner never hears of a watched customer's order.
    story = watched()
    story.do(capture())
    asked = tasks_of(story)
    assert asked == {"acknowledgement", "thanks", "ship_order", "watched_review"}
    story.do(cancel())
    assert tasks_of(story) == {"refund_payout"}
    story.do(correct(story, RefundGranted))
    assert tasks_of(story) == asked


def test_what_had_been_told_and_decided_before_is_not_asked_for_again() -> None:
    story = watched()
    for command in (capture(), review("ship")):
        story.do(command)
    story.do(told("acknowledgement"))
    story.do(cancel())
    story.do(correct(story, RefundGranted))
    assert tasks_of(story) == {"thanks", "ship_order"}


def test_the_owner_is_asked_again_about_goods_that_never_left_only_where_they_never_looked() -> None:
    story = watched()
    for command in (capture(), ship()):
        story.do(command)
    assert "watched_review" not in tasks_of(story)
    story.do(correct(story, OrderShipped, nth=2))
    assert {"watched_review", "ship_order"} <= tasks_of(story)


def test_payment_asked_first_goes_on_while_money_is_missing() -> None:
    story = watched(terms="bill_after")
    for command in (capture(amount=1000), review("payment_first")):
        story.do(command)
    story.do(cancel())
    assert "watched_review" not in tasks_of(story)
    story.do(correct(story, RefundGranted))
    assert "watched_review" in tasks_of(story)
    story.do(capture(payment=id_of("pay", 9), amount=6595, reference="ch_9"))
    assert "watched_review" not in tasks_of(story)


def test_a_part_that_was_cancelled_by_mistake_asks_for_nothing_twice() -> None:
    story = watched()
    for command in (capture(), told("thanks"), cancel((1, 1))):
        story.do(command)
    story.do(correct(story, RefundGranted))
    assert tasks_of(story) == {"acknowledgement", "ship_order", "watched_review"}
    assert story.state(ORDER).units_to_ship == 2


def test_a_line_that_was_cancelled_by_mistake_asks_for_no_thanks_again() -> None:
    # Look at any one line → the customer is to be thanked twice for one order, this fails.
    socks = AskedLine(sku="SOCK", description="A sock", quantity=1, unit_price=100)
    story = watched(lines=(TWO_DRESSES, socks))
    story.do(capture(amount=7695))
    story.do(cancel((2, 1)))
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert [each.kind for each in corrected.deadlines] == ["ship_order"]


def test_the_owner_is_not_asked_again_about_what_is_all_paid() -> None:
    story = watched(terms="bill_after")
    story.do(review("payment_first"))
    for missing in (0, 1):
        again = Story.after(story.entries).by(OWNER).because("sealed:A mistake").on("2010-09-20")
        again.do(capture(amount=7595 - missing))
        again.do(cancel())
        corrected = again.when(correct(again, RefundGranted)).decides(RefundCorrected)
        assert ("watched_review" in {each.kind for each in corrected.deadlines}) == bool(missing)
