"""Refunds of an order: units at the price paid, with the fee, and what is asked back before it ships.

Source: R-G3, R-G5, R-G6, I13, I14
"""

from typing import Any

import msgspec
import pytest

from domain.bills.owing import OrderOfAnotherCustomer
from domain.causes import EffectiveBeforeCause
from domain.command import OutOfRange
from domain.declines.decline_events import OrderReleased
from domain.orders.order import LineUnknown
from domain.orders.order_events import Deadline, OrderLine, OrderUnitsCancelled
from domain.orders.shipping import ShipmentExceedsUnits
from domain.refunds.deciding_refunds import MomentTooLate
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
from tests.domain.bill_examples import payment_reversed, reverse
from tests.domain.decline_examples import customer, fail
from tests.domain.examples import (
    CUSTOMER,
    DELIVERY,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_REFUND,
    OTHER_SHIPMENT,
    REFUND,
    SHIPMENT,
    cancel,
    capture,
    captured,
    credit_note_taken,
    customer_registered,
    id_of,
    placed,
    refund_granted,
    ship,
    shipped,
)
from tests.domain.refund_examples import approve, ask, deciding, grant, shipped_order, used
from tests.domain.specification import AGENT, NOON, given, moment

NOTE = {"year": 2010, "number": 1}
LIVE = (Deadline("thanks", NOON, NOON),)
"""Of an order that is no history: it started deadlines."""


BY_AGENT = {"decided_by": AGENT.person, "decided_as": "agent", "limit": 15000}


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


def test_a_credit_note_from_elsewhere_keeps_its_line_and_its_own_amount() -> None:
    story = shipped_order()
    noted = AskedUnits(1, 2, note_line=5, note_price=900)
    event = story.when(grant(ask=RefundAsk(units=(noted,)))).decides(RefundGranted)
    assert [(it.note_line, it.note_amount) for it in event.parts] == [(5, 1800)]
    own = shipped_order().when(grant((1, 1))).decides(RefundGranted)
    assert [(it.note_line, it.note_amount) for it in own.parts] == [(None, None)]


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
    assert isinstance(decided[-1], RefundWithdrawn)
    assert (decided[-1].order, decided[-1].customer) == (ORDER, CUSTOMER)


def test_it_was_not_asked_for_before_the_order() -> None:
    story = shipped_order()
    early = moment("2010-08-10", "11:59")
    story.when(grant((1, 1), asked_at=early)).refused(EffectiveBeforeCause(early, story.at))


def test_it_was_not_asked_for_before_the_first_contact_about_it() -> None:
    # Leave the contact out → the audit counts minutes below nought, and this fails.
    story = shipped_order()
    story.when(grant((1, 1), first_contact_at=story.at + 1)).refused(
        MomentTooLate("first_contact_at", story.at)
    )
    asked = grant((1, 1), first_contact_at=story.at, asked_at=story.at - 1)
    placed_before = given().on("2010-08-09").record(customer_registered(), placed(), captured(), shipped())
    placed_before.at = story.at
    placed_before.when(asked).refused(MomentTooLate("first_contact_at", story.at - 1))
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
    late.when(asked).refused(MomentTooLate("asked_at", moment("2010-08-11")))


def shipping_asked(lines: tuple[OrderLine, ...], paid: int) -> bool:
    """Whether refunding what shipped of the first line asks to ship the second, or the rest."""
    story = given(
        customer_registered(),
        placed(
            lines=lines, total=795 + sum(each.quantity * each.unit_price for each in lines), deadlines=LIVE
        ),
        captured(amount=paid),
        shipped((1, 1), goods=3400, charge=4195),
    )
    kinds = {each.kind for each in story.when(grant((1, 1))).decides(RefundGranted).deadlines}
    return "ship_order" in kinds


@pytest.mark.parametrize(
    ("price", "paid", "asked"),
    [(3400, 4195, True), (3400, 7594, True), (3400, 7595, False), (3401, 4195, False)],
    ids=["nothing of it was covered", "a cent was missing", "nothing was missing", "a cent is missing still"],
)
def test_what_a_refund_covers_of_the_rest_is_to_be_shipped(price: int, paid: int, asked: bool) -> None:
    # Start nothing → what is covered is nobody's task, and this fails; always start → it is asked for twice.
    line = OrderLine(1, "DRESS-36", "A dress", 1, 3400, 0, 0)
    assert shipping_asked((line, msgspec.structs.replace(line, number=2, unit_price=price)), paid) == asked


def test_what_is_asked_back_before_it_ships_and_leaves_the_rest_covered_is_to_be_shipped() -> None:
    story = given(customer_registered(), placed(deadlines=LIVE), captured(amount=4195))
    gone = story.when(grant((1, 1))).decides(OrderUnitsCancelled)
    assert [each.kind for each in gone.deadlines] == ["ship_order"]


def test_a_fee_that_will_never_be_charged_does_not_go_back() -> None:
    story = given(customer_registered(), placed())
    assert story.when(grant(observed_problem="late")).decides(RefundGranted).returns_fee
    story = given(customer_registered(), placed())
    story.do(cancel())
    nothing = grant(observed_problem="late", refund=OTHER_REFUND)
    story.when(nothing).refused(NothingToRefund(ORDER))


def test_a_refund_is_of_at_least_one_unit() -> None:
    with pytest.raises(OutOfRange, match=r"^quantity must"):
        grant((1, 0))
