"""Correcting a payment: everything it had brought about is taken back, to the last minor unit.

Source: H-correct
"""

from typing import Any

import pytest

from domain.authority import ReasonMissing, RoleTooLow
from domain.causes import EffectiveBeforeCause
from domain.corrections.correcting import CorrectEntry, EntryNotCorrectable
from domain.corrections.correcting_payments import PaymentPaidBack, PaymentTakenBack
from domain.corrections.correction_events import PaymentCorrected
from domain.customers.standing import standing
from domain.decision import Claim
from domain.decisions import decide
from domain.declines.decline_events import OrderReleased
from domain.orders.order_events import Deadline
from domain.payments.disputing import DisputedPaymentCorrected
from domain.payments.payment_events import PaymentCaptured, PaymentReversed
from domain.refunds.refund_events import RefundPaid
from tests.domain.bill_examples import dispute
from tests.domain.correction_examples import (
    OWED,
    by_supervisor,
    correct,
    entry_of,
    order,
    payment_corrected,
    receive,
)
from tests.domain.decline_examples import held_again
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    OTHER_PAYMENT,
    PAYMENT,
    REFUND,
    cancelled,
    capture,
    captured,
    id_of,
    placed,
    refund_granted,
    shipped,
    usd,
)
from tests.domain.specification import AGENT, OWNER, SUPERVISOR, Story, moment


def test_a_deposit_that_never_came_is_no_deposit() -> None:
    story = by_supervisor(placed(), captured())
    story.when(correct(story, PaymentCaptured)).then(payment_corrected(), held_again("corrected"))
    assert story.account(ORDER).balance == 0
    assert order(story).purse().deposit == 0
    assert order(story).payments[PAYMENT].standing == 0


def test_only_a_supervisor_corrects_and_says_why() -> None:
    story = by_supervisor(placed(), captured())
    command = correct(story, PaymentCaptured)
    story.by(AGENT).when(command).refused(RoleTooLow("agent", "supervisor"))
    story.by(SUPERVISOR).because(None).when(command).refused(ReasonMissing())
    story.by(OWNER).because("sealed:why").when(command).then(payment_corrected(), held_again("corrected"))
    story.by(AGENT).because(None).when(command).nothing()


@pytest.mark.parametrize("position", [1, 3, 4, 99])
def test_what_is_no_payment_shipment_bill_or_refund_is_not_corrected(position: int) -> None:
    story = by_supervisor(placed(), captured())
    command = CorrectEntry(stream=ORDER, customer=CUSTOMER, position=position, owed=OWED)
    story.when(command).refused(EntryNotCorrectable(position))


def test_an_entry_is_corrected_in_its_own_stream_and_for_its_own_customer() -> None:
    story = by_supervisor(placed(), captured())
    elsewhere = correct(story, PaymentCaptured, stream=OTHER_ORDER)
    story.when(elsewhere).refused(EntryNotCorrectable(5))
    story.when(correct(story, PaymentCaptured, customer=OTHER_CUSTOMER)).refused(EntryNotCorrectable(5))


def used() -> Story:
    """Both dresses left on the captured money."""
    return by_supervisor(placed(), captured(), shipped()).on("2010-08-12")


def test_what_has_shipped_on_it_is_owed_without_a_number() -> None:
    # Open nothing where the funds fall short → the balance has no row to be paid on, this fails.
    story = used()
    command = correct(story, PaymentCaptured)
    assert decide(command, story.given(command)).claims == (Claim("bill", OWED, ORDER),)
    overdue = Deadline("bill_overdue", moment("2010-08-13", "00:00"))
    story.when(command).then(
        payment_corrected(bill=OWED, opened=7595, due_on="2010-08-12", deadlines=(overdue,))
    )
    bill = order(story).bills[OWED]
    assert (bill.why, bill.open, bill.is_numbered) == ("correction", 7595, False)
    assert story.account(ORDER).balance == 7595


def test_what_is_left_of_the_funds_is_taken_first() -> None:
    story = by_supervisor(placed(), captured(), shipped((1, 1), goods=3400, charge=4195))
    corrected = story.when(correct(story, PaymentCaptured)).decides(PaymentCorrected)
    assert corrected.opened == 4195
    assert story.account(ORDER).balance == 4195 == order(story).open_bills()


def test_what_is_owed_then_is_paid_like_a_bill() -> None:
    story = used()
    story.do(correct(story, PaymentCaptured))
    story.do(receive(7595, bill=OWED, payment=OTHER_PAYMENT))
    assert (story.account(ORDER).balance, order(story).open_bills()) == (0, 0)


def test_a_payment_taken_back_or_paid_back_did_come() -> None:
    taken = PaymentReversed(
        order=ORDER,
        customer=CUSTOMER,
        reversal=id_of("rev"),
        payment=PAYMENT,
        kind="chargeback",
        dispute=None,
        reference=None,
        currency="USD",
        amount=1,
        bill=None,
        opened=0,
        due_on=None,
    )
    story = by_supervisor(placed(), captured(), taken)
    story.when(correct(story, PaymentCaptured)).refused(PaymentTakenBack(PAYMENT))
    paid = RefundPaid(
        refund=REFUND,
        customer=CUSTOMER,
        order=ORDER,
        payout=id_of("pot"),
        currency="USD",
        amount=7595,
        method="original_method",
        payment=PAYMENT,
        payment_method=None,
        reference=None,
    )
    story = by_supervisor(placed(), captured(), cancelled((1, 2), fee_dropped=795), refund_granted(), paid)
    story.when(correct(story, PaymentCaptured)).refused(PaymentPaidBack(PAYMENT, usd(7595)))


def test_its_reference_may_be_used_again_with_the_right_amount() -> None:
    story = by_supervisor(placed(), captured(amount=5795))
    story.do(correct(story, PaymentCaptured))
    corrected = entry_of(story, PaymentCorrected)
    again = capture(payment=OTHER_PAYMENT)
    (claim,) = decide(again, story.given(again)).claims
    assert claim == Claim("processor_ref_again", f"acme/ch_1/{corrected}")
    released = OrderReleased(order=ORDER, customer=CUSTOMER, because="paid", by=OTHER_PAYMENT)
    story.when(again).then(captured(payment=OTHER_PAYMENT), released)
    story.when(capture(amount=5795)).nothing()


def test_its_reference_may_be_used_for_the_order_it_was_meant_for() -> None:
    # Claim the reference itself there → the wrong order keeps it for ever, this fails.
    other: dict[str, Any] = {"order": OTHER_ORDER, "customer": CUSTOMER}
    story = by_supervisor(placed(), placed(**other), captured())
    story.do(correct(story, PaymentCaptured))
    moved = capture(order=OTHER_ORDER, payment=OTHER_PAYMENT, corrected_in=ORDER)
    (claim,) = decide(moved, story.given(moved)).claims
    assert claim == Claim("processor_ref_again", f"acme/ch_1/{entry_of(story, PaymentCorrected)}")
    story.when(moved).then(captured(order=OTHER_ORDER, payment=OTHER_PAYMENT))


def test_a_reference_that_stands_is_not_let_go_by_naming_its_order() -> None:
    story = by_supervisor(placed(), placed(order=OTHER_ORDER), captured())
    moved = capture(order=OTHER_ORDER, payment=OTHER_PAYMENT, corrected_in=ORDER)
    assert decide(moved, story.given(moved)).claims == (Claim("processor_ref", "acme/ch_1"),)


def test_a_customer_whose_payment_never_came_is_no_existing_one() -> None:
    story = used()
    assert standing(story.facts(CUSTOMER, story.at)).kind == "existing"
    story.do(correct(story, PaymentCaptured))
    assert standing(story.facts(CUSTOMER, story.at)).kind == "new"
    story.do(receive(7595, bill=OWED, payment=OTHER_PAYMENT))
    assert standing(story.facts(CUSTOMER, story.at)).kind == "existing"


def test_a_payment_is_not_corrected_before_it_was_made() -> None:
    story = by_supervisor(placed()).on("2010-08-12").record(captured())
    command = correct(story, PaymentCaptured)
    story.on("2010-08-11").when(command).refused(
        EffectiveBeforeCause(moment("2010-08-11"), moment("2010-08-12"))
    )


def test_no_bank_asks_about_a_payment_that_never_came() -> None:
    story = by_supervisor(placed(), captured())
    story.do(dispute(dispute=id_of("dsp", 2)))
    story.do(correct(story, PaymentCaptured))
    story.when(dispute(dispute=id_of("dsp", 2))).nothing()
    story.when(dispute()).refused(DisputedPaymentCorrected(PAYMENT))
