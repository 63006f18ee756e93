"""Credit whose money a bank took back, or that never came, is spent and not paid out.

Source: R-G8, R-B9, I15
"""

from typing import Any

import pytest

from domain.customers.credit import Credit
from domain.payments.payment_events import CreditSetAside, PaymentCaptured
from domain.refunds.due_now import NothingLeftOfRefund, PayoutDuringDispute
from domain.refunds.granting_unverified import CreditExceedsSetAside
from domain.refunds.refund_events import RefundGranted, RefundPaid, RefundPaymentFailed
from domain.refunds.settlement import SettleRefund
from tests.domain.bill_examples import (
    PERSONS,
    close_dispute,
    dispute,
    give_credit,
    pay_bill,
    reinstate,
    reverse,
    use_credit,
)
from tests.domain.correction_examples import correct
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_REFUND,
    cancel,
    capture,
    captured,
    customer_registered,
    id_of,
    place,
    placed,
    usd,
)
from tests.domain.refund_examples import credit_of, fail, pay_out_credit, settle
from tests.domain.specification import SUPERVISOR, Story, given, moment


def kept() -> Story:
    """75.95 came, the order was cancelled, the card was closed: kept as the customer's credit."""
    story = given(customer_registered(), *PERSONS, placed(), captured())
    for command in (cancel(), fail(), settle()):
        story.do(command)
    assert credit_of(story) == 7595
    return story


def in_cash(**other: object) -> SettleRefund:
    """The credit asked back is paid."""
    asked = {"stream": CUSTOMER, "refund": OTHER_REFUND, "payouts": (id_of("pot", 60),)}
    return settle(**{**asked, "credit": id_of("crd", 60), **other})


def exceeds(asked: int, most: int) -> CreditExceedsSetAside:
    """More is asked back than money backs."""
    return CreditExceedsSetAside(CUSTOMER, usd(asked), usd(most))


def test_credit_of_a_payment_that_a_bank_took_back_leaves_not_as_money_but_is_spent() -> None:
    # Ask the credit alone → 151.90 leave of 75.95 that came, this fails.
    story = kept()
    story.do(reverse(amount=7000))
    story.when(pay_out_credit(596, refund=OTHER_REFUND)).refused(exceeds(596, 595))
    assert story.do(use_credit(7000))  # what is owed since is paid with it
    story.when(pay_out_credit(596, refund=OTHER_REFUND)).refused(exceeds(596, 595))
    assert story.do(pay_out_credit(595, refund=OTHER_REFUND))


def test_once_the_money_is_there_again_it_may_leave() -> None:
    story = kept()
    story.do(reverse())
    story.when(pay_out_credit(1, refund=OTHER_REFUND)).refused(exceeds(1, 0))
    story.do(reinstate(3000))
    story.when(pay_out_credit(3001, refund=OTHER_REFUND)).refused(exceeds(3001, 3000))
    owed = story.state(ORDER).reversals[id_of("rev")].it.bill
    story.do(pay_bill(bill=owed, amount=4595, payment=OTHER_PAYMENT))
    story.when(pay_out_credit(7595, refund=OTHER_REFUND)).decides(RefundGranted)


def test_a_payout_granted_before_the_bank_took_the_money_stays_credit() -> None:
    # Ask at the grant alone → the cheque goes out, this fails.
    story = kept()
    story.do(pay_out_credit(7595, refund=OTHER_REFUND))
    story.do(reverse(amount=3000))
    paid, left_as_credit = story.do(in_cash(method="cheque"))
    assert isinstance(paid, RefundPaid)
    assert isinstance(left_as_credit, CreditSetAside)
    assert (paid.amount, left_as_credit.amount) == (4595, 3000)
    assert story.state(CUSTOMER).refunds[OTHER_REFUND].claim == 0
    assert credit_of(story) == 3000
    story.when(pay_out_credit(1, refund=id_of("ref", 9))).refused(exceeds(1, 0))


def test_what_could_not_leave_is_what_was_to_leave_and_no_more() -> None:
    # Take all that is left of it → 75.95 are said to have failed, of which 30.00 stay credit: this fails.
    story = kept()
    story.do(pay_out_credit(7595, refund=OTHER_REFUND))
    story.do(reverse(amount=3000))
    by_cheque = {"stream": CUSTOMER, "refund": OTHER_REFUND, "method": "cheque", "why": "undelivered"}
    assert story.when(fail(**by_cheque)).decides(RefundPaymentFailed).amount == 4595
    story.do(reverse(amount=4595, reversal=id_of("rev", 3)))
    again = fail(**by_cheque, payout=id_of("pot", 9))
    story.when(again).refused(NothingLeftOfRefund(OTHER_REFUND))


def test_while_a_bank_asks_about_the_money_it_does_not_leave_as_credit_either() -> None:
    # Ask of orders alone → the bank takes it after it has left, this fails.
    story = kept()
    story.do(dispute())
    story.do(pay_out_credit(7595, refund=OTHER_REFUND))  # granted all the same
    story.when(in_cash(method="cheque")).refused(PayoutDuringDispute(OTHER_REFUND))
    story.do(close_dispute("won"))
    paid = story.when(in_cash(method="cheque")).decides(RefundPaid)
    assert paid.amount == 7595


def test_a_bank_that_asks_about_other_money_keeps_none_of_it_back() -> None:
    # Let any dispute of the customer's wait → what a bank cannot take waits too, this fails.
    story = kept()
    story.do(place(order=OTHER_ORDER, external_ref=None))
    story.do(capture(order=OTHER_ORDER, payment=OTHER_PAYMENT, reference="ch_2"))
    story.do(dispute(order=OTHER_ORDER, payment=OTHER_PAYMENT))
    story.do(pay_out_credit(7595, refund=OTHER_REFUND))
    assert story.when(in_cash(method="cheque")).decides(RefundPaid).amount == 7595


def test_what_a_bank_has_taken_it_asks_for_no_more() -> None:
    # Count it as taken and as asked for → what came with another payment waits too, this fails.
    story = kept()
    story.do(dispute())
    story.do(reverse(amount=4000))
    story.do(pay_out_credit(3595, refund=OTHER_REFUND))
    story.when(in_cash(method="cheque")).refused(PayoutDuringDispute(OTHER_REFUND))
    owed = story.state(ORDER).reversals[id_of("rev")].it.bill
    story.do(pay_bill(bill=owed, amount=4000, payment=OTHER_PAYMENT))
    story.when(in_cash(method="cheque")).decides(RefundPaid)


def test_a_bank_that_took_more_than_it_asked_for_asks_for_nothing_more() -> None:
    story = kept()
    story.do(dispute(amount=1000))
    story.do(reverse(amount=2000))
    story.do(pay_out_credit(5595, refund=OTHER_REFUND))
    assert story.when(in_cash(method="cheque")).decides(RefundPaid).amount == 5595


FIRST, SECOND = id_of("dsp", 1), id_of("dsp", 2)


@pytest.mark.parametrize("taken_for", [FIRST, SECOND, None])
def test_what_a_bank_took_for_one_of_two_disputes_it_still_asks_for_in_the_other(
    taken_for: str | None,
) -> None:
    # Count it for both → 45.95 leave and then the bank takes 30.00 of them, this fails.
    story = kept()
    story.do(pay_out_credit(4595, refund=OTHER_REFUND))
    for name in (FIRST, SECOND):
        story.do(dispute(amount=3000, dispute=name, reference=name))
    story.do(reverse(amount=3000, dispute=taken_for))
    story.do(close_dispute("lost", dispute=taken_for or FIRST))
    story.when(in_cash(method="cheque")).refused(PayoutDuringDispute(OTHER_REFUND))
    other = FIRST if taken_for == SECOND else SECOND
    story.do(reverse(amount=3000, dispute=other, reversal=id_of("rev", 2), bill=id_of("bil", 9)))
    assert story.when(in_cash(method="cheque")).decides(RefundPaid).amount == 1595


@pytest.mark.parametrize("again", [1000, 7595])
def test_what_comes_again_while_the_bank_still_asks_it_may_take_once_more(again: int) -> None:
    # Forget what it asked for → all leaves, and the bank takes it once more: this fails.
    story = kept()
    story.do(dispute())
    story.do(pay_out_credit(7595, refund=OTHER_REFUND))
    story.do(reverse(dispute=id_of("dsp")))
    story.do(reinstate(again))
    story.when(in_cash(method="cheque")).refused(PayoutDuringDispute(OTHER_REFUND))
    story.do(close_dispute("won"))
    assert story.when(in_cash(method="cheque")).decides(RefundPaid).amount == again


def test_what_comes_again_of_another_dispute_is_not_what_this_bank_asks_for() -> None:
    # Let all that comes again raise it → 20.00 that nobody asks for wait, this fails.
    story = kept()
    story.do(dispute(amount=2000, dispute=FIRST, reference="d1"))
    story.do(dispute(amount=2000, dispute=SECOND, reference="d2"))
    story.do(pay_out_credit(5595, refund=OTHER_REFUND))
    story.do(reverse(amount=2000, dispute=SECOND))
    story.do(reverse(amount=2000, dispute=FIRST, reversal=id_of("rev", 2), bill=id_of("bil", 9)))
    story.do(reinstate(2000))
    story.do(close_dispute("won", dispute=SECOND))
    assert story.when(in_cash(method="cheque")).decides(RefundPaid).amount == 5595


@pytest.mark.parametrize("at", ["2010-08-11", "2010-08-13"])
def test_it_is_not_asked_back_as_of_a_day_before_the_bank_took_it_nor_before_it_came_again(at: str) -> None:
    # Ask as of that day alone → it leaves twice as of the 11th; ask now alone → as of the 13th: this fails.
    story = kept()
    story.on("2010-08-12").do(reverse())
    if at > "2010-08-12":
        story.on("2010-08-14").do(reinstate())
    story.with_now(moment("2010-08-15")).on(at)
    story.when(pay_out_credit(1, refund=OTHER_REFUND)).refused(exceeds(1, 0))


def test_credit_of_a_payment_that_never_came_does_not_leave() -> None:
    story = kept().by(SUPERVISOR).because("sealed:typed wrongly")
    story.do(correct(story, PaymentCaptured))
    story.when(pay_out_credit(1, refund=OTHER_REFUND)).refused(CreditExceedsSetAside)


def test_a_payment_that_never_came_backs_no_credit_of_another() -> None:
    # Leave it in → 75.95 leave of which the bank has taken every cent, this fails.
    story = given(customer_registered(), *PERSONS, placed(), captured())
    story.by(SUPERVISOR).because("sealed:typed wrongly").do(correct(story, PaymentCaptured))
    for command in (capture(payment=OTHER_PAYMENT, reference="ch_2"), cancel(), fail(), settle()):
        story.do(command)
    assert credit_of(story) == 7595
    story.do(reverse(payment=OTHER_PAYMENT))
    story.when(pay_out_credit(1, refund=OTHER_REFUND)).refused(exceeds(1, 0))


def test_what_went_back_as_money_backs_no_credit_beside_it() -> None:
    # Leave it in → 34.00 of a dress leave twice, this fails.
    story = given(customer_registered(), *PERSONS, placed(), captured())
    for command in (cancel((1, 1)), settle()):
        story.do(command)
    rest: dict[str, Any] = {"refund": OTHER_REFUND}
    for command in (cancel((1, 1), **rest), fail(**rest), settle(**rest, payouts=(id_of("pot", 9),))):
        story.do(command)
    assert credit_of(story) == 4195
    story.do(reverse(amount=4000))
    third: dict[str, Any] = {"refund": id_of("ref", 3)}
    story.when(pay_out_credit(196, **third)).refused(exceeds(196, 195))
    assert story.do(pay_out_credit(195, **third))


def test_a_gift_that_paid_beside_money_backs_none_of_it() -> None:
    # Leave gifts in → 3.00 leave of which nothing is there, this fails.
    story = given(customer_registered(), *PERSONS, placed())
    for command in (give_credit(5000), use_credit(5000), capture(amount=2595), cancel((1, 1))):
        story.do(command)
    for command in (fail(), settle()):
        story.do(command)
    own = story.state(CUSTOMER).credit.get("USD", Credit()).payable
    assert own == 2595
    story.do(reverse(amount=2595))
    assert story.state(ORDER).account.money_here > 0
    story.when(pay_out_credit(1, refund=OTHER_REFUND)).refused(exceeds(1, 0))


def test_payouts_that_failed_are_asked_like_the_first() -> None:
    story = kept()
    story.do(pay_out_credit(7595, refund=OTHER_REFUND))
    failed = fail(stream=CUSTOMER, refund=OTHER_REFUND, payout=id_of("pot", 61), method="cheque")
    story.do(failed)
    story.do(reverse())
    (again,) = story.do(in_cash())
    assert isinstance(again, CreditSetAside)


def test_what_lacks_its_money_is_taken_once_of_several_credits_of_an_order() -> None:
    # Take of each what the order lacks → credit that money backs is not given as money, and this fails.
    story = given(customer_registered(), *PERSONS, placed(), captured())
    for number in (1, 2):
        refund, payouts = id_of("ref", number), (id_of("pot", 10 + number),)
        story.do(cancel((1, 1), refund=refund))
        story.do(fail(refund=refund, payout=id_of("pot", 20 + number)))
        story.do(settle(refund=refund, payouts=payouts, credit=id_of("crd", number)))
    story.do(reverse(amount=4000))
    third = id_of("ref", 3)
    story.when(pay_out_credit(3596, refund=third)).refused(exceeds(3596, 3595))
    assert story.do(pay_out_credit(3595, refund=third))
