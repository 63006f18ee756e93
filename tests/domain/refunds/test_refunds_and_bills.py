"""What a refund clears of its order's bills, and what of it is due back then. Source: R-G9"""

import pytest

from domain.bills.bill_events import BillShare, BillWrittenOff, WriteOffReversed
from domain.bills.billing import NewBill
from domain.causes import EffectiveBeforeCause
from domain.orders.order_events import OrderLine
from domain.refunds.refund_events import RefundGranted
from tests.domain.bill_examples import payment_reversed, written_off
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    ORDER,
    OTHER_BILL,
    OTHER_SHIPMENT,
    REFUND,
    billed,
    capture,
    captured,
    customer_registered,
    deliver,
    id_of,
    placed,
    ship,
    shipped,
)
from tests.domain.refund_examples import deciding, grant, shipped_order
from tests.domain.specification import Story, given


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
    assert "refund_payout" not in [it.kind for it in event.deadlines]
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
    assert [it.kind for it in event.deadlines] == ["supplier_claim"]
    assert story.state(ORDER).purse().due_back == 0


def test_without_a_fee_only_the_units_own_bill_is_cleared_first() -> None:
    """Count the first shipment for a fee of 0 → its bill is cleared instead. Found by the model."""
    story = given(customer_registered(), placed(terms="bill_after", shipping=0, total=6800))
    story.do(ship((1, 1), bill=NewBill(BILL, 2010)))
    story.do(ship((1, 1), shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))
    story.do(deliver(shipment=OTHER_SHIPMENT))
    refund = story.when(grant((1, 1), observed_problem="damaged")).decides(RefundGranted)
    assert [(share.bill, share.amount) for share in refund.cleared] == [(OTHER_BILL, 3400)]


@pytest.mark.parametrize("fee", [795, 1])
def test_a_fee_that_goes_back_clears_what_was_let_off_of_the_shipment_that_carried_it(fee: int) -> None:
    # Look at the shipment of the units alone → what was let off goes out as money, and this fails.
    lines = (OrderLine(1, "HAT", "A hat", 1, 1000, 0, 0), OrderLine(2, "DRESS-36", "A dress", 1, 3400, 0, 0))
    story = given(
        customer_registered(),
        placed(terms="bill_after", lines=lines, shipping=fee, total=4400 + fee),
        shipped((1, 1), goods=1000, shipping=fee, charge=1000 + fee),
        billed(amount=1000 + fee),
        shipped((2, 1), shipment=OTHER_SHIPMENT, goods=3400, shipping=0, charge=3400, carries_fee=False),
        billed(shipment=OTHER_SHIPMENT, bill=OTHER_BILL, number=2, amount=3400),
        written_off(amount=1000 + fee),
    )
    found = story.when(grant((2, 1), observed_problem="late")).decides(RefundGranted)
    assert found.cleared == (BillShare(OTHER_BILL, 3400),)
    assert (found.write_offs_cleared, found.left) == ((BillShare(BILL, fee),), 0)
