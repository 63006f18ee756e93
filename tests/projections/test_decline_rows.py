"""Rows about declines say what the orders say: what is left to try or to ship, what was taken back."""

from typing import Any

from domain.declines.decline_events import OrderReleased
from domain.orders.order import price_not_covered
from domain.orders.order_events import OrderShipped, OverdueBill
from projections.declined_payments import DeclinedPayment, DeclinedPayments
from projections.orders import OrderRow, Orders
from projections.watched_orders import WatchedOrder, WatchedOrders
from tests.domain.bill_examples import reverse
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import (
    OLD_CARD,
    ann,
    customer,
    declined,
    fail,
    held,
    old_card,
    release,
    search,
)
from tests.domain.declines.test_reaching_and_giving_up import not_delivered
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_REFUND,
    cancel,
    cancelled,
    capture,
    card_stored,
    id_of,
    placed,
    ship,
)
from tests.domain.figures import rows_of
from tests.domain.specification import OWNER, Story, given

EXISTING: dict[str, Any] = {"standing": "existing", "standing_rests_on": OTHER_ORDER}


def test_units_that_never_left_are_left_to_review() -> None:
    watched = placed(terms="bill_after", watched_for=(OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 1),))
    story = given(customer(), watched).by(OWNER).because("sealed:A mistake")
    story.do(ship(bill=NEW_BILL))
    story.do(correct(story, OrderShipped))
    found = [row for row in rows_of(WatchedOrders(), story.entries) if isinstance(row, WatchedOrder)]
    (row,) = [row for row in found if not row.bill]
    assert row.units_left == 2 == story.state(ORDER).units_to_ship


def test_only_the_cards_that_were_to_be_tried_count_as_tried() -> None:
    # Count every declined card → the next step is said to be a release while a card is left to try.
    story = given(customer(), card_stored(), old_card(), placed(**EXISTING))
    for command in (fail(), search()):
        story.do(command)
    for number in (51, 52):
        story.do(fail(payment=id_of("pay", number), reference=f"ch_{number}", payment_method=CARD))
    (row,) = rows_of(DeclinedPayments(), story.entries)
    assert isinstance(row, DeclinedPayment)
    assert (row.cards_usable, row.cards_tried, row.cards_left) == (2, 1, OLD_CARD)


def test_what_an_order_on_hold_lacks_is_what_is_missing_now() -> None:
    # Keep what was missing as the hold began → who calls the customer asks for what they have paid, this
    # fails; forget that money is due back after a cancellation → the chargeback is counted twice, this fails.
    story = given(ann(), customer(), placed()).by(OWNER).because("sealed:A mistake")
    seen: list[int] = []
    part = {"payment": OTHER_PAYMENT, "reference": "ch_2"}
    for command in (
        fail(),
        capture(amount=3000),
        cancel((1, 1)),
        capture(amount=1195, **part),
        cancel((1, 1), refund=OTHER_REFUND),
        reverse(amount=3000),
    ):
        story.do(command)
        seen.append(missing(story))
        assert seen[-1] == price_not_covered(story.state(ORDER))
    assert seen == [7595, 4595, 1195, 0, 0, 0]


def test_what_a_customer_paid_is_missing_again_once_the_bank_takes_it_back() -> None:
    story = given(ann(), customer(), placed()).by(OWNER).because("sealed:A mistake")
    for command in (
        fail(),
        capture(amount=3000),
        capture(amount=4595, payment=OTHER_PAYMENT, reference="ch_2"),
    ):
        story.do(command)
    assert missing(story) == 0
    story.do(reverse(amount=3000))
    assert missing(story) == 3000 == price_not_covered(story.state(ORDER))
    story.do(release())
    story.do(ship(bill=NEW_BILL))
    assert missing(story) == 0 == price_not_covered(story.state(ORDER))


def missing(story: Story) -> int:
    (row,) = rows_of(DeclinedPayments(), story.entries)
    assert isinstance(row, DeclinedPayment)
    return row.missing


def status_of(story: Story) -> str:
    (row,) = [row for row in rows_of(Orders(), story.entries) if isinstance(row, OrderRow)]
    return row.status


def test_an_order_that_waits_for_its_money_is_on_hold_until_it_is_let_go() -> None:
    # Leave the holds out of the fold → who looks for orders on hold finds none, this fails.
    story = given(ann(), customer(), placed(**EXISTING)).by(OWNER).because("sealed:A mistake")
    assert status_of(story) == "placed"
    story.do(fail())
    assert status_of(story) == "on_hold"
    story.do(release())
    assert status_of(story) == "placed"


def test_what_a_customer_cancels_is_cancelled_and_what_nobody_could_reach_them_for_not_delivered() -> None:
    gone, on_hold = cancelled((1, 2)), (customer(), placed(), declined(), held())
    released = OrderReleased(order=ORDER, customer=CUSTOMER, because="cancelled")
    assert status_of(given(*on_hold, gone, released)) == "cancelled"
    assert status_of(given(*on_hold, not_delivered(), gone)) == "not_delivered"
