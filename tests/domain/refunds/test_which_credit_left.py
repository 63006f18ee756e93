"""A payout of credit says which credit left: first what money backs for certain, what a bank took at last.

Source: R-G8, R-B9, I15
"""

from typing import Any

import pytest

from domain.customers.credit import CreditLeft
from domain.inbound.assigning import AssignMoney
from domain.payments.payment_events import CreditSetAside, CreditShare
from domain.refunds.due_now import due_now
from domain.refunds.paying_out import PayoutExceedsDue, RecordPayout
from domain.refunds.refund_events import RefundPaid
from domain.refunds.settlement import SettleRefund
from tests.domain.bill_examples import PERSONS, dispute, reverse
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_ORDER,
    OTHER_PAYMENT,
    PAYMENT,
    cancel,
    captured,
    card_stored,
    customer_registered,
    id_of,
    placed,
    usd,
)
from tests.domain.notice_examples import MONEY, assign, left
from tests.domain.refund_examples import come_back, fail, pay_out_credit, settle
from tests.domain.specification import Story, given, moment

A, B = ORDER, OTHER_ORDER
OF_A, OF_B = id_of("crd", 1), id_of("crd", 2)
ASKED, TOLD = id_of("ref", 60), id_of("pot", 91)


def asked_back(first: str = A) -> Story:
    """75.95 came for each of two orders, which were cancelled, and the cards were closed: both are the
    customer's credit, that of `first` before the other, and all of it is asked back as money.
    """
    story = given(customer_registered(), *PERSONS, placed(), captured(), placed(order=B))
    story.record(captured(order=B, payment=OTHER_PAYMENT, reference="ch_2"))
    for order in (A, B) if first == A else (B, A):
        number = 1 if order == A else 2
        refund, payment = id_of("ref", number), PAYMENT if order == A else OTHER_PAYMENT
        story.do(cancel(order=order, refund=refund))
        story.do(fail(stream=order, refund=refund, payment=payment, payout=id_of("pot", 70 + number)))
        payouts = (id_of("pot", 80 + number),)
        story.do(settle(stream=order, refund=refund, payouts=payouts, credit=id_of("crd", number)))
    story.do(pay_out_credit(15190, refund=ASKED))
    return story


def was(amount: int) -> AssignMoney:
    """What waits, so much, was paid out of it."""
    fact = RecordPayout(
        stream=CUSTOMER,
        processor="acme",
        refund=ASKED,
        payout=TOLD,
        amount=amount,
        currency="USD",
        reference="re_9",
    )
    return assign(unmatched=MONEY, customer=CUSTOMER, fact=fact)


def told(story: Story, amount: int = 2000) -> RefundPaid:
    """So much has left without a place, and was paid out of it."""
    story.record(left(reference="re_9", amount=amount, order=None, customer=None, why="unknown"))
    (_, paid) = story.do(was(amount))
    assert isinstance(paid, RefundPaid)
    return paid


def by_cheque(number: int = 90, **other: Any) -> SettleRefund:
    """What is due of it leaves."""
    payout = {"payouts": (id_of("pot", number),), "credit": id_of("crd", number), "reference": str(number)}
    return settle(**{"stream": CUSTOMER, "refund": ASKED, "method": "cheque", **payout, **other})


def still_owed(story: Story) -> CreditLeft:
    """Of which credit what may still be given of it is."""
    return dict(story.state(CUSTOMER).refunds[ASKED].credits)


def test_what_is_told_to_have_left_is_of_the_credit_that_has_its_money() -> None:
    # Count it on the credit whose money a bank took → 95.95 leave of 75.95, this fails.
    for first in (A, B):
        story = asked_back(first)
        story.on("2010-08-12").do(reverse())
        story.on("2010-08-13")
        assert told(story).credits == (CreditShare(OF_B, 2000),)
        (paid, kept) = story.do(by_cheque())
        assert isinstance(paid, RefundPaid)
        assert isinstance(kept, CreditSetAside)
        assert (paid.amount, paid.credits) == (5595, (CreditShare(OF_B, 5595),))
        assert (kept.amount, kept.again) == (7595, (CreditShare(OF_A, 7595),))
        assert still_owed(story) == {}


@pytest.mark.parametrize(("amount", "of"), [(2000, {OF_B: 2000}), (9595, {OF_A: 2000, OF_B: 7595})])
def test_what_had_left_before_a_bank_took_its_money_is_of_credit_that_has_it_still(
    amount: int, of: CreditLeft
) -> None:
    # Ask as of that day alone → 95.95 leave of 75.95 though 20.00 had left, this fails.
    story = asked_back()
    story.on("2010-08-12").do(reverse())
    story.with_now(moment("2010-08-13")).on("2010-08-11")
    (paid,) = story.do(by_cheque(amount=amount))
    assert isinstance(paid, RefundPaid)
    assert {share.credit: share.amount for share in paid.credits} == of
    story.on("2010-08-13")
    refund = story.state(CUSTOMER).refunds[ASKED]
    assert due_now(story.state(CUSTOMER), refund, story.given(by_cheque())).cash == max(0, 7595 - amount)


def test_what_a_bank_asks_about_stays_where_other_credit_can_have_left() -> None:
    # Take the first first → once the bank takes A's money, 20.00 more leave than came, this fails.
    story = asked_back()
    story.do(dispute())
    assert told(story, 8000).credits == (CreditShare(OF_A, 405), CreditShare(OF_B, 7595))
    assert still_owed(story) == {OF_A: 7190}


@pytest.mark.parametrize("first", [A, B])
def test_what_a_bank_took_stays_before_what_it_asks_about(first: str) -> None:
    # Keep either → 20.00 of A's are gone twice once B's dispute is won, this fails.
    story = asked_back(first)
    story.on("2010-08-12").do(reverse())
    story.do(dispute(order=B, payment=OTHER_PAYMENT))
    story.with_now(moment("2010-08-13")).on("2010-08-11")
    assert told(story).credits == (CreditShare(OF_B, 2000),)


@pytest.mark.parametrize("first", [A, B])
def test_what_lacked_its_money_when_it_left_is_kept_and_what_was_lost_later_has_left(first: str) -> None:
    # Keep what is lost by now, whichever → A's credit is kept and has left as well, this fails.
    story = asked_back(first)
    story.on("2010-08-12").do(reverse())
    lost: dict[str, Any] = {"order": B, "payment": OTHER_PAYMENT, "bill": id_of("bil", 60)}
    story.on("2010-08-14").do(reverse(**lost, reversal=id_of("rev", 2)))
    story.with_now(moment("2010-08-15")).on("2010-08-13")
    (paid, kept) = story.do(by_cheque(amount=7595))
    assert isinstance(paid, RefundPaid)
    assert isinstance(kept, CreditSetAside)
    assert (paid.credits, kept.again) == ((CreditShare(OF_B, 7595),), (CreditShare(OF_A, 7595),))
    assert still_owed(story) == {}


def test_with_all_its_money_here_what_became_credit_first_leaves_first() -> None:
    story = asked_back()
    (paid,) = story.do(by_cheque(amount=8000))
    assert isinstance(paid, RefundPaid)
    assert paid.credits == (CreditShare(OF_A, 7595), CreditShare(OF_B, 405))
    assert still_owed(story) == {OF_B: 7190}


def test_what_came_back_is_owed_as_the_credit_that_had_left() -> None:
    # Forget which it was → A's money goes out though the bank has it, this fails.
    story = asked_back()
    told(story)
    story.do(come_back(stream=CUSTOMER, refund=ASKED, payout=TOLD))
    assert still_owed(story) == {OF_A: 7595, OF_B: 7595}


def test_told_again_whatever_a_bank_took_since_it_is_the_same() -> None:
    story = asked_back()
    assert told(story).credits == (CreditShare(OF_A, 2000),)
    story.do(reverse())
    story.when(was(2000)).nothing()


@pytest.mark.parametrize(("part", "of"), [(TOLD, {OF_A: 5000}), (id_of("pot", 90), {OF_A: 2595, OF_B: 7595})])
def test_a_part_that_came_back_is_owed_as_its_own_part_of_the_credit(part: str, of: CreditLeft) -> None:
    # Let each part have all the credit that left → more of it is owed than is, and this fails.
    story = asked_back()
    story.record(card_stored())
    story.do(by_cheque(method="other_card", reference=None))
    its = RecordPayout(
        stream=CUSTOMER,
        processor="acme",
        refund=ASKED,
        payout=TOLD,
        amount=5000,
        currency="USD",
        reference="re_9",
    )
    story.do(its)
    story.do(come_back(stream=CUSTOMER, refund=ASKED, payout=part))
    assert still_owed(story) == of


def test_what_a_bank_asks_about_since_then_leaves_last_too() -> None:
    # Ask what it asked about that day alone → the credit leaves that it takes tomorrow, and this fails.
    for first in (A, B):
        story = asked_back(first)
        story.on("2010-08-13").do(dispute())
        story.with_now(moment("2010-08-13")).on("2010-08-12")
        assert told(story).credits == (CreditShare(OF_B, 2000),)


def test_all_but_the_last_of_it_leaves_of_all_credit_but_the_last() -> None:
    assert told(asked_back(), 15189).credits == (CreditShare(OF_A, 7595), CreditShare(OF_B, 7594))


def test_what_is_the_customers_own_goes_back_against_no_payment() -> None:
    story = asked_back()
    against = RecordPayout(
        stream=CUSTOMER,
        refund=ASKED,
        payout=TOLD,
        payment=PAYMENT,
        amount=1,
        currency="USD",
        reference="re_9",
    )
    story.when(against).refused(PayoutExceedsDue(ASKED, usd(1), usd(0)))
