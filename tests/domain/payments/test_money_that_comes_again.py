"""Money that a bank gives back once its order no longer waits for it. Source: R-B9, I12, R-G9"""

import pytest

from domain.bills.bill_events import BillShare
from domain.bills.watching import is_watched
from domain.causes import EffectiveBeforeCause
from domain.command import Command
from domain.orders.account import Purse
from domain.payments.payment_events import PaymentReinstated
from domain.refunds.refund_events import RefundGranted, RefundPaid
from tests.domain.bill_examples import reinstate, reverse
from tests.domain.correction_examples import order
from tests.domain.decline_examples import release
from tests.domain.declines.test_losing_cover import bought, tasks_of
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    NEW_BILL,
    OTHER_PAYMENT,
    cancel,
    capture,
    ship,
)
from tests.domain.refund_examples import settle
from tests.domain.specification import Story, moment


def won_after(*meanwhile: Command) -> Story:
    """Paid and charged back before shipping; then this happens, and the bank gives the money back."""
    story = bought()
    for command in (capture(), reverse(), *meanwhile):
        story.do(command)
    return story


@pytest.mark.parametrize(
    "meanwhile",
    [(capture(payment=OTHER_PAYMENT, reference="ch_2"), ship()), (cancel(),)],
    ids=["paid again and shipped", "cancelled"],
)
def test_what_the_order_no_longer_needs_is_granted_and_can_be_paid_out(
    meanwhile: tuple[Command, ...],
) -> None:
    story = won_after(*meanwhile)
    granted = story.when(reinstate()).decides(RefundGranted)
    assert (granted.basis, granted.granted, granted.credit_amount) == ("undelivered", 7595, 0)
    assert "refund_payout" in tasks_of(story)
    paid = story.when(settle(refund=granted.refund)).decides(RefundPaid)
    assert (paid.amount, order(story).purse()) == (7595, Purse(0, 0))


def test_what_shipped_on_bill_meanwhile_is_paid() -> None:
    # Let it only add to the funds → the customer is reminded, called and watched for what they have paid.
    story = won_after(release(), ship(bill=NEW_BILL))
    assert story.when(reinstate()).decides(PaymentReinstated).bills == (BillShare(BILL, 7595),)
    assert (order(story).open_bills(), order(story).purse()) == (0, Purse(0, 0))
    assert not is_watched(story.facts(CUSTOMER, moment("2010-10-10")), "2010-10-10")
    assert "refund_payout" not in tasks_of(story)


@pytest.mark.parametrize(("amount", "pays"), [(3400, 0), (3401, 1), (7595, 4195)])
def test_it_covers_the_units_still_to_ship_first(amount: int, pays: int) -> None:
    story = won_after(release(), ship((1, 1), bill=NEW_BILL))
    again = story.when(reinstate(amount)).decides(PaymentReinstated)
    assert again.bills == ((BillShare(BILL, pays),) if pays else ())
    assert order(story).purse() == Purse(3400, 0)


def test_it_pays_no_bill_before_that_was_issued() -> None:
    story = won_after(release()).on("2010-08-20")
    story.do(ship(bill=NEW_BILL))
    early = story.on("2010-08-15").with_now(moment("2010-08-20"))
    early.when(reinstate()).refused(EffectiveBeforeCause(moment("2010-08-15"), moment("2010-08-20")))
