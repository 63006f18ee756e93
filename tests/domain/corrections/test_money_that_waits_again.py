"""Correcting a payment that had waited without a place: the money did come, and waits again. H-correct"""

from domain.corrections.correcting import EntryNotCorrectable, kept_under, unmatched_before
from domain.inbound.assigning import AssignMoney
from domain.inbound.unmatched import UnmatchedSettled
from domain.inbound.unmatched_events import UnmatchedReceiptReopened, UnmatchedReceiptReturned
from domain.payments.payment_events import PaymentCaptured
from projections.journal import CASH, UNAPPLIED, Journal
from projections.journal import CUSTOMER as CUSTOMER_ACCOUNT
from projections.unmatched import Unmatched
from tests.domain.bill_examples import bill_paid
from tests.domain.correction_examples import by_supervisor, correct
from tests.domain.examples import CUSTOMER, OTHER_PAYMENT, PAYMENT, capture, captured, id_of, placed, shipped
from tests.domain.figures import rows_of
from tests.domain.notice_examples import MONEY, assigned, give_back, unmatched


def test_assigned_money_was_not_for_that_order_and_waits_again_with_a_task() -> None:
    # Take the reopening out → money that came is in no book and on no list, this fails.
    story = by_supervisor(placed(), unmatched(amount=8000)).record(assigned(), captured(unmatched=MONEY))
    asked = correct(story, PaymentCaptured, unmatched=MONEY)
    story.when(correct(story, PaymentCaptured)).refused(EntryNotCorrectable(asked.position))
    reopened = story.when(asked).decides(UnmatchedReceiptReopened)
    assert (reopened.subject, reopened.amount, len(reopened.deadlines)) == (PAYMENT, 7595, 1)
    assert story.state(f"unmatched/{MONEY}").left == 8000
    (row,) = rows_of(Unmatched(), story.entries)
    assert (row.assigned, row.left, row.settled_at) == (0, 8000, None)
    amounts = {line.account: 0 for line in rows_of(Journal(), story.entries)}
    for line in rows_of(Journal(), story.entries):
        amounts[line.account] += line.amount
    assert amounts == {CUSTOMER_ACCOUNT: 0, CASH: 8000, UNAPPLIED: -8000}
    story.when(give_back(amount=8000)).decides(UnmatchedReceiptReturned)
    story.when(give_back(settlement=id_of("stl", 2), amount=1)).refused(UnmatchedSettled(MONEY))


def test_money_found_to_be_a_payment_recorded_by_hand_waits_again_too() -> None:
    # Reopen only what was assigned → money that came is in no book and on no list, this fails.
    story = by_supervisor(placed(), unmatched(), captured())
    other = capture(payment=OTHER_PAYMENT)
    found = assigned(subject=PAYMENT, asked_as=OTHER_PAYMENT)
    story.when(AssignMoney(unmatched=MONEY, customer=CUSTOMER, fact=other)).then(found)
    asked = correct(story, PaymentCaptured, unmatched=MONEY)
    assert kept_under(story.entries[asked.position - 1].event) == "receipt/acme/ch_1"
    reopened = story.when(asked).decides(UnmatchedReceiptReopened)
    assert (reopened.subject, reopened.amount) == (PAYMENT, 7595)
    assert story.state(f"unmatched/{MONEY}").left == 7595


def test_money_that_is_not_the_payment_is_left_alone() -> None:
    story = by_supervisor(placed(), unmatched(amount=1), captured())
    story.do(correct(story, PaymentCaptured, unmatched=MONEY))
    assert UnmatchedReceiptReopened not in [type(entry.event) for entry in story.entries]


def test_a_payment_of_a_bill_names_the_money_it_was_or_would_have_been() -> None:
    # Ask captures alone → money that waits under a bank's name is in the books twice, this fails.
    was, named = bill_paid(unmatched=MONEY), bill_paid(reference="T-1")
    assert (unmatched_before(was), unmatched_before(named)) == (MONEY, None)
    assert (kept_under(was), kept_under(named)) == (None, "receipt/bank_transfer/T-1")
    assert (unmatched_before(shipped()), kept_under(shipped())) == (None, None)
