"""Correcting a payment whose excess was set aside: what never came is no credit. Source: H-correct, I9"""

from typing import Any

import pytest

from domain.causes import EffectiveBeforeCause
from domain.corrections.correcting_payments import CreditOfPaymentUsed
from domain.corrections.correction_events import PaymentCorrected
from domain.customers.credit import Credit
from domain.payments.payment_events import BillPaymentReceived, CreditUsed
from tests.domain.bill_examples import credit_given
from tests.domain.correction_examples import CREDIT, correct, on_bill, order, receive
from tests.domain.examples import CUSTOMER, ORDER, OTHER_ORDER, OTHER_PAYMENT, PAYMENT, id_of, usd
from tests.domain.refund_examples import pay_out_credit
from tests.domain.specification import moment


def test_what_it_had_set_aside_is_no_credit_any_more() -> None:
    # Tell the order alone → the customer could still spend what never came, this fails.
    story = on_bill()
    story.do(receive(8000))
    assert story.state(CUSTOMER).credit["USD"].available == 405
    corrected = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert (corrected.credit, corrected.set_aside) == (CREDIT, 405)
    assert story.state(CUSTOMER).credit["USD"] == Credit()
    assert order(story).account.set_aside == 0
    assert story.account(ORDER).balance == 7595


def test_only_its_own_excess_is_no_credit_any_more() -> None:
    story = on_bill()
    story.do(receive(8000))
    other = {"payment": OTHER_PAYMENT, "credit": id_of("crd", 2)}
    story.do(receive(100, **other))
    corrected = story.when(correct(story, BillPaymentReceived, 2)).decides(PaymentCorrected)
    assert (corrected.credit, corrected.set_aside) == (id_of("crd", 2), 100)
    assert story.state(CUSTOMER).credit["USD"].available == 405


def test_a_gift_does_not_stand_in_for_the_credit_of_a_payment_that_never_came() -> None:
    # Compare with all that is available → this fails: the gift would be taken for money paid out since.
    story = on_bill()
    story.do(receive(8000))
    story.do(pay_out_credit(405))
    story.record(credit_given(405, credit=id_of("crd", 7)))
    story.when(correct(story, BillPaymentReceived)).refused(CreditOfPaymentUsed(PAYMENT, usd(405), usd(0)))


@pytest.mark.parametrize(("used", "refused"), [(0, False), (1, True)])
def test_credit_used_since_keeps_the_payment(used: int, refused: bool) -> None:
    story = on_bill()
    story.do(receive(8000))
    if used:
        money: dict[str, Any] = {"currency": "USD", "amount": used, "bills": ()}
        use = CreditUsed(customer=CUSTOMER, order=OTHER_ORDER, use=id_of("use"), **money)
        story.record_in((CUSTOMER, use))
    asked = story.when(correct(story, BillPaymentReceived))
    if refused:
        asked.refused(CreditOfPaymentUsed(PAYMENT, usd(405), usd(404)))
    else:
        asked.decides(PaymentCorrected)


def test_dated_back_it_takes_no_credit_away_that_was_used_then() -> None:
    # Ask only whether the credit is there now → on the 14th the customer has less than nothing, this fails.
    story = on_bill()
    story.on("2010-08-11").do(receive(8000))
    use = {"customer": CUSTOMER, "order": OTHER_ORDER, "use": id_of("use"), "currency": "USD", "bills": ()}
    story.on("2010-08-12").record_in((CUSTOMER, CreditUsed(**use, amount=1)))
    story.on("2010-08-20").do(receive(1, payment=OTHER_PAYMENT, credit=id_of("crd", 2)))
    day, asked = moment("2010-08-20"), correct(story, BillPaymentReceived)
    story.on("2010-08-14").with_now(day + 1)
    story.when(asked).refused(EffectiveBeforeCause(story.at, day))
    story.at = day - 1
    story.when(asked).refused(EffectiveBeforeCause(day - 1, day))
    story.at = day
    story.when(asked).decides(PaymentCorrected)
