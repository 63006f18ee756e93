"""A payout comes back to us after goods left on bill: had it been here, it would have covered them.

So it pays their bill, after the units still to ship. Source: R-B9, R-G8, §2 Money
"""

import pytest
from msgspec.structs import replace

from domain.bills.bill_events import BillShare
from domain.causes import EffectiveBeforeCause
from domain.refunds.refund_events import RefundReturned
from tests.domain.bill_examples import PERSONS, pay_bill, promise, promise_kept, reverse
from tests.domain.correction_examples import order
from tests.domain.examples import (
    BILL,
    DRESSES,
    NEW_BILL,
    OTHER_PAYMENT,
    cancel,
    capture,
    captured,
    customer_registered,
    placed,
    ship,
)
from tests.domain.refund_examples import PAYOUTS, come_back, settle
from tests.domain.specification import OWNER, Story, given, moment

ONE_CANCELLED = cancel((1, 1))
"""34.00 go back."""


def on_bill_since(*, charged_back: int = 4195) -> Story:
    """75.95 paid; 34.00 of a cancelled dress went back, and a bank took so much of what covered the other."""
    story = given(customer_registered(), *PERSONS, placed(terms="bill_after"), captured()).by(OWNER)
    for command in (ONE_CANCELLED, settle(), reverse(amount=charged_back)):
        story.do(command)
    return story


def money_of(story: Story) -> tuple[int, int, int]:
    """(balance, open, due back) of the order."""
    state = order(story)
    return state.account.balance, state.open_bills(), state.purse().due_back


@pytest.mark.parametrize("shipped_first", [True, False])
def test_it_pays_the_bill_of_goods_that_left_since_whichever_is_told_first(shipped_first: bool) -> None:
    # Let it pay only what is owed without a number → 34.00 are due back and 41.95 open, and this fails.
    story = on_bill_since()
    leaves = ship((1, 1), bill=NEW_BILL)
    for command in (leaves, come_back()) if shipped_first else (come_back(), leaves):
        story.do(command)
    assert money_of(story) == (795, 795, 0)


@pytest.mark.parametrize(("paid", "pays", "left"), [(795, 3400, 0), (796, 3399, 1), (4195, 0, 3400)])
def test_only_what_exceeds_the_bill_is_due_back_again(paid: int, pays: int, left: int) -> None:
    story = on_bill_since()
    story.do(ship((1, 1), bill=NEW_BILL))
    story.do(pay_bill(payment=OTHER_PAYMENT, amount=paid))
    it = story.when(come_back()).decides(RefundReturned)
    assert (it.bills, it.left) == ((BillShare(BILL, pays),) if pays else (), left)


def test_it_keeps_a_promise_to_pay_that_bill() -> None:
    story = on_bill_since()
    story.do(ship((1, 1), bill=NEW_BILL))
    story.do(pay_bill(payment=OTHER_PAYMENT, amount=795))
    story.do(promise())
    story.do(come_back())
    assert promise_kept(by=PAYOUTS[0]) in [entry.event for entry in story.entries]


def test_a_bill_from_before_it_left_stays_open() -> None:
    # Let it pay whatever is open → what was owed beside it all along is paid with it, and this fails.
    story = given(customer_registered(), *PERSONS, placed(terms="bill_after")).by(OWNER)
    story.do(ship((1, 1), bill=NEW_BILL))
    story.do(capture(amount=3400))
    story.do(ONE_CANCELLED)
    story.do(settle())
    assert money_of(story) == (4195, 4195, 0)
    it = story.when(come_back()).decides(RefundReturned)
    assert (it.bills, it.left) == ((), 3400)


def test_it_cannot_have_paid_a_bill_issued_later() -> None:
    story = on_bill_since()
    story.on("2010-08-20").do(ship((1, 1), bill=NEW_BILL))
    story.on("2010-08-15").when(come_back()).refused(
        EffectiveBeforeCause(moment("2010-08-15"), moment("2010-08-20"))
    )


@pytest.mark.parametrize(("covered", "pays"), [(0, 0), (1, 1), (3400, 3400)])
def test_units_still_to_ship_are_covered_before_the_bill_is_paid(covered: int, pays: int) -> None:
    # Let the bill come first → 34.00 of it are paid and the last dress is not covered, and this fails.
    three = placed(terms="bill_after", lines=(replace(DRESSES, quantity=3),), total=10995)
    story = given(customer_registered(), *PERSONS, three, captured(amount=10995)).by(OWNER)
    for command in (ONE_CANCELLED, settle(), reverse(amount=7595), ship((1, 1), bill=NEW_BILL)):
        story.do(command)
    if covered:
        story.do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=covered))
    it = story.when(come_back()).decides(RefundReturned)
    assert (it.bills, it.left) == ((BillShare(BILL, pays),) if pays else (), 0)
