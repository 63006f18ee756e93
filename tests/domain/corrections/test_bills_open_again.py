"""Correcting the payment of a bill: it is open again, with its days, its promise and what of it is let off.

Source: H-correct, R-B6, R-B7
"""

from domain.bills.bill_events import BillMarkedUncollectible, BillPaymentReceived, BillShare, BillWrittenOff
from domain.bills.collecting import RecordCollectionCall
from domain.bills.promise_events import PromiseBroken
from domain.bills.promising import PromiseToPay
from domain.corrections.correction_events import PaymentCorrected, ReopenedShare
from domain.decisions import decide
from domain.ticking import Tick
from projections.bill_tasks import ABOUT_BILLS, Task
from projections.tasks import Tasks
from projections.unpaid_bills import DebtRow, UnpaidBills
from tests.domain.bill_examples import ILL, billed_story, call, give_up, write_off, written_off
from tests.domain.correction_examples import PROMISE, by_supervisor, correct, on_bill, order, receive
from tests.domain.decline_examples import ANN, ann
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_PAYMENT,
    billed,
    customer_registered,
    placed,
    ship,
    shipped,
)
from tests.domain.figures import rows_of
from tests.domain.specification import OWNER, SUPERVISOR, Story, given, moment


def paid_in_time(amount: int = 7595) -> Story:
    """Both dresses shipped on a bill with its deadlines; so much of it paid before its last day."""
    story = by_supervisor(placed(terms="bill_after"))
    story.do(ship(bill=NEW_BILL))
    story.do(receive(amount))
    return story


def test_a_bill_open_again_becomes_overdue_when_it_would_have() -> None:
    story = paid_in_time()
    overdue_at = moment("2010-09-10", "00:00")
    corrected = story.on("2010-09-09").when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert corrected.reopened == (ReopenedShare(BILL, 7595, 0, overdue_at),)
    assert order(story).bills[BILL].open == 7595
    (due,) = decide(Tick(stream=ORDER), story.on("2010-09-10").given(Tick(stream=ORDER))).due
    assert due.at == overdue_at


def test_a_bill_open_again_after_its_last_day_is_overdue_from_the_correction_on() -> None:
    # Let it be overdue from its last day → an entry takes effect before what made it true, this fails.
    story = paid_in_time()
    corrected = story.on("2010-10-01").when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert corrected.reopened[0].overdue_at == moment("2010-10-01")
    (due,) = decide(Tick(stream=ORDER), story.on("2010-11-01").given(Tick(stream=ORDER))).due
    assert due.at == moment("2010-10-01")


def test_a_bill_that_is_overdue_already_stays_so() -> None:
    story = paid_in_time(7000).on("2010-10-01")
    assert story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected).reopened == (
        ReopenedShare(BILL, 7000),
    )
    assert order(story).bills[BILL].overdue_since == moment("2010-09-10", "00:00")


def test_a_promise_it_had_seemed_to_keep_is_open_again() -> None:
    story = paid_in_time(7000)
    story.do(PromiseToPay(order=ORDER, bill=BILL, promise=PROMISE, due_on="2010-08-20"))
    story.do(receive(595, payment=OTHER_PAYMENT))
    assert order(story).bills[BILL].promises[PROMISE].outcome == "kept"
    corrected = story.when(correct(story, BillPaymentReceived, 2)).decides(PaymentCorrected)
    (share,) = corrected.reopened
    assert (share.promise, share.broken_at) == (PROMISE, moment("2010-08-21", "00:00"))
    assert order(story).bills[BILL].promised is not None
    (broken,) = decide(Tick(stream=ORDER), story.on("2010-09-01").given(Tick(stream=ORDER))).due
    assert broken.at == moment("2010-08-21", "00:00")


def test_a_promise_that_another_payment_kept_stays_kept() -> None:
    story = paid_in_time(7000)
    story.do(PromiseToPay(order=ORDER, bill=BILL, promise=PROMISE, due_on="2010-08-20"))
    story.do(receive(595, payment=OTHER_PAYMENT))
    story.do(correct(story, BillPaymentReceived, 1))
    assert order(story).bills[BILL].promises[PROMISE].outcome == "kept"


def test_what_it_had_reopened_of_a_write_off_is_let_off_again() -> None:
    # Take back only what it paid → the customer would owe what the owner had let them off, this fails.
    story = on_bill(written_off()).on("2010-10-01")
    before = order(story)
    story.do(receive(5000))
    assert story.account(ORDER).written_off == 2595
    corrected = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert corrected.reopened == (ReopenedShare(BILL, 5000),)
    assert corrected.written_off == (BillShare(BILL, 5000),)
    assert order(story).account == before.account
    assert order(story).bills[BILL].open == 0


def test_what_was_given_up_for_the_books_is_given_up_again() -> None:
    marked = BillMarkedUncollectible(order=ORDER, customer=CUSTOMER, bill=BILL, currency="USD", amount=7595)
    story = on_bill(marked)
    story.do(receive(595))
    assert order(story).bills[BILL].uncollectible == 7000
    story.do(correct(story, BillPaymentReceived))
    assert order(story).bills[BILL].uncollectible == 7595


def test_what_opens_again_may_be_let_off_or_given_up_too() -> None:
    # Take any write-off as a retry → what opened since could never be let off, and the owner not told, this
    # fails.
    story = given(ann(), customer_registered(), placed(terms="bill_after"), shipped(), billed())
    story.on("2010-09-20").by(SUPERVISOR).because("sealed:typed wrongly")
    story.do(receive(3000))
    story.do(called_ill())
    story.by(OWNER).do(write_off())
    story.do(correct(story, BillPaymentReceived))
    assert order(story).bills[BILL].open == 3000
    assert story.when(write_off()).decides(BillWrittenOff).amount == 3000
    assert order(story).bills[BILL].written_off == 7595
    (_, row) = sorted(rows_of(UnpaidBills(), story.entries), key=lambda row: getattr(row, "bill"))  # noqa: B009
    assert isinstance(row, DebtRow)
    assert (row.let_off, row.open, row.closed_as) == (7595, 0, "written_off")


def test_only_what_opens_again_is_given_up_again() -> None:
    story = on_bill().on("2010-09-20").by(OWNER)
    story.do(receive(3000))
    story.do(give_up())
    story.do(correct(story, BillPaymentReceived))
    assert story.when(give_up()).decides(BillMarkedUncollectible).amount == 3000
    assert order(story).bills[BILL].uncollectible == 7595


def test_a_promise_that_rested_is_broken_only_after_the_bill_is_open_again() -> None:
    # Ask only for promises that were kept → it is broken on a day on which nothing was owed, this fails.
    story = given(ann(), customer_registered(), placed(terms="bill_after")).by(OWNER)
    story.because("sealed:typed wrongly").do(ship(bill=NEW_BILL))
    story.do(receive(3000))
    story.do(PromiseToPay(order=ORDER, bill=BILL, promise=PROMISE, due_on="2010-08-20"))
    story.do(called_ill())
    story.on("2010-08-15").do(write_off())
    story.on("2010-10-01").do(correct(story, BillPaymentReceived))
    due = decide(Tick(stream=ORDER), story.on("2010-11-01").given(Tick(stream=ORDER))).due
    assert [it.at for it in due if isinstance(it.event, PromiseBroken)] == [moment("2010-10-01")]


def called_ill() -> RecordCollectionCall:
    return call(**ILL, by=ANN)


def test_what_comes_for_a_bill_open_and_let_off_at_once_pays_what_is_open_first() -> None:
    # 0.95 was paid and the rest let off; then the 0.95 turns out never to have come.
    story = on_bill()
    story.do(receive(95))
    story.record(written_off(amount=7500))
    story.do(correct(story, BillPaymentReceived))
    bill = order(story).bills[BILL]
    assert (bill.open, bill.written_off, bill.is_numbered) == (95, 7500, True)
    assert [bill.takes(amount) for amount in (50, 95, 100, 8000)] == [
        (0, 50),
        (0, 95),
        (5, 100),
        (7500, 7595),
    ]


def test_what_was_to_be_done_about_a_bill_is_to_be_done_again_once_its_payment_is_corrected() -> None:
    # Drop the tasks of a settled bill → nobody is reminded of it again, and this fails.
    story = billed_story().on("2010-11-10").by(OWNER).because("sealed:Another's cheque")
    story.do(call(**ILL))
    before = asked_for(story)
    assert {"first_reminder", "second_reminder", "collection_call", "write_off_decision"} <= before
    story.do(receive(7595))
    assert not asked_for(story) & {"first_reminder", "second_reminder", "write_off_decision"}
    story.do(correct(story, BillPaymentReceived))
    assert asked_for(story) == before


def asked_for(story: Story) -> set[str]:
    """What is asked for now or later, of what the list of tasks shows."""
    rows = [row for row in rows_of(Tasks(), story.entries) if isinstance(row, Task)]
    return {row.kind for row in rows if row.due is not None and (row.open or row.kind not in ABOUT_BILLS)}
