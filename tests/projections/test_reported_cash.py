"""What was collected and paid out: each money counts once, whatever is said of it later. Source: §2"""

from collections import Counter

from domain.payments.payment_events import PaymentCaptured
from projections.journal import CASH, Journal, Posting
from tests.domain.correction_examples import by_supervisor, correct
from tests.domain.examples import captured, customer_registered, id_of, placed, shipped
from tests.domain.notice_examples import assign, give_back, left, unmatched
from tests.domain.refund_examples import come_back, grant, settle
from tests.domain.refunds.test_paying_out import record
from tests.domain.specification import Story, given
from tests.projections.test_folds import folded


def flows(story: Story) -> dict[str, int]:
    """What counts as collected and as paid out, in the direction of cash."""
    sums = Counter[str]()
    for row in folded(Journal(), story.entries):
        assert isinstance(row, Posting)
        assert (row.flow != "") is (row.account == CASH)
        if row.account == CASH:
            sums[row.flow] += row.amount
    return {flow: amount for flow, amount in sums.items() if amount}


def test_money_that_waited_is_collected_once() -> None:
    # Count every positive line of cash → 151.90 are collected and 75.95 paid out, and this fails.
    story = given(customer_registered(), placed(), unmatched())
    assert flows(story) == {"collected": 7595}
    story.do(assign())
    assert flows(story) == {"collected": 7595}


def test_what_never_came_was_not_collected_and_nothing_was_paid_out() -> None:
    story = by_supervisor(placed(), captured())
    story.do(correct(story, PaymentCaptured))
    assert flows(story) == {}


def test_a_payout_that_waited_is_paid_out_once() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    story.record(left())
    assert flows(story) == {"collected": 7595, "paid_out": -7595}
    story.do(assign(fact=record()))
    assert flows(story) == {"collected": 7595, "paid_out": -7595}


def test_what_goes_back_unmatched_is_paid_out() -> None:
    story = given(customer_registered(), placed(), unmatched())
    story.do(give_back())
    assert flows(story) == {"collected": 7595, "paid_out": -7595}


def test_a_payout_that_came_back_was_not_paid_out() -> None:
    # Count it as collected → what left once and came back once, and left again, is paid out twice.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    story.do(settle())
    story.do(come_back())
    assert flows(story) == {"collected": 7595}
    story.do(settle(method="store_credit", payouts=(id_of("pot", 3),)))
    assert flows(story) == {"collected": 7595}


def test_a_payout_that_waited_and_came_back_was_not_paid_out() -> None:
    story = given(customer_registered(), placed(), captured(), left())
    assert flows(story) == {"collected": 7595, "paid_out": -7595}
    story.do(give_back())
    assert flows(story) == {"collected": 7595}
