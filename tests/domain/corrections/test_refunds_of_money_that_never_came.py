"""Refunds, and the payments they seemed to give back: corrected in either order.

Source: H-correct, R-G9, R-D5
"""

import pytest

from domain.bills.bill_events import BillPaymentReceived, BillShare
from domain.corrections.correcting_refunds import RefundMoneyGone, RefundSettled
from domain.corrections.correction_events import PaymentCorrected, RefundCorrected
from domain.customers.standing import standing
from domain.orders.account import Purse
from domain.orders.order import Placed
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.due_now import NothingDueBack
from domain.refunds.refund_events import RefundGranted
from tests.domain.bill_examples import billed_story, pay_bill, reinstate, reverse, written_off
from tests.domain.correction_examples import correct, on_bill, order
from tests.domain.declines.test_losing_cover import bought, tasks_of
from tests.domain.examples import BILL, CUSTOMER, capture, ship, usd
from tests.domain.refund_examples import deciding, grant, settle
from tests.domain.specification import OWNER, Story

ALL = grant((1, 2), deciding=deciding(OWNER.person))


def part_paid_and_refunded() -> Story:
    """A bill of 75.95, of which 20.00 seemed paid; then all of its goods are refunded."""
    story = billed_story().by(OWNER).because("sealed:A mistake")
    story.do(pay_bill(amount=2000))
    story.do(ALL)
    assert "refund_payout" in tasks_of(story)
    return story


def test_a_refund_clears_of_a_bill_what_a_payment_that_never_came_had_paid() -> None:
    # Clear only what is owed without a number → refused, and 20.00 that never came are paid out.
    story = part_paid_and_refunded()
    corrected = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert corrected.cleared == (BillShare(BILL, 2000),)
    assert (order(story).open_bills(), order(story).purse()) == (0, Purse(0, 0))
    assert "refund_payout" not in tasks_of(story)
    assert standing(story.facts(CUSTOMER, story.at)).kind == "new", "only a refund cleared it"


def test_the_refund_corrected_then_opens_all_of_the_bill_again() -> None:
    story = part_paid_and_refunded()
    story.do(correct(story, BillPaymentReceived))
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert sum(share.amount for share in corrected.reopened) == 7595
    bill = order(story).bills[BILL]
    assert (bill.open, bill.cleared, bill.cleared_late) == (7595, 0, 0)


def test_it_makes_no_difference_which_of_the_two_is_corrected_first() -> None:
    stories = part_paid_and_refunded(), part_paid_and_refunded()
    for story, kinds in zip(
        stories, ((BillPaymentReceived, RefundGranted), (RefundGranted, BillPaymentReceived)), strict=True
    ):
        for kind in kinds:
            story.do(correct(story, kind))
    one, other = [order(story) for story in stories]
    assert (one.account, one.open_bills(), one.purse()) == (other.account, other.open_bills(), other.purse())


def let_off_and_refunded() -> Story:
    """A bill of 75.95 written off, of which 20.00 seemed paid after all; then its goods are refunded."""
    story = on_bill(written_off()).by(OWNER)
    story.do(pay_bill(amount=2000))
    story.do(ALL)
    return story


def test_a_refund_clears_of_a_write_off_what_a_payment_that_never_came_had_undone() -> None:
    # Write all of it off again → 20.00 that never came are due back, and set aside as credit.
    story = let_off_and_refunded()
    corrected = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert (corrected.cleared, corrected.let_off) == ((BillShare(BILL, 2000),), (BillShare(BILL, 2000),))
    assert corrected.written_off == ()
    after = order(story)
    assert (after.account.balance, after.open_bills(), after.purse()) == (0, 0, Purse(0, 0))
    (refund,) = after.refunds
    story.when(settle(refund=refund)).refused(NothingDueBack(refund))
    assert standing(story.facts(CUSTOMER, story.at)).kind == "existing", "what was let off stays so"


def test_what_no_refund_clears_of_it_is_let_off_again() -> None:
    # Clear all that the payment had undone → the customer is given the rest of the goods, this fails.
    story = on_bill(written_off()).by(OWNER)
    story.do(pay_bill(amount=2000))
    story.do(grant((1, 1), deciding=deciding(OWNER.person)))
    assert order(story).purse() == Purse(0, 0), "34.00 cleared of the write-off"
    corrected = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert (corrected.cleared, corrected.written_off) == ((), (BillShare(BILL, 2000),))
    assert order(story).bills[BILL].written_off == 7595 - 3400


@pytest.mark.parametrize("amount", [1, 2000, 7594, 7595])
def test_it_makes_no_difference_which_is_corrected_first_where_it_had_been_let_off(amount: int) -> None:
    # Leave what was cleared late open at the refund's correction → the customer owes what they were let off.
    orders: list[Placed] = []
    for kinds in ((BillPaymentReceived, RefundGranted), (RefundGranted, BillPaymentReceived)):
        story = on_bill(written_off()).by(OWNER)
        before = order(story)
        story.do(pay_bill(amount=amount))
        story.do(ALL)
        for kind in kinds:
            story.do(correct(story, kind))
        after = order(story)
        assert (after.account, after.open_bills()) == (before.account, 0)
        assert standing(story.facts(CUSTOMER, story.at)).kind == "existing"
        orders.append(after)
    one, other = [after.bills[BILL] for after in orders]
    assert (one.written_off, one.cleared, one.cleared_late, one.let_off_late) == (7595, 0, 0, 0)
    assert (other.written_off, other.cleared, other.cleared_late, other.let_off_late) == (7595, 0, 0, 0)


def paid_and_refunded() -> Story:
    story = bought().by(OWNER).because("sealed:A mistake")
    for command in (capture(), ship(), grant((1, 1), deciding=deciding(OWNER.person))):
        story.do(command)
    return story


@pytest.mark.parametrize("loses", ["charged back", "never came"])
def test_a_refund_whose_money_is_gone_says_so_and_not_that_it_was_paid(loses: str) -> None:
    # Call it settled → a person looks for a payout that never was.
    story = paid_and_refunded()
    story.do(reverse() if loses == "charged back" else correct(story, PaymentCaptured))
    (refund,) = order(story).refunds
    story.when(correct(story, RefundGranted)).refused(RefundMoneyGone(refund, usd(3400)))
    if loses == "charged back":
        story.do(reinstate())
        story.when(correct(story, RefundGranted)).decides(RefundCorrected)


def test_a_refund_that_was_paid_out_says_so() -> None:
    story = paid_and_refunded()
    (refund,) = order(story).refunds
    story.do(settle(refund=refund))
    story.when(correct(story, RefundGranted)).refused(RefundSettled(refund, usd(3400)))
