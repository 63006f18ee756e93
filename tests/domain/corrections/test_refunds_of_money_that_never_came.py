"""Refunds, and the payments they seemed to give back: corrected in either order.

Source: H-correct, R-G9, R-D5
"""

import pytest

from domain.bills.bill_events import BillPaymentReceived, BillShare
from domain.corrections.correcting_refunds import RefundMoneyGone, RefundSettled
from domain.corrections.correction_events import PaymentCorrected, RefundCorrected
from domain.customers.standing import standing
from domain.orders.account import Purse
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted
from tests.domain.bill_examples import billed_story, pay_bill, reinstate, reverse
from tests.domain.correction_examples import correct, order
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
