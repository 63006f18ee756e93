"""A gift is spent, not paid out: what was bought with one comes back as a gift. Source: I15, R-G8"""

import pytest

from domain.money import Money
from domain.payments.payment_events import CreditSetAside
from domain.refunds.granting_unverified import CreditExceedsSetAside
from domain.refunds.refund_events import RefundGranted, RefundPaid
from tests.domain.bill_examples import OTHER_CREDIT, billed_story, credit_given, pay_bill, use_credit
from tests.domain.examples import (
    CUSTOMER,
    OTHER_REFUND,
    captured,
    customer_registered,
    id_of,
    placed,
    refund_granted,
    shipped,
)
from tests.domain.refund_examples import credit_of, fail, grant, pay_out_credit, settle
from tests.domain.specification import Story, given


def bought_with(gift: int, own: int, card: int) -> Story:
    """An order of 75.95, shipped, paid with a gift, with credit that was the customer's own, and by card."""
    kept = CreditSetAside(
        customer=CUSTOMER,
        order=None,
        credit=OTHER_CREDIT,
        currency="USD",
        amount=own,
        source="refund",
        subject=OTHER_REFUND,
    )
    unverified = refund_granted(refund=OTHER_REFUND, order=None, granted=own, credit_amount=own, parts=())
    story = given(customer_registered(), placed(), *((captured(amount=card),) if card else ()))
    if own:
        story.record(unverified, kept)
    story.record(credit_given(gift, credit=id_of("crd", 7)))
    story.do(use_credit(gift + own))
    return story.record(shipped())


def test_a_gift_is_no_money_after_what_it_bought_was_refunded() -> None:
    # Count all that is set aside as the customer's own → 75.95 leave as cash, and this fails.
    story = bought_with(gift=7595, own=0, card=0)
    story.do(grant((1, 2)))
    assert story.when(settle()).decides(CreditSetAside).gift == 7595
    refusal = CreditExceedsSetAside(CUSTOMER, Money(1, "USD"), Money(0, "USD"))
    story.when(pay_out_credit(1, refund=id_of("ref", 8))).refused(refusal)
    assert credit_of(story) == 7595, "to be spent again"


@pytest.mark.parametrize(
    ("units", "cash", "own", "gift"), [((1, 1), 2000, 1000, 400), ((1, 2), 2000, 1000, 4595)]
)
def test_what_was_the_customers_own_goes_back_before_a_gift(
    units: tuple[int, int], cash: int, own: int, gift: int
) -> None:
    story = bought_with(gift=4595, own=1000, card=2000)
    story.do(grant(units))
    paid_out, kept, _ = story.do(settle())
    assert isinstance(paid_out, RefundPaid)
    assert isinstance(kept, CreditSetAside)
    assert (paid_out.amount, kept.amount, kept.gift) == (cash, own + gift, gift)
    refusal = CreditExceedsSetAside(CUSTOMER, Money(own + 1, "USD"), Money(own, "USD"))
    story.when(pay_out_credit(own + 1, refund=id_of("ref", 8))).refused(refusal)
    assert story.when(pay_out_credit(own, refund=id_of("ref", 8))).decides(RefundGranted).granted == own


def test_money_that_could_not_go_back_as_money_stays_the_customers_own_as_credit() -> None:
    story = bought_with(gift=5595, own=0, card=2000)
    story.do(grant((1, 2)))
    story.do(fail())
    kept = story.when(settle()).decides(CreditSetAside)
    assert (kept.amount, kept.gift) == (7595, 5595)


def test_a_bill_paid_by_a_gift_and_again_as_money_gives_that_money_back_once() -> None:
    # Leave the gift out of what leaves as money → the refund pays 75.95 out, and the credit again.
    story = billed_story()
    story.record(credit_given(7595, credit=id_of("crd", 7)))
    story.do(use_credit(7595))
    story.do(pay_bill())
    story.do(grant((1, 2)))
    kept = story.when(settle(credit=OTHER_CREDIT)).decides(CreditSetAside)
    assert (kept.amount, kept.gift) == (7595, 7595)
    own = story.when(pay_out_credit(7595, refund=id_of("ref", 8))).decides(RefundGranted)
    assert own.granted == 7595, "the excess is theirs"
    refusal = CreditExceedsSetAside(CUSTOMER, Money(1, "USD"), Money(0, "USD"))
    story.when(pay_out_credit(1, refund=id_of("ref", 9))).refused(refusal)
    assert credit_of(story) == 7595


def test_money_kept_as_credit_does_not_leave_again_with_the_next_refund() -> None:
    # 40.00 of the customer's own were here, and 34.00 of it are credit of theirs since.
    story = bought_with(gift=3595, own=0, card=4000)
    story.do(grant((1, 1)))
    story.do(fail())
    assert story.when(settle()).decides(CreditSetAside).gift == 0
    story.do(grant((1, 1), refund=OTHER_REFUND))
    paid, kept, _ = story.do(settle(refund=OTHER_REFUND, payouts=(id_of("pot", 5),), credit=OTHER_CREDIT))
    assert isinstance(paid, RefundPaid)
    assert isinstance(kept, CreditSetAside)
    assert (paid.amount, kept.amount, kept.gift) == (600, 3595, 3595)
