"""Correcting a payment: everything it had brought about is taken back, to the last minor unit.

Source: H-correct
"""

from typing import Any

import pytest

from domain.authority import ReasonMissing, RoleTooLow
from domain.bills.bill_events import BillMarkedUncollectible, BillShare, BillWrittenOff
from domain.bills.bill_payments import ReceiveBillPayment
from domain.bills.collecting import RecordCollectionCall
from domain.bills.promise_events import PromiseBroken
from domain.bills.promising import PromiseToPay
from domain.causes import EffectiveBeforeCause
from domain.corrections.correcting import CorrectEntry, EntryNotCorrectable, kept_under
from domain.corrections.correcting_payments import CreditOfPaymentUsed, PaymentPaidBack, PaymentTakenBack
from domain.corrections.correction_events import PaymentCorrected, ReopenedShare
from domain.customers.credit import Credit
from domain.customers.standing import standing
from domain.decision import Claim
from domain.decisions import decide
from domain.declines.decline_events import OrderReleased
from domain.entry import Event
from domain.inbound.assigning import AssignMoney, UnmatchedSettled
from domain.inbound.unmatched_events import UnmatchedReceiptReopened, UnmatchedReceiptReturned
from domain.money import Money
from domain.orders.order import Placed
from domain.orders.order_events import Deadline
from domain.payments.disputing import DisputedPaymentCorrected
from domain.payments.payment_events import BillPaymentReceived, CreditUsed, PaymentCaptured, PaymentReversed
from domain.refunds.refund_events import RefundPaid
from domain.ticking import Tick
from projections.bill_tasks import ABOUT_BILLS, Task
from projections.journal import CASH, UNAPPLIED, Journal
from projections.journal import CUSTOMER as CUSTOMER_ACCOUNT
from projections.tasks import Tasks
from projections.unmatched import Unmatched
from projections.unpaid_bills import DebtRow, UnpaidBills
from tests.domain.bill_examples import ILL, billed_story, call, credit_given, dispute, give_up, write_off
from tests.domain.decline_examples import ANN, ann, held_again
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    OTHER_PAYMENT,
    PAYMENT,
    REFUND,
    billed,
    cancelled,
    capture,
    captured,
    customer_registered,
    id_of,
    placed,
    refund_granted,
    ship,
    shipped,
)
from tests.domain.figures import rows_of
from tests.domain.inbound.test_notices import MONEY, assigned, give_back, unmatched
from tests.domain.refund_examples import pay_out_credit
from tests.domain.specification import AGENT, OWNER, SUPERVISOR, Story, given, moment

OWED = id_of("bil", 9)
CREDIT, PROMISE = id_of("crd"), id_of("prm")


def entry_of(story: Story, kind: type[Event], nth: int = 1) -> int:
    """The position of the nth entry of that kind."""
    return [entry.position for entry in story.entries if isinstance(entry.event, kind)][nth - 1]


def correct(story: Story, kind: type[Event], nth: int = 1, **other: Any) -> CorrectEntry:
    """Correct the nth entry of that kind."""
    asked = {"stream": ORDER, "customer": CUSTOMER, "position": entry_of(story, kind, nth), "owed": OWED}
    return CorrectEntry(**{**asked, **other})


def by_supervisor(*events: Event) -> Story:
    """A book in which these events are recorded and a supervisor says why they correct."""
    return given(customer_registered(), *events).by(SUPERVISOR).because("sealed:typed wrongly")


def payment_corrected(**other: Any) -> PaymentCorrected:
    """The capture of the order's price is corrected."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "payment": PAYMENT,
        "corrects": 5,
        "currency": "USD",
        "amount": 7595,
        "reopened": (),
        "written_off": (),
        "credit": None,
        "set_aside": 0,
        "cleared": (),
        "bill": None,
        "opened": 0,
        "due_on": None,
    }
    return PaymentCorrected(**{**said, **other})


def receive(amount: int, **other: Any) -> ReceiveBillPayment:
    """Receive a payment of the bill."""
    asked = {
        "order": ORDER,
        "customer": CUSTOMER,
        "bill": BILL,
        "payment": PAYMENT,
        "credit": CREDIT,
        "amount": amount,
        "currency": "USD",
        "method": "cheque",
    }
    return ReceiveBillPayment(**{**asked, **other})


def on_bill(*events: Event) -> Story:
    """Both dresses shipped on bill."""
    return by_supervisor(placed(terms="bill_after"), shipped(), billed(), *events)


def order(story: Story) -> Placed:
    state = story.state(ORDER)
    assert isinstance(state, Placed)
    return state


def written_off(**other: Any) -> BillWrittenOff:
    """The whole bill is written off."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "bill": BILL,
        "currency": "USD",
        "amount": 7595,
        "uncollectible": 0,
        "good_reason": "illness",
        "call": 1,
    }
    return BillWrittenOff(**{**said, **other})


def usd(minor: int) -> Money:
    return Money(minor, "USD")


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
    story = on_bill().on("2010-09-20")
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


def test_no_bank_asks_about_a_payment_that_never_came() -> None:
    story = by_supervisor(placed(), captured())
    story.do(dispute(dispute=id_of("dsp", 2)))
    story.do(correct(story, PaymentCaptured))
    story.when(dispute(dispute=id_of("dsp", 2))).nothing()
    story.when(dispute()).refused(DisputedPaymentCorrected(PAYMENT))


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
    story.when(AssignMoney(unmatched=MONEY, customer=CUSTOMER, fact=other)).then(assigned(subject=PAYMENT))
    asked = correct(story, PaymentCaptured, unmatched=MONEY)
    assert kept_under(story.entries[asked.position - 1].event) == "receipt/acme/ch_1"
    reopened = story.when(asked).decides(UnmatchedReceiptReopened)
    assert (reopened.subject, reopened.amount) == (PAYMENT, 7595)
    assert story.state(f"unmatched/{MONEY}").left == 7595


def test_money_that_is_not_the_payment_is_left_alone() -> None:
    story = by_supervisor(placed(), unmatched(amount=1), captured())
    story.do(correct(story, PaymentCaptured, unmatched=MONEY))
    assert UnmatchedReceiptReopened not in [type(entry.event) for entry in story.entries]
