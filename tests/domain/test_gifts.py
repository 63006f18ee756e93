"""A gift is spent, not paid out: what was bought with one comes back as a gift. Source: I15, R-G8"""

import pytest

from domain.money import Money
from domain.payments.payment_events import CreditSetAside
from domain.refunds.granting_unverified import CreditExceedsSetAside
from domain.refunds.refund_events import RefundGranted, RefundPaid
from tests.domain.bill_examples import OTHER_CREDIT, credit_given, use_credit
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
from tests.domain.refunds import credit_of, fail, grant, pay_out_credit, settle
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
