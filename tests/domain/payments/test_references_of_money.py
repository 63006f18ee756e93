"""The same money never counts twice, whoever records it and for what. Source: I12, H-correct"""

import re
from typing import Any

import pytest

from domain.bills.bill_events import BillPaymentReceived
from domain.bills.bill_payments import ReferenceOfOtherBill, ReferenceReceivedOtherwise
from domain.bills.billing import NewBill
from domain.command import Command
from domain.corrections.correction_events import PaymentCorrected
from domain.decision import Claim
from domain.decisions import decide
from domain.payments.payers_references import PayersReferenceUsed
from domain.payments.payment_events import PaymentCaptured, PaymentReinstated
from domain.payments.reversing import ReferenceReinstatedOtherwise, ReinstatementExceedsReversal
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import (
    BILL,
    PERSONS,
    REINSTATEMENT,
    REVERSAL,
    bill_paid,
    billed_story,
    pay_bill,
    reinstate,
    reverse,
)
from tests.domain.correction_examples import correct, entry_of
from tests.domain.examples import (
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_PAYMENT,
    PAYMENT,
    capture,
    captured,
    customer_registered,
    id_of,
    place,
    placed,
    ship,
    usd,
)
from tests.domain.specification import SUPERVISOR, Story, given

CHEQUE: dict[str, Any] = {"method": "cheque", "reference": "1001"}
AGAIN: dict[str, Any] = {"payment": OTHER_PAYMENT, "credit": id_of("crd", 2)}


def paid_by_cheque(amount: int = 3000) -> Story:
    """A bill of 75.95, paid in part by cheque 1001."""
    paid = bill_paid(amount, **CHEQUE)
    return billed_story().when(pay_bill(amount=amount, **CHEQUE)).then(paid)


def of_two_bills() -> Story:
    """Two dresses shipped one by one, each with its bill."""
    story = given(customer_registered(), *PERSONS)
    story.do(place(terms="bill_after"))
    story.do(ship((1, 1), bill=NEW_BILL))
    story.do(ship((1, 1), shipment=id_of("shp", 2), bill=NewBill(OTHER_BILL, 2010)))
    return story


def test_a_cheque_recorded_twice_counts_once() -> None:
    # Compare payment ids alone → it counts twice, and this fails.
    story = paid_by_cheque()
    (position,) = story.when(pay_bill(amount=3000, **CHEQUE, **AGAIN)).nothing()
    assert position == entry_of(story, BillPaymentReceived)
    story.when(capture(amount=3000, processor="cheque", reference="1001", payment=OTHER_PAYMENT)).nothing()


def test_the_same_cheque_with_another_amount_or_for_another_bill_is_refused() -> None:
    story, day = paid_by_cheque(), "2010-08-10"
    more = pay_bill(amount=3001, **CHEQUE, **AGAIN)
    used = PayersReferenceUsed(
        PAYMENT, entry_of(story, BillPaymentReceived), day, usd(3000), usd(3001), "of another amount"
    )
    story.when(more).refused(used)
    cash = capture(amount=3001, processor="cheque", reference="1001", payment=OTHER_PAYMENT)
    story.when(cash).refused(used)
    two = of_two_bills()
    two.do(pay_bill(amount=3000, **CHEQUE))
    position = entry_of(two, BillPaymentReceived)
    elsewhere = pay_bill(amount=3000, bill=OTHER_BILL, **CHEQUE, **AGAIN)
    two.when(elsewhere).refused(
        PayersReferenceUsed(PAYMENT, position, day, usd(3000), usd(3000), "for another bill")
    )


def test_what_a_processor_named_is_one_payment_whatever_the_day_of_one_amount_and_bill() -> None:
    # Say of the other bill what is said of another amount → the refusal names none, and this fails.
    charge: dict[str, Any] = {"method": "stripe", "reference": "ch_1"}
    story = of_two_bills()
    story.do(pay_bill(amount=3000, **charge))
    position = entry_of(story, BillPaymentReceived)
    story.on("2010-08-24").when(pay_bill(amount=3000, **charge, **AGAIN)).nothing()
    more = pay_bill(amount=3001, **charge, **AGAIN)
    story.when(more).refused(ReferenceReceivedOtherwise(PAYMENT, position, usd(3000), usd(3001)))
    elsewhere = pay_bill(amount=3000, bill=OTHER_BILL, **charge, **AGAIN)
    story.when(elsewhere).refused(ReferenceOfOtherBill(PAYMENT, position, BILL, usd(3000)))


def test_what_came_in_another_way_or_without_a_reference_is_other_money() -> None:
    for method, reference in (("cheque", "1002"), ("bank_transfer", "1001")):
        other = {"method": method, "reference": reference}
        paid = bill_paid(3000, **other, payment=OTHER_PAYMENT)
        paid_by_cheque().when(pay_bill(amount=3000, **other, **AGAIN)).then(paid)
    unnamed = billed_story()
    unnamed.do(pay_bill(amount=3000))
    assert len(unnamed.do(pay_bill(amount=3000, **AGAIN))) == 1


def claims_of(story: Story, command: Command) -> tuple[Claim, ...]:
    return decide(command, story.given(command)).claims


@pytest.mark.parametrize("way", ["cheque", "bank_transfer"])
def test_what_the_payer_named_is_claimed_among_their_own(way: str) -> None:
    # Leave the customer out → two people's cheques of one number are one, and this fails.
    story = billed_story()
    own = Claim("bill_payment_ref", f"{CUSTOMER}/{way}/1001", ORDER)
    assert claims_of(story, pay_bill(method=way, reference="1001")) == (own,)
    (claim,) = claims_of(story, capture(processor=way, reference="1001"))
    assert (claim.kind, claim.value) == (own.kind, own.value)
    assert claims_of(story, pay_bill()) == ()


@pytest.mark.parametrize("way", ["stripe", "trial_cards"])
def test_a_reference_of_a_processor_is_one_whether_an_order_or_a_bill_was_paid(way: str) -> None:
    # Give bills a space of names of their own → one charge pays a bill and another order, and this fails.
    story = billed_story()
    (of_order,) = claims_of(story, capture(processor=way, reference="T1"))
    (of_bill,) = claims_of(story, pay_bill(method=way, reference="T1"))
    assert (of_order.kind, of_order.value) == (of_bill.kind, of_bill.value) == ("processor_ref", f"{way}/T1")


def test_after_a_correction_the_reference_is_free_again() -> None:
    story = paid_by_cheque().by(SUPERVISOR).because("sealed:Typed wrongly")
    story.do(correct(story, BillPaymentReceived))
    again = pay_bill(amount=7595, **CHEQUE, **AGAIN)
    (claim,) = decide(again, story.given(again)).claims
    freed = f"{CUSTOMER}/cheque/1001/{entry_of(story, PaymentCorrected)}"
    assert claim == Claim("bill_payment_ref_again", freed, ORDER)
    story.when(again).then(bill_paid(**CHEQUE, payment=OTHER_PAYMENT))
    elsewhere = pay_bill(amount=7595, **CHEQUE, order=OTHER_ORDER, corrected_in=ORDER)
    assert elsewhere.reads() == (ORDER,)


RF: dict[str, Any] = {"method": "bank_transfer", "reference": "RF18-5390"}


def position_of(story: Story) -> int:
    return entry_of(story, BillPaymentReceived)


def test_the_same_amount_under_a_payers_own_name_is_the_same_payment_that_day_alone() -> None:
    # Leave the day out → the second instalment under the number on the bill is swallowed, and this fails.
    story = billed_story()
    story.on("2010-08-12", "00:00").do(pay_bill(amount=2000, **RF))
    position = position_of(story)
    again = pay_bill(amount=2000, **RF, **AGAIN)
    assert story.on("2010-08-12", "23:59").when(again).nothing() == (position,)
    used = PayersReferenceUsed(PAYMENT, position, "2010-08-12", usd(2000), usd(2000), "on another day")
    story.on("2010-08-13", "00:00").when(again).refused(used)
    assert used.advice == PayersReferenceUsed.way_out
    of_order = capture(payment=OTHER_PAYMENT, amount=2000, processor="bank_transfer", reference="RF18-5390")
    story.when(of_order).refused(used)
    own_name = pay_bill(amount=2000, method="bank_transfer", reference="RF18-5390/2", **AGAIN)
    assert len(story.do(own_name)) == 1


def test_an_order_paid_again_under_a_payers_own_name_on_another_day_is_refused() -> None:
    way = {"processor": "bank_transfer", "reference": "RF18-5390", "amount": 2000}
    story = given(customer_registered(), *PERSONS, placed())
    story.do(capture(**way))
    position = entry_of(story, PaymentCaptured)
    story.when(capture(**way, payment=OTHER_PAYMENT)).nothing()
    used = PayersReferenceUsed(PAYMENT, position, "2010-08-10", usd(2000), usd(2000), "on another day")
    story.on("2010-08-24").when(capture(**way, payment=OTHER_PAYMENT)).refused(used)
    at_processor = {**way, "processor": "stripe"}
    story.do(capture(**at_processor, payment=id_of("pay", 3)))
    story.on("2010-09-24").when(capture(**at_processor, payment=id_of("pay", 4))).nothing()


def test_a_cheque_presented_again_is_a_reinstatement() -> None:
    # Look at corrections alone → the money is swallowed as known, and this fails.
    story = paid_by_cheque()
    story.on("2010-08-12").do(reverse(kind="bounced", amount=3000))
    presented = pay_bill(amount=3000, **CHEQUE, **AGAIN)
    refusal = PayersReferenceUsed(
        PAYMENT, position_of(story), "2010-08-10", usd(3000), usd(3000), "but were taken back since"
    )
    story.on("2010-08-20").when(presented).refused(refusal)
    story.on("2010-08-12").when(presented).refused(refusal)
    assert re.fullmatch(r"If .*/reinstatements.*\.", refusal.advice)
    story.on("2010-08-20").do(reinstate(3000, reference="1001"))
    story.on("2010-08-10").when(presented).nothing()


AGAIN_ID = id_of("rev", 9)


def taken_back(**payment: Any) -> Story:
    """The payment of an order was taken back."""
    story = given(customer_registered(), *PERSONS, placed(), captured(**payment))
    story.do(reverse())
    return story


def test_what_came_again_is_told_by_hand_and_by_its_processor_and_counts_once() -> None:
    # Compare the ids alone → a part that came again counts twice, and this fails.
    story = taken_back()
    story.do(reinstate(3000, reference="dp_1"))
    (position,) = story.when(reinstate(3000, reference="dp_1", reinstatement=AGAIN_ID)).nothing()
    assert position == entry_of(story, PaymentReinstated)
    assert story.account(ORDER).reversed == 4595
    story.do(reinstate(3000, reference="dp_2", reinstatement=AGAIN_ID))
    assert story.account(ORDER).reversed == 1595


def test_what_came_again_under_two_names_is_never_more_than_was_taken() -> None:
    # Bound each part alone → a part told under another name beats what the bank took, and this fails.
    story = taken_back()
    story.do(reinstate(5000, reference="txn_1"))
    told = reinstate(5000, reference="dp_1", reinstatement=AGAIN_ID)
    story.when(told).refused(ReinstatementExceedsReversal(REVERSAL, usd(5000), usd(2595)))
    story.do(reinstate(2595, reference="dp_1", reinstatement=AGAIN_ID))
    assert story.account(ORDER).reversed == 0


def test_what_came_again_under_a_name_that_is_recorded_otherwise_is_refused() -> None:
    story = taken_back()
    story.do(reinstate(3000, reference="dp_1"))
    other = reinstate(3001, reference="dp_1", reinstatement=AGAIN_ID)
    story.when(other).refused(
        ReferenceReinstatedOtherwise(REINSTATEMENT, entry_of(story, PaymentReinstated), usd(3000), usd(3001))
    )
    story.when(reinstate(3000, reference="dp_2")).refused(AlreadyRecordedOtherwise(REINSTATEMENT))


def test_what_another_processor_calls_so_is_other_money_that_came_again() -> None:
    # Compare the names alone → half of what came is swallowed, and this fails.
    half: dict[str, Any] = {"amount": 3000}
    other = captured(**half, payment=OTHER_PAYMENT, processor="stripe", reference="ch_2")
    story = given(customer_registered(), *PERSONS, placed(), captured(**half), other)
    twice: dict[str, Any] = {"reversal": id_of("rev", 10)}
    story.do(reverse(**half))
    story.do(reverse(**half, **twice, payment=OTHER_PAYMENT, bill=id_of("bil", 10)))
    story.do(reinstate(3000, reference="dp_1"))
    assert story.do(reinstate(3000, reference="dp_1", **twice, reinstatement=AGAIN_ID))
    assert story.account(ORDER).reversed == 0


def test_what_came_again_claims_its_name_at_its_processor() -> None:
    # Claim nothing → the same money comes again for two orders, and this fails.
    story = taken_back()
    claim = Claim("processor_ref", "acme/dp_1")
    asked = reinstate(3000, reference="dp_1")
    assert claim in decide(asked, story.given(asked)).claims


def test_a_cheque_that_was_paid_after_all_comes_again_under_its_own_number() -> None:
    # Claim it as at a processor → the number is its payment's, nobody can record it, and this fails.
    story = paid_by_cheque()
    bounced = {"kind": "bounced", "amount": 3000}
    story.do(reverse(**bounced))
    asked = reinstate(3000, reference="1001")
    assert decide(asked, story.given(asked)).claims == ()
    story.do(asked)
    story.when(reinstate(3000, reference="1001", reinstatement=AGAIN_ID)).nothing()
    twice = id_of("rev", 10)
    story.do(reverse(**bounced, reversal=twice, bill=id_of("bil", 10)))
    again = reinstate(3000, reference="1001", reversal=twice, reinstatement=AGAIN_ID)
    assert story.do(again)
