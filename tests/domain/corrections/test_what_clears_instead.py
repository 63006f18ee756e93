"""What clears instead of a payment that never came: by which bill, and what of it refunds settle.

Source: H-correct, R-G9
"""

import pytest

from domain.bills.bill import shares_less
from domain.bills.bill_events import BillPaymentReceived, BillShare
from domain.bills.billing import NewBill
from domain.bills.paying_again import paid_again
from domain.corrections.correcting_refunds import RefundMoneyGone
from domain.corrections.correction_events import PaymentCorrected, RefundCorrected, ReopenedShare
from domain.corrections.evolve_corrections import without_payment
from domain.corrections.phantom_funds import cleared_of_write_offs, phantom_funds
from domain.orders.order_events import OrderShipped
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted
from tests.domain.bill_examples import pay_bill, reinstate, reverse, written_off
from tests.domain.correction_examples import (
    OWED,
    by_supervisor,
    correct,
    on_bill,
    order,
    payment_corrected,
    receive,
)
from tests.domain.examples import (
    BILL,
    NEW_BILL,
    OTHER_BILL,
    OTHER_PAYMENT,
    OTHER_REFUND,
    OTHER_SHIPMENT,
    REFUND,
    capture,
    captured,
    id_of,
    placed,
    ship,
    shipped,
    usd,
)
from tests.domain.refund_examples import deciding, grant
from tests.domain.specification import SUPERVISOR, Story

THIRD = id_of("pay", 3)
BY_SUPERVISOR = deciding(SUPERVISOR.person)


def of_two_bills() -> Story:
    """Two dresses shipped one by one, each with its bill: 41.95 and 34.00."""
    story = by_supervisor(placed(terms="bill_after"))
    story.do(ship((1, 1), bill=NEW_BILL))
    story.do(ship((1, 1), shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))
    return story


@pytest.mark.parametrize(
    ("amount", "shares"),
    [(2000, (BillShare(BILL, 1500), BillShare(OTHER_BILL, 500))), (1, (BillShare(BILL, 1),))],
)
def test_what_is_written_off_again_clears_in_turn_as_far_as_funds_never_came(
    amount: int, shares: tuple[BillShare, ...]
) -> None:
    # Take all funds for each bill → more clears than seemed to be there, and this fails.
    story = on_bill()
    story.do(receive(amount))
    story.do(grant((1, 2), deciding=BY_SUPERVISOR))
    open_again = payment_corrected(amount=amount, reopened=(ReopenedShare(BILL, amount),))
    after = without_payment(order(story), open_again)
    assert phantom_funds(after) == amount
    written = (BillShare(BILL, 1500), BillShare(OTHER_BILL, 1500))
    assert cleared_of_write_offs(after, written) == shares


def test_of_shares_less_others_so_much_is_left_of_each() -> None:
    shares = (BillShare(BILL, 100), BillShare(OTHER_BILL, 50))
    assert shares_less(shares, (BillShare(BILL, 40), BillShare(OTHER_BILL, 50))) == (BillShare(BILL, 60),)


def test_what_no_refund_clears_is_settled_by_none_and_of_it_the_write_offs_come_last() -> None:
    it = payment_corrected(
        amount=5000,
        cleared=(BillShare(BILL, 5000),),
        of_no_refund=(BillShare(BILL, 4000),),
        let_off=(BillShare(BILL, 2000),),
    )
    bill = without_payment(order(on_bill()), it).bills[BILL]
    assert (bill.cleared, bill.cleared_late, bill.let_off_late) == (5000, 1000, 1000)


def test_what_a_refund_clears_of_a_payment_and_of_a_write_off_are_told_apart() -> None:
    # Take all of it for let off → who paid nothing of it is existing, and this fails.
    story = on_bill()
    story.do(receive(3000))
    story.record(written_off(amount=4595))
    story.do(correct(story, BillPaymentReceived))
    story.do(receive(5000, payment=OTHER_PAYMENT, credit=id_of("crd", 2)))
    story.do(grant((1, 2), deciding=BY_SUPERVISOR))
    it = story.when(correct(story, BillPaymentReceived, 2, owed=id_of("bil", 8))).decides(PaymentCorrected)
    assert (it.cleared, it.let_off) == (
        (BillShare(BILL, 3000), BillShare(BILL, 2000)),
        (BillShare(BILL, 2000),),
    )
    facts = story.facts(order(story).placed.customer, story.at).orders[order(story).placed.order]
    assert facts.unpaid == 3000


def test_the_last_of_what_nobody_owes_any_more_is_cleared_by_no_refund() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    story.do(correct(story, PaymentCaptured))
    story.do(pay_bill(bill=OWED, amount=1, payment=OTHER_PAYMENT))
    story.do(correct(story, OrderShipped))
    it = story.when(correct(story, BillPaymentReceived, owed=id_of("bil", 8))).decides(PaymentCorrected)
    assert it.of_no_refund == (BillShare(OWED, 1),)


def test_of_two_bills_only_what_nobody_owes_any_more_is_cleared_by_no_refund() -> None:
    # Count what one bill takes twice → the refund settles less than it does, and this fails.
    story = by_supervisor(placed(terms="bill_after"), captured(amount=4195))
    story.do(ship((1, 1)))
    story.do(correct(story, PaymentCaptured))
    story.do(ship((1, 1), shipment=OTHER_SHIPMENT, bill=NEW_BILL))
    story.do(capture(payment=THIRD, reference="ch_3"))
    story.do(correct(story, OrderShipped))
    story.do(grant((1, 1), deciding=BY_SUPERVISOR))
    it = story.when(correct(story, PaymentCaptured, 2, owed=id_of("bil", 8))).decides(PaymentCorrected)
    assert (it.cleared, it.of_no_refund) == (
        (BillShare(OWED, 4195), BillShare(BILL, 3400)),
        (BillShare(OWED, 4195),),
    )


def test_what_was_cleared_by_no_refund_before_is_none_of_what_is_corrected_now() -> None:
    # Count again what a bank gave since → the refund settles nothing of the second payment, and this fails.
    story = on_bill()
    for number, amount in enumerate((3000, 3595, 1000), 1):
        story.do(receive(amount, payment=id_of("pay", number), credit=id_of("crd", number)))
    story.do(reverse(amount=3000))
    story.do(grant((1, 2), deciding=BY_SUPERVISOR))
    story.do(correct(story, BillPaymentReceived, 2))
    story.do(reinstate(3000))
    third = correct(story, BillPaymentReceived, 3, owed=id_of("bil", 8))
    it = story.when(third).decides(PaymentCorrected)
    assert (it.cleared, it.of_no_refund) == ((BillShare(BILL, 1000),), ())


def test_a_refund_that_was_none_opens_of_two_bills_what_it_settled_itself() -> None:
    # Open whatever any refund settled → the other's bill is owed as well, and this fails.
    story = of_two_bills()
    story.do(receive(4195))
    story.do(receive(3400, bill=OTHER_BILL, payment=OTHER_PAYMENT, credit=id_of("crd", 2)))
    story.do(grant((1, 1), deciding=BY_SUPERVISOR))
    story.do(grant((1, 1), refund=OTHER_REFUND, deciding=BY_SUPERVISOR))
    for nth in (1, 2):
        story.do(correct(story, BillPaymentReceived, nth, owed=id_of("bil", 10 + nth)))
    it = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert [(share.bill, share.amount) for share in it.reopened] == [(BILL, 3400)]


def test_a_refund_of_which_a_cent_is_gone_is_not_taken_back() -> None:
    for is_gone in (False, True):
        story = by_supervisor(placed(), captured(), shipped())
        story.do(grant((1, 1), deciding=BY_SUPERVISOR))
        if is_gone:
            story.do(reverse(amount=1))
        asked = story.when(correct(story, RefundGranted))
        if is_gone:
            asked.refused(RefundMoneyGone(REFUND, usd(1)))
        else:
            asked.decides(RefundCorrected)


def test_what_comes_again_counts_of_two_write_offs_as_far_as_it_goes() -> None:
    # Count all of it for each → more of the second is open again than was paid, and this fails.
    second = captured(amount=3400, payment=OTHER_PAYMENT, reference="ch_2")
    story = by_supervisor(placed(), captured(amount=4195), second, shipped())
    story.do(reverse(amount=4195))
    story.do(reverse(amount=3400, payment=OTHER_PAYMENT, reversal=id_of("rev", 2), bill=id_of("bil", 7)))
    story.record(written_off(bill=OTHER_BILL, amount=4195), written_off(bill=id_of("bil", 7), amount=3400))
    again = paid_again(order(story), 5000, since=1, because="reinstatement", by=id_of("rst"))
    assert [(it.bill, it.amount) for it in again.reopened] == [(OTHER_BILL, 4195), (id_of("bil", 7), 805)]
