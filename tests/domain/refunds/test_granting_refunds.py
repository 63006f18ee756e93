"""Refunds of an order: units at the price paid, the fee, the age that only labels, what clears and what is
due back.

Source: R-G3, R-G5, R-G6, R-G9, I13, I14
"""

from typing import Any

import pytest

from domain.bills.bill_events import BillShare, BillWrittenOff, WriteOffReversed
from domain.bills.billing import NewBill
from domain.bills.owing import OrderOfAnotherCustomer
from domain.causes import EffectiveBeforeCause
from domain.declines.decline_events import OrderReleased
from domain.orders.order import LineUnknown
from domain.orders.order_events import OrderLine, OrderUnitsCancelled
from domain.orders.shipping import ShipmentExceedsUnits
from domain.refunds.granting import NothingToRefund, RefundExceedsUnits
from domain.refunds.refund_events import (
    AskedUnits,
    RefundAsk,
    RefundedPart,
    RefundGranted,
    RefundRequested,
    RefundWithdrawn,
)
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import payment_reversed, reverse, written_off
from tests.domain.decline_examples import customer, fail
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    DELIVERY,
    ORDER,
    OTHER_BILL,
    OTHER_CUSTOMER,
    OTHER_DELIVERY,
    OTHER_REFUND,
    OTHER_SHIPMENT,
    REFUND,
    SHIPMENT,
    billed,
    cancel,
    capture,
    captured,
    credit_note_taken,
    customer_registered,
    deliver,
    delivered,
    guaranteed,
    id_of,
    placed,
    refund_granted,
    ship,
    shipped,
)
from tests.domain.refund_examples import approve, ask, deciding, grant, used
from tests.domain.specification import AGENT, OWNER, Story, given, moment

NOTE = {"year": 2010, "number": 1}
BY_AGENT = {"decided_by": AGENT.person, "decided_as": "agent", "limit": 15000}


def shipped_order(**other: Any) -> Story:
    """Two dresses, paid, shipped and delivered on the day they were ordered."""
    story = given(customer_registered(), placed(**other), captured(), shipped())
    story.do(deliver())
    return story


def part(quantity: int = 1, **other: Any) -> RefundedPart:
    """Units of the first line, refunded on the day they were ordered and delivered."""
    said = {
        "line": 1,
        "quantity": quantity,
        "shipment": SHIPMENT,
        "delivery": DELIVERY,
        "goods": 3400 * quantity,
        "tax": 0,
        "label": "supplier",
        "days_since_delivery": 0,
        "days_since_order": 0,
    }
    return RefundedPart(**{**said, **other})


def granted(*parts: RefundedPart, **other: Any) -> RefundGranted:
    """The agent granted a refund of those parts."""
    goods = sum(part.goods for part in parts)
    units = {part.line: 0 for part in parts}
    for each in parts:
        units[each.line] += each.quantity
    said: dict[str, Any] = {
        "basis": "price_paid",
        "granted": goods,
        "credit_amount": goods,
        "goods": goods,
        "parts": parts,
        "ask": ask(*[(line, quantity) for line, quantity in units.items() if line is not None]),
    }
    return refund_granted(**{**said, **NOTE, **BY_AGENT, **other})


def test_one_dress_goes_back_at_the_price_paid() -> None:
    story = shipped_order()
    story.when(grant((1, 1))).then(granted(part()), credit_note_taken(), used(3400, refund=REFUND))
    assert story.state(ORDER).purse().due_back == 3400
    assert story.account(ORDER).balance == -3400


def test_the_fee_goes_back_with_the_last_unit() -> None:
    # Leave `fee_goes_back` out of `order_draft` → this fails.
    story = shipped_order()
    story.do(grant((1, 1), refund=OTHER_REFUND))
    event = story.when(grant((1, 1))).decides(RefundGranted)
    assert (event.returns_fee, event.shipping, event.credit_amount) == (True, 795, 4195)
    assert story.state(ORDER).purse().due_back == 7595


@pytest.mark.parametrize("problem", ["wrong_item", "not_received", "damaged", "late"])
def test_a_problem_the_customer_reports_brings_the_fee_back_at_once_and_once(problem: str) -> None:
    story = shipped_order()
    event = story.when(grant((1, 1), observed_problem=problem, refund=OTHER_REFUND)).decides(RefundGranted)
    assert (event.basis, event.shipping, event.granted) == ("original_charges", 795, 4195)
    again = story.when(grant((1, 1), observed_problem=problem)).decides(RefundGranted)
    assert (again.basis, again.shipping, again.granted) == ("original_charges", 0, 3400)


def test_late_before_anything_shipped_the_fee_is_never_charged() -> None:
    story = given(customer_registered(), placed(), captured())
    event = story.when(grant(observed_problem="late")).decides(RefundGranted)
    assert (event.credit_amount, event.fee_dropped, event.granted, event.number) == (0, 795, 795, None)
    assert story.state(ORDER).price_to_ship() == 6800
    assert story.state(ORDER).purse().due_back == 795
    story.do(ship())
    assert story.account(ORDER).charged == 6800


def test_units_are_priced_from_the_first_upward_with_discount_and_tax_to_the_last_cent() -> None:
    line = OrderLine(1, "A", "", 3, 1000, 1, 77)  # 30.76 for three: 10.25, 10.26, 10.25
    story = given(customer_registered(), placed(lines=(line,), shipping=0, total=3076))
    story.do(capture(amount=3076))
    story.do(ship((1, 3)))
    amounts = [
        story.when(grant((1, 1), refund=id_of("ref", number))).decides(RefundGranted) for number in (1, 2, 3)
    ]
    assert [(it.credit_amount, it.goods, it.tax) for it in amounts] == [
        (1025, 999, 26),
        (1026, 1001, 25),
        (1025, 999, 26),
    ]
    assert sum(it.credit_amount for it in amounts) == 3076


def test_no_more_units_than_there_are() -> None:
    # Leave the check out of `_split` → this fails.
    story = shipped_order()
    story.when(grant((1, 3))).refused(RefundExceedsUnits(ORDER, 1, 3, 2))
    story.do(grant((1, 2), refund=OTHER_REFUND))
    story.when(grant((1, 1))).refused(RefundExceedsUnits(ORDER, 1, 1, 0))


def test_what_is_asked_back_before_it_ships_is_cancelled_in_the_same_command() -> None:
    story = given(customer_registered(), placed(), captured())
    story.do(ship((1, 1)))
    decided = story.do(grant((1, 2)))
    assert [type(event) for event in decided[:2]] == [OrderUnitsCancelled, RefundGranted]
    event = decided[1]
    assert isinstance(event, RefundGranted)
    assert (event.credit_amount, event.granted, event.shipping) == (4195, 7595, 795)
    assert story.state(ORDER).purse().due_back == 7595
    story.when(ship((1, 1), shipment=OTHER_SHIPMENT)).refused(ShipmentExceedsUnits(ORDER, 1, 1, 0))
    story.when(grant((1, 2))).nothing()


def test_what_has_not_shipped_at_all_is_a_deposit_that_goes_back_without_limit() -> None:
    # Compare the deposit with the limit → this fails.
    dear = OrderLine(1, "SOFA", "", 1, 900000, 0, 0)
    story = given(customer_registered(), placed(lines=(dear,), shipping=0, total=900000))
    story.do(capture(amount=900000))
    event = story.when(grant((1, 1))).decides(RefundGranted)
    assert (event.basis, event.granted, event.credit_amount) == ("undelivered", 900000, 0)
    assert (event.decided_as, event.number) == (None, None)


def test_an_unpaid_order_asked_back_before_it_ships_is_only_cancelled() -> None:
    story = given(customer_registered(), placed())
    story.when(grant((1, 2))).decides(OrderUnitsCancelled)
    assert not story.state(ORDER).refunds


def test_something_must_go_back() -> None:
    story = shipped_order()
    story.when(grant()).refused(NothingToRefund(ORDER))
    story.when(grant((2, 1))).refused(LineUnknown(ORDER, 2))
    story.when(grant((1, 1), customer=OTHER_CUSTOMER)).refused(OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER))


def test_goods_for_nothing_are_refunded_too() -> None:
    gift = OrderLine(1, "CARD", "", 1, 0, 0, 0)
    story = given(customer_registered(), placed(lines=(gift,), shipping=0, total=0))
    story.do(ship((1, 1)))
    event = story.when(grant((1, 1))).decides(RefundGranted)
    assert (event.granted, event.number, len(event.parts)) == (0, None, 1)


# Windows and age


@pytest.mark.parametrize(
    ("day", "label"),
    [
        ("2010-09-09", "supplier"),
        ("2010-09-10", "guarantee"),
        ("2011-02-10", "guarantee"),
        ("2011-02-11", "beyond_guarantee"),
        ("2012-08-10", "beyond_guarantee"),
    ],
)
def test_age_labels_the_row_and_never_lowers_the_money(day: str, label: str) -> None:
    # Take the label at another day than that of the request → this fails.
    story = shipped_order()
    story.on(day)
    event = story.when(grant((1, 1), deciding=deciding(day=day))).decides(RefundGranted)
    assert (event.parts[0].label, event.credit_amount) == (label, 3400)


def test_the_label_is_taken_at_the_request_not_at_the_grant() -> None:
    story = shipped_order()
    story.on("2010-09-20")
    asked = grant((1, 1), asked_at=moment("2010-09-08"), deciding=deciding(day="2010-09-20"))
    event = story.when(asked).decides(RefundGranted)
    assert [(each.label, each.days_since_delivery) for each in event.parts] == [("supplier", 29)]


@pytest.mark.parametrize(
    ("asked_on", "label", "days"),
    [("2010-08-10", "supplier", 0), ("2010-08-09", "guarantee", None), ("2010-07-31", "supplier", None)],
)
def test_what_was_asked_for_before_the_delivery_and_granted_after_it_is_undelivered(
    asked_on: str, label: str, days: int | None
) -> None:
    # Count the days whichever came first → this fails.
    story = (
        given().on("2010-06-01").record(customer_registered(), placed(ordered_on="2010-07-01"), captured())
    )
    story.record(shipped()).on("2010-08-10").record(delivered(), guaranteed())
    asked = grant((1, 1), asked_at=moment(asked_on), deciding=deciding(day="2010-08-10"))
    (part,) = story.when(asked).decides(RefundGranted).parts
    assert (part.label, part.days_since_delivery, part.delivery) == (label, days, DELIVERY)


def test_two_deliveries_have_two_windows_and_the_earliest_ending_goes_first() -> None:
    # Sort the windows by their beginning or not at all → this fails.
    story = given(customer_registered(), placed(), captured())
    story.do(ship((1, 2)))
    story.on("2010-09-20").do(deliver((1, 1), delivery=OTHER_DELIVERY))
    story.on("2010-09-01").by(OWNER).with_now(moment("2011-03-10")).do(deliver((1, 1)))
    story.on("2011-03-10")
    early = story.do(grant((1, 1), refund=OTHER_REFUND, deciding=deciding(OWNER.person, "2011-03-10")))[0]
    late = story.do(grant((1, 1), deciding=deciding(OWNER.person, "2011-03-10")))[0]
    assert isinstance(early, RefundGranted)
    assert isinstance(late, RefundGranted)
    assert [(it.parts[0].delivery, it.parts[0].label) for it in (early, late)] == [
        (DELIVERY, "beyond_guarantee"),
        (OTHER_DELIVERY, "guarantee"),
    ]


@pytest.mark.parametrize(("day", "label"), [("2010-09-09", "supplier"), ("2011-09-10", "guarantee")])
def test_what_is_under_way_is_never_beyond_the_guarantee(day: str, label: str) -> None:
    story = given(customer_registered(), placed(), captured(), shipped()).on(day)
    event = story.when(grant((1, 1), deciding=deciding(day=day))).decides(RefundGranted)
    (only,) = event.parts
    assert (only.label, only.delivery, only.shipment) == (label, None, SHIPMENT)


# What clears, and what is due back


def on_account(paid: int = 0) -> Story:
    """Two dresses shipped on a bill of 75.95, of which so much was paid."""
    story = given(customer_registered(), placed(terms="bill_after"), shipped(), billed())
    return story.record(captured(amount=paid, bills=(BillShare(BILL, paid),))) if paid else story


def test_what_was_never_paid_clears_its_bill_and_nothing_is_due_back() -> None:
    # Pay out the credit instead of clearing the bill → this fails.
    story = on_account()
    event = story.when(grant((1, 2))).decides(RefundGranted)
    assert event.cleared == (BillShare(BILL, 7595),)
    assert event.deadlines == ()
    assert (story.state(ORDER).open_bills(), story.state(ORDER).purse().due_back) == (0, 0)


def test_of_what_was_paid_in_part_the_open_part_clears_first() -> None:
    story = on_account(paid=5000)
    story.do(grant((1, 2)))
    assert (story.state(ORDER).open_bills(), story.state(ORDER).purse().due_back) == (0, 5000)


def test_what_was_written_off_counts_as_open_again_and_is_cleared() -> None:
    # Clear only open bills → this fails: the customer would get money they never paid.
    story = on_account(paid=5000).record(
        BillWrittenOff(
            order=ORDER,
            customer=CUSTOMER,
            bill=BILL,
            currency="USD",
            amount=2595,
            uncollectible=0,
            good_reason="illness",
            call=1,
        )
    )
    reopened, event, *_ = story.do(grant((1, 2)))
    assert isinstance(reopened, WriteOffReversed)
    assert (reopened.amount, reopened.because, reopened.by) == (2595, "refund", REFUND)
    assert isinstance(event, RefundGranted)
    assert event.write_offs_cleared == (BillShare(BILL, 2595),)
    assert story.state(ORDER).purse().due_back == 5000
    assert story.account(ORDER).written_off == 0


def test_the_bill_of_the_units_concerned_clears_before_an_older_one() -> None:
    lines = (OrderLine(1, "A", "", 1, 1000, 0, 0), OrderLine(2, "B", "", 1, 1000, 0, 0))
    order = placed(terms="bill_after", lines=lines, shipping=0, total=2000)
    story = given(customer_registered(), order)
    story.do(ship((1, 1), bill=NewBill(BILL, 2010)))
    story.do(ship((2, 1), shipment=OTHER_SHIPMENT, bill=NewBill(id_of("bil", 2), 2010)))
    event = story.when(grant((2, 1))).decides(RefundGranted)
    assert event.cleared == (BillShare(id_of("bil", 2), 1000),)


def test_a_refund_of_one_line_stays_as_deposit_for_what_is_still_to_ship() -> None:
    lines = (OrderLine(1, "A", "", 1, 1000, 0, 0), OrderLine(2, "B", "", 1, 1000, 0, 0))
    story = given(customer_registered(), placed(lines=lines, shipping=0, total=2000))
    story.do(capture(amount=1000))
    story.do(ship((1, 1)))
    story.do(grant((1, 1)))
    assert (story.state(ORDER).purse().deposit, story.state(ORDER).purse().due_back) == (1000, 0)


def test_a_claim_beyond_the_line_says_what_shipped_and_what_is_still_to_ship() -> None:
    story = given(customer_registered(), placed(), captured(), shipped((1, 1), goods=3400, charge=4195))
    story.when(grant((1, 3))).refused(RefundExceedsUnits(ORDER, 1, 3, 2))


def test_a_line_named_twice_is_taken_from_what_shipped_first() -> None:
    story = given(customer_registered(), placed(), captured(), shipped((1, 1), goods=3400, charge=4195))
    decided = story.do(grant((1, 1), (1, 1)))
    (cancelled,) = (it for it in decided if isinstance(it, OrderUnitsCancelled))
    (event,) = (it for it in decided if isinstance(it, RefundGranted))
    assert ([it.quantity for it in cancelled.parts], [it.quantity for it in event.parts]) == ([1], [1])


@pytest.mark.parametrize(("fee", "back"), [(0, False), (1, True)])
def test_a_problem_alone_brings_back_a_fee_that_there_is(fee: int, back: bool) -> None:
    line = OrderLine(1, "A", "", 1, 1000, 0, 0)
    story = given(customer_registered(), placed(lines=(line,), shipping=fee, total=1000 + fee))
    story.do(capture(amount=1000 + fee))
    asked = story.when(grant(observed_problem="late"))
    if back:
        event = asked.decides(RefundGranted)
        assert (event.granted, event.fee_dropped, event.credit_amount) == (1, 1, 0)
        assert [it.kind for it in event.deadlines] == ["refund_payout"]
    else:
        asked.refused(NothingToRefund(ORDER))


def test_a_held_order_whose_last_units_are_asked_back_waits_no_longer() -> None:
    story = given(customer(), placed())
    story.do(fail())
    decided = story.do(grant((1, 2)))
    assert OrderReleased(order=ORDER, customer=CUSTOMER, because="cancelled", by=REFUND) in decided
    paid = given(customer(), placed(), captured(), shipped((1, 1), goods=3400, charge=4195))
    paid.do(reverse(amount=3400))
    paid.do(fail(amount=3400))
    released = [it for it in paid.do(grant((1, 1))) if isinstance(it, OrderReleased)]
    assert [it.because for it in released] == ["paid"]


def test_it_clears_nothing_that_was_owed_only_later() -> None:
    story = shipped_order().on("2010-08-12").record(payment_reversed())
    owed_at = story.at
    early = story.with_now(owed_at).on("2010-08-11")
    early.when(grant((1, 1), deciding=deciding(day="2010-08-12"))).refused(
        EffectiveBeforeCause(early.at, owed_at)
    )


def test_what_was_let_off_and_is_cleared_is_not_due_back() -> None:
    story = given(customer_registered(), placed(terms="bill_after"), shipped(), billed(), written_off())
    event = story.when(grant((1, 1))).decides(RefundGranted)
    assert event.write_offs_cleared == (BillShare(BILL, 3400),)
    assert [it.kind for it in event.deadlines] == []
    assert story.state(ORDER).purse().due_back == 0


# Retry, request, time


def test_what_was_only_cancelled_is_known_again_and_with_other_units_refused() -> None:
    story = given(customer_registered(), placed())
    story.do(grant((1, 1)))
    story.when(grant((1, 1))).nothing()
    story.when(grant((1, 2))).refused(AlreadyRecordedOtherwise(REFUND))
    whole = given(customer_registered(), placed())
    whole.do(cancel())
    whole.when(grant((1, 2))).refused(AlreadyRecordedOtherwise(REFUND))


def test_an_approval_of_what_is_no_longer_due_only_cancels_and_ends_the_request() -> None:
    story = given(customer_registered(), placed(), captured())
    story.do(grant((1, 1), only_request=True))
    story.record(payment_reversed(opened=0))
    decided = story.do(approve())
    assert [type(it) for it in decided] == [OrderUnitsCancelled, RefundWithdrawn]


def test_it_was_not_asked_for_before_the_order() -> None:
    story = shipped_order()
    early = moment("2010-08-10", "11:59")
    story.when(grant((1, 1), asked_at=early)).refused(EffectiveBeforeCause(early, story.at))


def test_it_was_not_asked_for_before_the_first_contact_about_it() -> None:
    # Leave the contact out → the audit counts minutes below nought, and this fails.
    story = shipped_order()
    story.when(grant((1, 1), first_contact_at=story.at + 1)).refused(
        EffectiveBeforeCause(story.at, story.at + 1)
    )
    asked = grant((1, 1), first_contact_at=story.at, asked_at=story.at - 1)
    placed_before = given().on("2010-08-09").record(customer_registered(), placed(), captured(), shipped())
    placed_before.at = story.at
    placed_before.when(asked).refused(EffectiveBeforeCause(story.at - 1, story.at))
    story.when(grant((1, 1), first_contact_at=story.at)).decides(RefundGranted)


def test_the_same_refund_with_other_content_is_refused() -> None:
    story = shipped_order()
    story.do(grant((1, 1)))
    story.when(grant((1, 1))).nothing()
    story.when(grant((1, 2))).refused(AlreadyRecordedOtherwise(REFUND))
    story.when(grant((1, 1), observed_problem="late")).refused(AlreadyRecordedOtherwise(REFUND))


def test_a_request_grants_nothing() -> None:
    story = shipped_order()
    event = story.when(grant((1, 1), only_request=True)).decides(RefundRequested)
    assert (event.amount, event.basis, event.requested_by) == (3400, "price_paid", AGENT.person)
    assert story.account(ORDER).credited == 0


def test_nothing_is_refunded_before_it_shipped_nor_before_it_was_asked_for() -> None:
    story = given(customer_registered(), placed(), captured()).on("2010-08-12").record(shipped())
    story.on("2010-08-11").with_now(moment("2010-08-12"))
    story.when(grant((1, 1), deciding=deciding(day="2010-08-12"))).refused(
        EffectiveBeforeCause(moment("2010-08-11"), moment("2010-08-12"))
    )
    late = shipped_order().on("2010-08-11")
    asked = grant((1, 1), asked_at=moment("2010-08-12"), deciding=deciding(day="2010-08-11"))
    late.when(asked).refused(EffectiveBeforeCause(moment("2010-08-11"), moment("2010-08-12")))


THREE = OrderLine(1, "A", "", 3, 1000, 0, 0)


def three_shipped() -> Story:
    """Three units on their way in one parcel, paid."""
    ordered = placed(lines=(THREE,), shipping=0, total=3000)
    sent = shipped((1, 3), goods=3000, shipping=0, charge=3000)
    return given(customer_registered(), ordered, captured(amount=3000), sent)


def places(event: RefundGranted) -> list[tuple[str | None, int]]:
    return [(part.delivery, part.quantity) for part in event.parts]


def test_units_named_in_two_parts_come_out_of_one_window_after_the_other() -> None:
    story = three_shipped()
    story.do(deliver((1, 2)))
    story.do(deliver((1, 1), delivery=OTHER_DELIVERY))
    both = story.when(grant((1, 1), (1, 1))).decides(RefundGranted)
    assert places(both) == [(DELIVERY, 1), (DELIVERY, 1)]
    rest = story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    assert places(rest) == [(OTHER_DELIVERY, 1)]


def test_what_was_refunded_on_the_way_takes_no_window_while_as_many_are_under_way() -> None:
    story = three_shipped()
    story.do(grant((1, 1)))
    story.do(deliver((1, 1)))
    second = story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    assert places(second) == [(DELIVERY, 1)]


def test_what_was_refunded_on_the_way_takes_one_window_once_all_arrived() -> None:
    story = three_shipped()
    story.do(grant((1, 1)))
    story.do(deliver((1, 1)))
    story.do(deliver((1, 1), delivery=OTHER_DELIVERY))
    story.do(deliver((1, 1), delivery=id_of("dlv", 3)))
    rest = story.when(grant((1, 2), refund=OTHER_REFUND)).decides(RefundGranted)
    assert places(rest) == [(OTHER_DELIVERY, 1), (id_of("dlv", 3), 1)]


def test_what_is_under_way_is_as_old_as_its_order() -> None:
    story = three_shipped().on("2010-08-15")
    event = story.when(grant((1, 1), deciding=deciding(day="2010-08-15"))).decides(RefundGranted)
    assert [(it.days_since_order, it.days_since_delivery) for it in event.parts] == [(5, None)]


def test_a_credit_note_from_elsewhere_keeps_its_line_and_its_own_amount() -> None:
    story = three_shipped()
    noted = AskedUnits(1, 2, note_line=5, note_price=900)
    event = story.when(grant(ask=RefundAsk(units=(noted,)))).decides(RefundGranted)
    assert [(it.note_line, it.note_amount) for it in event.parts] == [(5, 1800)]
    other = story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    assert [(it.note_line, it.note_amount) for it in other.parts] == [(None, None)]


def test_a_unit_refunded_on_its_way_is_not_refunded_again_once_it_arrived() -> None:
    """Count its window when it arrives → the other shipment's unit is never named. Found by the model."""
    story = given(customer_registered(), placed())
    for command in (capture(), ship((1, 1)), ship((1, 1), shipment=OTHER_SHIPMENT)):
        story.do(command)
    first = story.when(grant((1, 1))).decides(RefundGranted)
    story.do(deliver())
    second = story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    assert [(part.shipment, part.delivery) for part in first.parts] == [(SHIPMENT, None)]
    assert [(part.shipment, part.delivery) for part in second.parts] == [(OTHER_SHIPMENT, None)]


def test_without_a_fee_only_the_units_own_bill_is_cleared_first() -> None:
    """Count the first shipment for a fee of 0 → its bill is cleared instead. Found by the model."""
    story = given(customer_registered(), placed(terms="bill_after", shipping=0, total=6800))
    story.do(ship((1, 1), bill=NewBill(BILL, 2010)))
    story.do(ship((1, 1), shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))
    story.do(deliver(shipment=OTHER_SHIPMENT))
    refund = story.when(grant((1, 1), observed_problem="damaged")).decides(RefundGranted)
    assert [(share.bill, share.amount) for share in refund.cleared] == [(OTHER_BILL, 3400)]
