"""Correcting a refund in full: what it had granted is taken back, and what may ship again is to ship.

Source: H-correct, R-G9, I14
"""

from typing import Any

import pytest

from domain.bills.bill_events import BillIssued, BillMarkedUncollectible, BillPaymentReceived, BillShare
from domain.bills.billing import NewBill
from domain.corrections.correcting_refunds import RefundSettled
from domain.corrections.correction_events import (
    PaymentCorrected,
    RefundCorrected,
    ReopenedShare,
    ShipmentCorrected,
)
from domain.declines.decline_events import OrderPlacedOnHold
from domain.orders.order_events import Deadline, OrderLine, OrderShipped, Part
from domain.payments.payment_events import CreditSetAside, PaymentCaptured
from domain.refunds.refund_events import RefundedPart, RefundGranted, RefundPaid
from tests.domain.bill_examples import pay_bill, written_off
from tests.domain.correction_examples import by_supervisor, correct, order
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    REFUND,
    SHIPMENT,
    billed,
    cancel,
    cancelled,
    captured,
    id_of,
    number_taken,
    place,
    placed,
    refund_granted,
    ship,
    shipped,
    usd,
)
from tests.domain.refund_examples import deciding, grant
from tests.domain.specification import SUPERVISOR, Story, moment

TO_SHIP = Deadline("ship_order", moment("2010-08-12", "00:00"), moment("2010-08-13", "00:00"))
ONE_DRESS = RefundedPart(line=1, quantity=1, shipment=SHIPMENT, goods=3400, tax=0)


def refund_corrected(**other: Any) -> RefundCorrected:
    """Of a deposit of 75.95 given back."""
    said = {
        "refund": REFUND,
        "customer": CUSTOMER,
        "order": ORDER,
        "corrects": 0,
        "basis": "undelivered",
        "currency": "USD",
        "granted": 7595,
        "credit_amount": 0,
        "goods": 0,
        "tax": 0,
        "shipping": 0,
        "shipping_tax": 0,
        "shipping_credit": 0,
        "returns_fee": False,
        "fee_dropped": 0,
        "parts": (),
        "reopened": (),
        "written_off": (),
        "cancelled": (),
        "cancelled_price": 0,
        "to_ship": 0,
        "not_cancelled": 0,
    }
    return RefundCorrected(**{**said, **other})


def paid(event: RefundGranted, amount: int) -> RefundPaid:
    return RefundPaid(
        refund=event.refund,
        customer=CUSTOMER,
        order=event.order,
        payout=id_of("pot"),
        currency="USD",
        amount=amount,
        method="cheque",
        payment=None,
        payment_method=None,
        reference=None,
    )


def kept(event: RefundGranted, amount: int) -> CreditSetAside:
    return CreditSetAside(
        customer=CUSTOMER,
        order=event.order,
        credit=id_of("crd"),
        currency="USD",
        amount=amount,
        source="refund",
        subject=event.refund,
    )


def test_all_that_a_cancellation_gave_back_is_taken_back() -> None:
    story = by_supervisor(placed(), captured(), shipped((1, 1), goods=3400, charge=4195))
    story.do(cancel())
    story.when(correct(story, RefundGranted)).then(
        refund_corrected(
            corrects=8,
            granted=3400,
            cancelled=(Part(1, 1),),
            cancelled_price=3400,
            to_ship=1,
            not_cancelled=2,
        )
    )


def test_a_fee_that_was_dropped_with_it_is_to_come_again() -> None:
    story = by_supervisor(placed(), captured())
    story.do(cancel())
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert (corrected.fee_dropped, corrected.returns_fee) == (795, True)
    assert (corrected.to_ship, corrected.not_cancelled) == (2, 2)
    assert order(story).price_to_ship() == 7595


def test_units_of_an_order_that_still_ships_bring_no_fee_again() -> None:
    # Count what was to ship before as well → this fails.
    story = by_supervisor(placed(), captured())
    story.do(cancel((1, 1)))
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert (corrected.cancelled_price, corrected.fee_dropped) == (3400, 0)
    story.do(ship((1, 1)))
    taken_back = story.when(correct(story, OrderShipped)).decides(ShipmentCorrected)
    assert (taken_back.charge, taken_back.fee_dropped) == (4195, 0)


def test_a_refund_says_again_what_it_was_made_of() -> None:
    made_of = {
        "basis": "original_charges",
        "granted": 4045,
        "credit_amount": 4045,
        "goods": 3300,
        "tax": 100,
        "shipping": 700,
        "shipping_tax": 45,
        "shipping_credit": 100,
    }
    part = RefundedPart(line=1, quantity=1, shipment=SHIPMENT, goods=3300, tax=100)
    fee = {"shipping": 700, "shipping_tax": 45, "shipping_credit": 100}
    ordered = placed(lines=(OrderLine(1, "DRESS-36", "", 2, 3300, 0, 200),), **fee, total=7445)
    sent = shipped(**fee, goods=6600, tax=200, charge=7445)
    story = by_supervisor(ordered, captured(amount=7445), sent, refund_granted(**made_of, parts=(part,)))
    story.when(correct(story, RefundGranted)).then(
        refund_corrected(**made_of, corrects=7, parts=(part,), not_cancelled=2)
    )


def test_what_it_had_cleared_and_reopened_of_a_bill_is_as_before() -> None:
    granted = refund_granted(
        basis="price_paid",
        credit_amount=3400,
        goods=3400,
        parts=(ONE_DRESS,),
        cleared=(BillShare(BILL, 3400),),
    )
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed(), granted)
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert corrected.reopened == (ReopenedShare(bill=BILL, amount=3400),)
    assert order(story).bills[BILL].cleared == 0


@pytest.mark.parametrize(
    ("terms", "paid_so_far", "starts"),
    [("card", 7595, True), ("card", 1000, False), ("bill_after", 1000, True)],
)
def test_units_that_may_ship_again_are_to_ship_where_they_are_covered(
    terms: str, paid_so_far: int, starts: bool
) -> None:
    story = by_supervisor()
    story.do(place(terms=terms))
    story.record(captured(amount=paid_so_far))
    story.do(cancel())
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    shipping = tuple([each for each in corrected.deadlines if each.kind == "ship_order"])
    assert shipping == (TO_SHIP,) * starts


def test_a_refund_of_what_shipped_starts_no_shipping_of_the_rest() -> None:
    story = by_supervisor()
    story.do(place())
    story.record(captured(), shipped((1, 1), goods=3400, charge=4195))
    story.record(refund_granted(basis="price_paid", credit_amount=3400, goods=3400, parts=(ONE_DRESS,)))
    assert story.when(correct(story, RefundGranted)).decides(RefundCorrected).deadlines == ()


def test_what_was_paid_out_and_what_was_kept_are_both_settled() -> None:
    own = refund_granted(order=None, basis="stated", granted=900, credit_amount=900)
    story = by_supervisor(own, paid(own, 300), kept(own, 500))
    story.when(correct(story, RefundGranted, stream=CUSTOMER)).refused(RefundSettled(REFUND, usd(800)))
    kept_only = by_supervisor(own, kept(own, 500))
    kept_only.when(correct(kept_only, RefundGranted, stream=CUSTOMER)).refused(
        RefundSettled(REFUND, usd(500))
    )


def test_a_shipment_corrected_counts_what_of_the_order_is_not_cancelled() -> None:
    story = by_supervisor(placed(), captured(), shipped((1, 1), goods=3400, charge=4195), cancelled((1, 1)))
    corrected = story.when(correct(story, OrderShipped)).decides(ShipmentCorrected)
    assert (corrected.to_ship, corrected.not_cancelled) == (1, 1)


@pytest.mark.parametrize(("terms", "starts"), [("bill_after", True), ("card", False)])
def test_goods_that_never_left_are_to_ship_where_nothing_has_to_be_paid_first(
    terms: str, starts: bool
) -> None:
    story = by_supervisor()
    story.do(place(terms=terms))
    story.record(shipped())
    corrected = story.when(correct(story, OrderShipped)).decides(ShipmentCorrected)
    shipping = tuple([each for each in corrected.deadlines if each.kind == "ship_order"])
    assert shipping == (TO_SHIP,) * starts


def given_up(story: Story) -> int:
    return order(story).bills[BILL].uncollectible


def test_a_bill_that_is_void_is_given_up_no_longer() -> None:
    about: dict[str, Any] = {"order": ORDER, "customer": CUSTOMER, "bill": BILL, "currency": "USD"}
    gone = BillMarkedUncollectible(**about, amount=7595)
    on_bill = (placed(terms="bill_after"), shipped(), billed(), number_taken(), gone)
    story = by_supervisor(*on_bill)
    assert given_up(story) == 7595
    story.do(correct(story, OrderShipped))
    assert given_up(story) == 0
    replaced = by_supervisor(*on_bill)
    replaced.do(correct(replaced, BillIssued, bill=NewBill(OTHER_BILL, 2010)))
    assert given_up(replaced) == 0


def test_what_was_let_off_before_is_let_off_again() -> None:
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed(), written_off())
    before = order(story).account
    story.do(grant((1, 1), deciding=deciding(SUPERVISOR.person)))
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert corrected.written_off == (BillShare(BILL, 3400),)
    assert corrected.reopened == (ReopenedShare(bill=BILL, amount=3400),)
    after = order(story)
    assert (after.account, after.open_bills(), after.bills[BILL].written_off) == (before, 0, 7595)


def on_bill_live() -> Story:
    """Both dresses billed as in a shop that is open, due on 9 September."""
    story = by_supervisor()
    story.do(place(terms="bill_after"))
    story.do(ship(bill=NewBill(BILL, 2010)))
    return story


OVERDUE = moment("2010-09-10", "00:00")


def test_a_bill_opened_again_by_a_cent_is_overdue_when_it_would_have_been() -> None:
    story = on_bill_live()
    story.do(pay_bill(amount=1))
    corrected = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert corrected.reopened == (ReopenedShare(bill=BILL, amount=1, overdue_at=OVERDUE),)


def test_what_is_let_off_again_at_once_is_never_overdue() -> None:
    story = on_bill_live().record(written_off())
    story.do(grant((1, 1), deciding=deciding(SUPERVISOR.person)))
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert corrected.reopened == (ReopenedShare(bill=BILL, amount=3400),)


def test_an_order_that_loses_its_money_waits_and_says_whether_its_customer_is_watched() -> None:
    owed = {"order": OTHER_ORDER, "bill": OTHER_BILL, "due_on": "2010-08-09"}
    elsewhere = (placed(order=OTHER_ORDER), shipped(order=OTHER_ORDER), billed(**owed))
    for before, watched in ((elsewhere, True), ((), False)):
        story = by_supervisor(*before, placed(), captured())
        held = story.when(correct(story, PaymentCaptured)).decides(OrderPlacedOnHold)
        assert held.is_watched is watched


def test_a_refund_of_no_order_takes_back_what_it_gave_and_concerns_no_units() -> None:
    own = refund_granted(order=None, basis="stated", granted=500, credit_amount=500)
    story = by_supervisor(own)
    story.when(correct(story, RefundGranted, stream=CUSTOMER)).then(
        refund_corrected(order=None, basis="stated", corrects=4, granted=500, credit_amount=500)
    )
