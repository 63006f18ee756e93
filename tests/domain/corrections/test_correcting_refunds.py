"""Correcting a refund: what was given is taken back, and its units are the customer's again.

Source: H-correct, R-G6, I14
"""

from domain.bills.bill_events import BillShare
from domain.corrections.correcting_refunds import (
    FeeGoesBackAnyway,
    RefundSettled,
    UnitsCancelledSince,
    UnitsRefundedSince,
)
from domain.corrections.correction_events import RefundCorrected
from domain.orders.order_events import OrderLine, OrderShipped
from domain.payments.payment_events import CreditSetAside, CreditShare, PaymentCaptured
from domain.refunds.refund import RefundTakenBack
from domain.refunds.refund_events import RefundedPart, RefundGranted, RefundPaid
from tests.domain.correction_examples import by_supervisor, correct, order
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    ORDER,
    OTHER_REFUND,
    REFUND,
    SHIPMENT,
    billed,
    cancel,
    cancelled,
    captured,
    id_of,
    placed,
    refund_granted,
    ship,
    shipped,
    usd,
)
from tests.domain.refund_examples import grant, settle

SOCKS = OrderLine(1, "SOCK", "A sock", 3, 0, 0, 100)
"""Three for 1.00: 0.33, 0.34 and 0.33."""


def test_a_refund_that_was_none_opens_what_it_had_cleared() -> None:
    granted = refund_granted(
        basis="price_paid",
        granted=3400,
        credit_amount=3400,
        goods=3400,
        parts=(RefundedPart(line=1, quantity=1, shipment=SHIPMENT, goods=3400, tax=0),),
        cleared=(BillShare(BILL, 3400),),
    )
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed())
    before = order(story)
    story.record(granted)
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert [share.amount for share in corrected.reopened] == [3400]
    after = order(story)
    assert (after.account, after.lines, after.open_bills()) == (before.account, before.lines, 7595)
    assert after.refunds[REFUND].claim == 0


def test_a_refund_paid_out_or_drained_by_another_stays() -> None:
    granted = refund_granted(granted=3400)
    paid = RefundPaid(
        refund=REFUND,
        customer=CUSTOMER,
        order=ORDER,
        payout=id_of("pot"),
        currency="USD",
        amount=3400,
        method="cheque",
        payment=None,
        payment_method=None,
        reference=None,
    )
    story = by_supervisor(placed(), captured(), cancelled((1, 1)), granted, paid)
    story.when(correct(story, RefundGranted)).refused(RefundSettled(REFUND, usd(3400)))


def test_units_cancelled_with_a_refund_may_ship_after_all() -> None:
    story = by_supervisor(placed(), captured())
    before = order(story)
    story.do(cancel())
    story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    after = order(story)
    assert (after.account, after.lines, after.price_to_ship()) == (
        before.account,
        before.lines,
        before.price_to_ship(),
    )
    assert not after.fee_returned
    story.when(ship()).decides(OrderShipped)


def test_units_cancelled_since_keep_a_cancellation_of_another_price() -> None:
    story = by_supervisor(placed(lines=(SOCKS,), shipping=0, total=100), captured(amount=100))
    story.do(cancel((1, 1)))
    story.do(cancel((1, 1), refund=OTHER_REFUND))
    story.when(correct(story, RefundGranted, 1)).refused(UnitsCancelledSince(REFUND, 1))
    story.do(correct(story, RefundGranted, 2))
    story.do(correct(story, RefundGranted, 1))
    assert order(story).price_to_ship() == 100


def test_a_refund_of_no_order_is_taken_back_as_a_whole_unless_it_left() -> None:
    own = refund_granted(order=None, basis="stated", granted=500, credit_amount=500)
    story = by_supervisor(own)
    asked = correct(story, RefundGranted, stream=CUSTOMER)
    corrected = story.when(asked).decides(RefundCorrected)
    assert (corrected.order, corrected.basis, corrected.granted) == (None, "stated", 500)
    state = story.state(CUSTOMER)
    assert state.refunds[REFUND].claim == 0
    assert state.credit.get("USD") is None
    story.when(asked).nothing()
    paid = RefundPaid(
        refund=REFUND,
        customer=CUSTOMER,
        order=None,
        payout=id_of("pot"),
        currency="USD",
        amount=1,
        method="cheque",
        payment=None,
        payment_method=None,
        reference=None,
    )
    left = by_supervisor(own, paid)
    left.when(correct(left, RefundGranted, stream=CUSTOMER)).refused(RefundSettled(REFUND, usd(1)))


def test_credit_given_as_money_is_available_again_once_that_is_taken_back() -> None:
    first = refund_granted(refund=OTHER_REFUND, order=None, basis="stated", granted=800, credit_amount=800)
    kept = CreditSetAside(
        customer=CUSTOMER,
        order=None,
        credit=id_of("crd"),
        currency="USD",
        amount=800,
        source="refund",
        subject=OTHER_REFUND,
    )
    credits = (CreditShare(id_of("crd"), 300),)
    as_money = refund_granted(order=None, basis="credit", granted=300, credit_amount=0, credits=credits)
    story = by_supervisor(first, kept, as_money)
    assert story.state(CUSTOMER).credit["USD"].available == 500
    story.do(correct(story, RefundGranted, 2, stream=CUSTOMER))
    assert story.state(CUSTOMER).credit["USD"].available == 800


def test_each_line_remembers_what_was_cancelled_of_it_before() -> None:
    # 1.00 over three of each line: the middle unit costs 34 cents, the others 33.
    lines = (OrderLine(1, "SOCK", "", 3, 0, 0, 100), OrderLine(2, "HAT", "", 3, 0, 0, 100))
    story = by_supervisor(placed(lines=lines, shipping=0, total=200), captured(amount=200))
    story.do(cancel((1, 1)))
    story.do(cancel((2, 1), refund=OTHER_REFUND))
    story.when(correct(story, RefundGranted, 2)).decides(RefundCorrected)
    assert order(story).price_to_ship() == 167


def test_of_a_shipment_that_never_was_nothing_is_under_way() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    assert order(story).shipments[SHIPMENT].undelivered() == {1: 2}
    story.do(correct(story, OrderShipped))
    assert order(story).shipments[SHIPMENT].undelivered() == {}


def test_units_of_a_corrected_refund_are_refunded_anew_at_their_price() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    story.do(grant((1, 1)))
    story.do(correct(story, RefundGranted))
    granted = story.when(grant((1, 2), refund=OTHER_REFUND)).decides(RefundGranted)
    # With what the corrected refund had used still counted as used, the second dress was credited at 0.
    assert (granted.credit_amount, sum(part.quantity for part in granted.parts)) == (7595, 2)


def test_units_refunded_since_keep_a_refund_of_another_price() -> None:
    story = by_supervisor(placed(lines=(SOCKS,), shipping=0, total=100), captured(amount=100))
    story.do(ship((1, 3)))
    story.do(grant((1, 1)))
    story.do(grant((1, 1), refund=OTHER_REFUND))
    story.when(correct(story, RefundGranted, 1)).refused(UnitsRefundedSince(REFUND, 1))
    story.do(correct(story, RefundGranted, 2))
    story.do(correct(story, RefundGranted, 1))
    story.do(grant((1, 3), refund=id_of("ref", 3)))
    assert story.account(ORDER).credited == 100


def test_a_corrected_refund_pays_nothing() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    story.do(grant((1, 1)))
    story.do(grant((1, 1), refund=OTHER_REFUND))
    story.do(correct(story, RefundGranted, 2))
    story.when(settle(refund=OTHER_REFUND)).refused(RefundTakenBack(OTHER_REFUND))


def test_a_fee_dropped_without_a_refund_comes_again_with_the_units() -> None:
    story = by_supervisor(placed(), captured())
    story.do(cancel((1, 1)))
    story.do(correct(story, PaymentCaptured))
    story.do(cancel((1, 1), refund=OTHER_REFUND))  # nothing is due back: no refund, and no fee returned
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert corrected.fee_dropped == 795
    assert order(story).price_to_ship() == 3400 + 795


def test_the_fee_goes_back_with_the_last_unit_whichever_refund_said_so() -> None:
    # Take it back all the same → all is gone, the fee stays charged, and nobody is told: this fails.
    story = by_supervisor(placed(), captured(), shipped())
    story.do(grant(observed_problem="late"))
    story.do(grant((1, 2), refund=OTHER_REFUND))
    granted = [refund.granted.granted for refund in order(story).refunds.values()]
    assert granted == [795, 6800]
    story.when(correct(story, RefundGranted, 1)).refused(FeeGoesBackAnyway(REFUND, usd(795)))
    story.do(correct(story, RefundGranted, 2))
    story.do(correct(story, RefundGranted, 1))
    assert order(story).account.credited == 0


def test_while_a_unit_is_the_customers_the_fee_is_taken_back() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    story.do(grant(observed_problem="late"))
    story.do(grant((1, 1), refund=OTHER_REFUND))
    story.do(correct(story, RefundGranted, 1))
    assert order(story).account.credited == 3400
    assert story.when(grant((1, 1), refund=id_of("ref", 3))).decides(RefundGranted).granted == 4195
