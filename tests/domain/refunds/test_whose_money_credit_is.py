"""Credit knows which order's money it is: what one order lacks takes of its own credit, never of another's.

Source: I15, R-G8, R-B6, H-correct, §2 Money
"""

import pytest

from domain.bills.bill_events import BillPaymentReceived
from domain.bills.billing import NewBill
from domain.bills.writing_off import WriteOffBill
from domain.command import Command
from domain.corrections.correcting_payments import CreditOfPaymentUsed
from domain.corrections.correction_events import PaymentCorrected
from domain.customers.credit import Credit
from domain.payments.payment_events import CreditSetAside, CreditShare, CreditUsed, PaymentCaptured
from domain.refunds.granting_unverified import CreditExceedsSetAside
from domain.refunds.refund_events import RefundGranted, RefundPaid
from tests.domain.bill_examples import (
    ILL,
    PERSONS,
    call,
    pay_bill,
    reinstate,
    reverse,
    use_credit,
    write_off,
)
from tests.domain.correction_examples import correct
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_PAYMENT,
    PAYMENT,
    cancel,
    capture,
    captured,
    customer_registered,
    id_of,
    place,
    placed,
    ship,
    usd,
)
from tests.domain.refund_examples import credit_of, fail, pay_out_credit, settle
from tests.domain.specification import OWNER, Story, given

A, B, C = ORDER, id_of("ord", 7), id_of("ord", 8)
OF_A, OF_B, OF_C = id_of("crd"), id_of("crd", 7), id_of("crd", 8)
ASKED = id_of("ref", 60)


def of_a(*events: PaymentCaptured) -> Story:
    """75.95 came for A, which was cancelled, and the card was closed: kept as the customer's credit."""
    story = given(customer_registered(), *PERSONS, placed(), *(events or (captured(),)))
    story.by(OWNER).because("sealed:typed wrongly")
    for command in (cancel(), fail(), settle(credit=OF_A)):
        story.do(command)
    assert left(story) == {OF_A: 7595}
    return story


def spent_on_b(story: Story, amount: int = 7595) -> Story:
    """So much of it was used for B."""
    story.do(place(order=B, external_ref=None))
    story.do(use_credit(amount, order=B))
    return story


def overpaid_c(story: Story, excess: int = 3000) -> Story:
    """So much more than C's bill came for it, and is the customer's credit."""
    story.do(place(order=C, external_ref=None, terms="bill_after"))
    story.do(ship(order=C, shipment=id_of("shp", 8), bill=NewBill(id_of("bil", 8), 2010)))
    money = {"payment": id_of("pay", 8), "credit": OF_C, "method": "cheque", "reference": "8"}
    story.do(pay_bill(order=C, bill=id_of("bil", 8), amount=7595 + excess, **money))
    return story


def left(story: Story) -> dict[str, int]:
    """What is left of each credit of the customer's own."""
    return dict(story.state(CUSTOMER).credit.get("USD", Credit()).own)


def back(amount: int) -> Command:
    """Asks credit back."""
    return pay_out_credit(amount, refund=ASKED)


def in_cash() -> Command:
    """What was asked back leaves by cheque."""
    payout = {"payouts": (id_of("pot", 60),), "credit": id_of("crd", 60), "method": "cheque"}
    return settle(stream=CUSTOMER, refund=ASKED, **payout)


def exceeds(asked: int, most: int) -> CreditExceedsSetAside:
    """More is asked back than money backs."""
    return CreditExceedsSetAside(CUSTOMER, usd(asked), usd(most))


def let_off(story: Story) -> WriteOffBill:
    """What A owes is written off."""
    bill = next(bill.bill for bill in story.state(A).bills.values() if bill.open)
    story.do(call(bill=bill, **ILL))
    return write_off(bill=bill)


@pytest.mark.parametrize("written_off", [False, True])
def test_money_paid_in_for_one_order_is_asked_back_whatever_another_owes(written_off: bool) -> None:
    # Let what A lacks take of all credit → C's 30.00 stay for ever, this fails.
    story = spent_on_b(of_a())
    story.do(ship(order=B))
    story.do(reverse())
    if written_off:
        story.do(let_off(story))
    overpaid_c(story)
    story.when(back(3001)).refused(exceeds(3001, 3000))
    assert story.when(back(3000)).decides(RefundGranted).credits == (CreditShare(OF_C, 3000),)
    assert story.when(in_cash()).decides(RefundPaid).amount == 3000


@pytest.mark.parametrize("written_off", [False, True])
def test_credit_that_lacks_its_money_stays_and_leaves_the_other_alone(written_off: bool) -> None:
    # Count what is written off as money that came → 75.95 leave that never did, this fails.
    story = overpaid_c(of_a())
    story.do(reverse())
    if written_off:
        story.do(let_off(story))
    story.when(back(3001)).refused(exceeds(3001, 3000))
    assert story.when(back(3000)).decides(RefundGranted).credits == (CreditShare(OF_C, 3000),)
    assert left(story) == {OF_A: 7595}, "to be spent"


def test_what_credit_bought_gives_back_the_credit_it_was() -> None:
    # Take it for B's own → what never came leaves as money, this fails.
    story = overpaid_c(spent_on_b(of_a()))
    story.do(reverse())
    story.do(cancel(order=B, refund=id_of("ref", 7)))
    (kept, _) = story.do(settle(stream=B, refund=id_of("ref", 7), credit=OF_B))
    assert isinstance(kept, CreditSetAside)
    assert (kept.amount, kept.again) == (7595, (CreditShare(OF_A, 7595),))
    assert left(story) == {OF_C: 3000, OF_A: 7595}
    story.when(back(3001)).refused(exceeds(3001, 3000))
    story.do(reinstate(500))
    story.when(back(3501)).refused(exceeds(3501, 3500))


def test_money_that_came_for_an_order_goes_back_before_credit_that_it_had() -> None:
    story = of_a()
    spent_on_b(story, 4195)
    story.do(capture(order=B, amount=3400, payment=OTHER_PAYMENT, reference="ch_2"))
    for number, again in ((7, ()), (9, (CreditShare(OF_A, 4195),))):
        refund = id_of("ref", number)
        story.do(cancel((1, 1), order=B, refund=refund))
        story.do(fail(stream=B, refund=refund, payment=OTHER_PAYMENT, payout=id_of("pot", 80 + number)))
        payouts = (id_of("pot", 60 + number),)
        (kept, _) = story.do(settle(stream=B, refund=refund, payouts=payouts, credit=id_of("crd", number)))
        assert isinstance(kept, CreditSetAside)
        assert kept.again == again
    assert left(story) == {OF_A: 7595, OF_B: 3400}


def test_what_was_lost_of_credit_is_missing_where_it_was_spent() -> None:
    # Let A's credit back B's, though it never came → 34.00 leave of which nothing is there, this fails.
    story = of_a()
    spent_on_b(story, 4195)
    story.do(capture(order=B, amount=3400, payment=OTHER_PAYMENT, reference="ch_2"))
    story.do(ship((1, 1), order=B))
    refund = id_of("ref", 7)
    story.do(cancel((1, 1), order=B, refund=refund))
    story.do(fail(stream=B, refund=refund, payment=OTHER_PAYMENT, payout=id_of("pot", 80)))
    story.do(settle(stream=B, refund=refund, payouts=(id_of("pot", 70),), credit=OF_B))
    assert left(story) == {OF_A: 3400, OF_B: 3400}
    more = {"reversal": id_of("rev", 2), "bill": id_of("bil", 60)}
    story.do(reverse(order=B, payment=OTHER_PAYMENT, amount=3400, **more))
    # Of the 41.95 that A's credit paid for B, 34.00 are in the place of B's own, and 7.95 went with goods.
    for number, (taken, most) in enumerate(((3400, 3400), (795, 3400), (100, 3300), (3300, 0)), start=3):
        story.do(reverse(amount=taken, reversal=id_of("rev", number), bill=id_of("bil", 60 + number)))
        story.when(back(most + 1)).refused(exceeds(most + 1, most))
    assert left(story) == {OF_A: 3400, OF_B: 3400}, "to be spent"


def test_credit_asked_back_becomes_that_credit_again_where_its_money_was_taken() -> None:
    story = overpaid_c(of_a())
    assert story.do(back(10595))
    story.do(reverse(amount=7000))
    (paid, again) = story.do(in_cash())
    assert isinstance(paid, RefundPaid)
    assert isinstance(again, CreditSetAside)
    assert (paid.amount, again.again) == (3595, (CreditShare(OF_A, 7000),))
    assert left(story) == {OF_A: 7000}


def test_of_credit_asked_back_twice_the_other_lacks_its_money_first() -> None:
    # Let each of them lack all of it → 40.00 that are here stay, this fails.
    story = of_a()
    story.do(back(3000))
    story.do(pay_out_credit(4595, refund=id_of("ref", 61)))
    story.do(reverse(amount=3595))
    assert story.when(in_cash()).decides(RefundPaid).amount == 3000
    last = settle(
        stream=CUSTOMER, refund=id_of("ref", 61), payouts=(id_of("pot", 61),), credit=OF_B, method="cheque"
    )
    (paid, again) = story.do(last)
    assert isinstance(paid, RefundPaid)
    assert isinstance(again, CreditSetAside)
    assert (paid.amount, again.amount) == (1000, 3595)


# A payment that never came


def test_a_payment_that_never_came_takes_nothing_of_what_another_order_was_overpaid_by() -> None:
    # Count what was set aside, though it was spent → C's 30.00 pay for A unasked, this fails.
    story = overpaid_c(spent_on_b(of_a()))
    story.when(correct(story, PaymentCaptured)).decides(PaymentCorrected)
    story.do(correct(story, PaymentCaptured))
    assert left(story) == {OF_C: 3000}
    assert story.state(A).open_bills() == 7595
    assert story.do(back(3000))


def test_credit_that_refunds_kept_pays_once_for_payments_that_never_came() -> None:
    # Count it anew at each correction → 34.00 of the other 50.00 pay too, this fails.
    story = given(customer_registered(), *PERSONS, placed())
    story.record(captured(amount=3800), captured(amount=3795, payment=OTHER_PAYMENT, reference="ch_2"))
    story.by(OWNER).because("sealed:typed wrongly")
    for command in (
        ship((1, 1)),
        cancel((1, 1)),
        fail(payment=PAYMENT),
        fail(payout=id_of("pot", 7), payment=OTHER_PAYMENT),
        settle(),
    ):
        story.do(command)
    overpaid_c(story, 5000)
    owed = 0
    for nth, pays in ((1, 3400), (2, 0)):
        events = story.do(correct(story, PaymentCaptured, nth, owed=id_of("bil", 20 + nth)))
        assert [it.own for it in events if isinstance(it, CreditUsed)] == [(CreditShare(OF_A, pays),)] * 2 * (
            pays > 0
        )
        owed += (3800, 3795)[nth - 1] - pays
        assert story.state(A).open_bills() == owed
    assert (owed, left(story)) == (4195, {OF_C: 5000})


def test_what_the_order_itself_was_overpaid_by_did_come_and_stays() -> None:
    # Take all the order's credit → 9.00 that were paid in are used unasked, this fails.
    story = given(customer_registered(), *PERSONS)
    story.by(OWNER).because("sealed:typed wrongly")
    story.do(place(terms="bill_after"))
    story.do(capture(amount=1000))
    story.do(ship(bill=NewBill(id_of("bil", 8), 2010)))
    money = {"payment": OTHER_PAYMENT, "credit": OF_C, "method": "cheque", "reference": "8"}
    story.do(pay_bill(bill=id_of("bil", 8), amount=6595 + 900, **money))
    story.when(correct(story, PaymentCaptured)).decides(PaymentCorrected)
    story.do(correct(story, PaymentCaptured))
    assert (left(story), story.state(A).open_bills()) == ({OF_C: 900}, 1000)


def test_an_excess_that_never_came_is_not_taken_of_other_credit_once_it_was_spent() -> None:
    # Ask for as much credit, whosever money → 30.00 of A's are gone, this fails.
    story = overpaid_c(given(customer_registered(), *PERSONS).by(OWNER).because("sealed:typed wrongly"))
    spent_on_b(story, 1000)
    story.record(placed(), captured())
    for command in (cancel(), fail(), settle(credit=OF_A)):
        story.do(command)
    assert left(story) == {OF_C: 2000, OF_A: 7595}
    asked = correct(story, BillPaymentReceived, stream=C)
    story.when(asked).refused(CreditOfPaymentUsed(id_of("pay", 8), usd(3000), usd(2000)))
    story.do(cancel(order=B, refund=id_of("ref", 7)))
    story.do(settle(stream=B, refund=id_of("ref", 7), credit=OF_B))
    story.when(asked).decides(PaymentCorrected)
    story.do(asked)
    assert left(story) == {OF_A: 7595}
    assert credit_of(story) == 7595
