"""Money that came for an order, had no place there and went back: its customer believes to have paid, so that
the order waits where everybody can see it.

Source: I12, R-D2, R-B2
"""

from typing import Any

import pytest
from msgspec.structs import replace

from domain.bills.owing import OrderOfAnotherCustomer
from domain.declines.decline_events import OrderPlacedOnHold, ShipmentReleasedWithoutPayment
from domain.inbound.returning import UnmatchedNamesOtherOrder
from domain.inbound.unmatched_events import UnmatchedPayoutReturned, UnmatchedReceiptReturned
from domain.refunds.payout_references import ReferenceMissing
from tests.domain.bill_examples import OVERDUE
from tests.domain.decline_examples import ann, customer, declined, held, release
from tests.domain.declines.test_losing_cover import lost, row_of, tasks_of
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    billed,
    cancelled,
    capture,
    captured,
    id_of,
    placed,
    shipped,
)
from tests.domain.notice_examples import MONEY, OTHER_MONEY, assign, give_back, left, unmatched
from tests.domain.specification import OWNER, Story, given


def came_for_it(*events: Any, **money: Any) -> Story:
    """Money came for an order, and had no place."""
    story = given(ann(), customer(), *(events or (placed(),)), unmatched(**money)).on("2010-08-11")
    return story.by(OWNER).because("sealed:It went back")


def test_an_order_waits_where_the_money_that_came_for_it_went_back() -> None:
    # Let a return decide no hold → its customer believes to have paid, and nobody asks them: this fails.
    story = came_for_it()
    _, it = story.do(give_back())
    assert isinstance(it, OrderPlacedOnHold)
    assert it == replace(lost("given_back"), payment=None, deadlines=it.deadlines)
    assert {"reach_customer", "decide_release"} <= tasks_of(story)
    row = row_of(story)
    assert (row.customer, row.missing, row.held_because, row.result) == (CUSTOMER, 7595, "given_back", None)
    story.when(give_back()).nothing()
    story.when(release()).decides(ShipmentReleasedWithoutPayment)


def test_an_order_waits_for_the_rest_where_what_is_left_of_its_money_would_not_do() -> None:
    # Hold it at any return → the customer is asked for what is here already, and this fails.
    story = came_for_it(amount=7596)
    assert len(story.do(give_back(amount=1))) == 1
    _, it = story.do(give_back(amount=1, settlement=id_of("stl", 2)))
    assert isinstance(it, OrderPlacedOnHold)
    assert it.missing == 7595
    assert len(story.do(give_back(amount=7594, settlement=id_of("stl", 3)))) == 1


def test_what_was_assigned_of_its_money_counts_and_the_rest_is_asked_for() -> None:
    story = came_for_it()
    story.do(assign(fact=capture(amount=7594)))
    _, it = story.do(give_back(amount=1))
    assert isinstance(it, OrderPlacedOnHold)
    assert (it.because, it.missing) == ("given_back", 1)
    enough = came_for_it(amount=7596)
    enough.do(assign())
    assert len(enough.do(give_back(amount=1))) == 1


def test_money_of_another_currency_covers_nothing_however_much_of_it_is_left() -> None:
    # Compare amounts alone → the order waits unseen until all of it went back, and this fails.
    story = came_for_it(currency="EUR", amount=10_000)
    assert len(story.do(give_back(currency="EUR", amount=1))) == 2
    lacks_a_cent = (placed(), captured(amount=7594, reference="ch_2"))
    story = came_for_it(*lacks_a_cent, currency="EUR", amount=10_000)
    assert len(story.do(give_back(currency="EUR", amount=1))) == 2


def test_an_order_that_needs_no_money_waits_for_none_that_went_back() -> None:
    shipped_unpaid = (placed(terms="bill_after"), shipped(), billed())
    for events in (
        (placed(), captured(reference="ch_2")),
        (placed(), cancelled((1, 2))),
        (placed(terms="bill_after"),),
        shipped_unpaid,
    ):
        story = came_for_it(*events)
        assert [type(event) for event in story.do(give_back())] == [UnmatchedReceiptReturned]
        assert story.state(ORDER).declines.hold is None


def test_an_order_that_waits_already_or_was_let_go_waits_as_before() -> None:
    story = came_for_it(placed(), declined(), held())
    assert len(story.do(give_back())) == 1
    story = came_for_it(placed(), declined(), held())
    story.do(release())
    assert len(story.do(give_back())) == 1


def test_nobody_is_asked_for_money_while_other_that_came_for_the_order_may_cover_it() -> None:
    # Look at the money alone that goes back → the customer is asked, and charged, a second time: this fails.
    both = (MONEY, OTHER_MONEY)
    for second, is_held in ((7595, False), (7594, True)):
        story = came_for_it()
        story.record(unmatched(unmatched=OTHER_MONEY, reference="ch_2", amount=second))
        events = story.do(give_back(kept=both))
        assert (len(events) == 2) is is_held
    # What waited went back as well, or came for another order or in another currency: it covers nothing.
    story = came_for_it()
    story.record(unmatched(unmatched=OTHER_MONEY, reference="ch_2"))
    story.do(give_back(kept=both))
    assert len(story.do(give_back(unmatched=OTHER_MONEY, settlement=id_of("stl", 2), kept=both))) == 2
    for other in ({"order": OTHER_ORDER}, {"currency": "EUR"}):
        story = came_for_it()
        story.record(unmatched(unmatched=OTHER_MONEY, reference="ch_2", **other))
        assert len(story.do(give_back(kept=both))) == 2


def test_money_that_went_back_before_its_order_was_placed_leaves_it_to_wait_for_its_first_payment() -> None:
    for returned_on, events in (("2010-08-09", 1), ("2010-08-10", 2)):
        story = given(ann(), customer()).by(OWNER).because("sealed:It went back").on("2010-08-09")
        story.record(unmatched())
        story.on("2010-08-10").record(placed())
        assert len(story.on(returned_on).do(give_back())) == events


def test_what_came_back_to_us_takes_nothing_from_an_order() -> None:
    story = given(ann(), customer(), placed(), left()).on("2010-08-11")
    assert [type(event) for event in story.do(give_back())] == [UnmatchedPayoutReturned]


def test_money_went_back_for_the_order_that_it_named() -> None:
    story = came_for_it()
    story.when(give_back(order=None, customer=None)).refused(UnmatchedNamesOtherOrder(MONEY, None))
    story.when(give_back(order=OTHER_ORDER)).refused(UnmatchedNamesOtherOrder(MONEY, OTHER_ORDER))
    story.when(give_back(customer=OTHER_CUSTOMER)).refused(OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER))
    with pytest.raises(ValueError, match="together"):
        give_back(customer=None)
    nobody = came_for_it(order=None, customer=None)
    assert len(nobody.do(give_back(order=None, customer=None))) == 1


def test_what_waits_of_a_watched_customer_says_so() -> None:
    story = came_for_it(*OVERDUE, placed(standing="existing", standing_rests_on=OTHER_ORDER))
    _, it = story.do(give_back())
    assert isinstance(it, OrderPlacedOnHold)
    assert it.is_watched


def test_what_left_us_has_a_name_and_what_came_back_need_not() -> None:
    came_for_it().when(give_back(reference=None)).refused(ReferenceMissing(MONEY))
    story = given(ann(), customer(), placed(), left()).on("2010-08-11")
    assert story.when(give_back(reference=None)).decides(UnmatchedPayoutReturned).reference is None


def test_money_of_a_customer_that_named_no_order_went_back_for_them() -> None:
    no_order = came_for_it(order=None)
    back = no_order.when(give_back(order=None, customer=None)).decides(UnmatchedReceiptReturned)
    assert back.customer == CUSTOMER
