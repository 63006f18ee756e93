"""Correcting a payment whose excess was set aside: what never came is no credit. Source: H-correct, I9"""

from typing import Any

import pytest

from domain.bills.bill_events import BillPaymentReceived, BillShare
from domain.causes import EffectiveBeforeCause
from domain.corrections.correcting_payments import CreditOfPaymentUsed
from domain.corrections.correction_events import PaymentCorrected
from domain.customers.credit import Credit
from domain.payments.payment_events import CreditShare, CreditUsed, PaymentCaptured
from tests.domain.bill_examples import credit_given, credit_kept
from tests.domain.correction_examples import CREDIT, OWED, by_supervisor, correct, on_bill, order, receive
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_REFUND,
    PAYMENT,
    cancel,
    captured,
    id_of,
    placed,
    ship,
    usd,
)
from tests.domain.refund_examples import credit_of, fail, pay_out_credit, settle
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
        own = (CreditShare(CREDIT, used),)
        money: dict[str, Any] = {"currency": "USD", "amount": used, "own": own, "bills": ()}
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
    story.on("2010-08-12").record_in((CUSTOMER, CreditUsed(**use, amount=1, own=(CreditShare(CREDIT, 1),))))
    story.on("2010-08-20").record_in((CUSTOMER, credit_kept(1, again=(CreditShare(CREDIT, 1),))))
    day, asked = moment("2010-08-20"), correct(story, BillPaymentReceived)
    story.on("2010-08-14").with_now(day + 1)
    story.when(asked).refused(EffectiveBeforeCause(story.at, day))
    story.at = day - 1
    story.when(asked).refused(EffectiveBeforeCause(day - 1, day))
    story.at = day
    story.when(asked).decides(PaymentCorrected)


def test_what_a_refund_had_kept_of_it_as_credit_pays_what_is_owed_then() -> None:
    # Leave the credit → 75.95 are owed, and as much may be spent that never came: this fails.
    story = by_supervisor(placed(), captured())
    for command in (cancel(), fail(), settle()):
        story.do(command)
    assert credit_of(story) == 7595
    asked = story.when(correct(story, PaymentCaptured))
    used = asked.decides(CreditUsed)
    assert (used.amount, used.gift, used.bills) == (7595, 0, (BillShare(OWED, 7595),))
    assert (credit_of(story), order(story).open_bills(), order(story).purse().due_back) == (0, 0, 0)
    assert story.account(ORDER).balance == 0


@pytest.mark.parametrize(("spent", "paid"), [(0, 3400), (400, 3000), (3400, 0)])
def test_no_more_of_it_pays_than_the_refund_kept_and_is_there_still(spent: int, paid: int) -> None:
    # Goods for 41.95 left for nothing: they stay owed, whatever other credit the customer has.
    story = by_supervisor(placed(), captured(), credit_given(5000, credit=id_of("crd", 7)))
    for command in (ship((1, 1)), cancel((1, 1)), fail(), settle()):
        story.do(command)
    if spent:
        story.do(pay_out_credit(spent, refund=OTHER_REFUND))
    events = story.do(correct(story, PaymentCaptured))
    used = [event.amount for event in events if isinstance(event, CreditUsed)]
    assert used == [paid] * 2 * (paid > 0)
    assert order(story).open_bills() == 7595 - paid
    assert credit_of(story) == 5000
