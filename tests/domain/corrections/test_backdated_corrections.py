"""What is entered late about bills: whatever is dated back, a customer's facts fold at any moment.

Source: H-time, H-correct, §3
"""

import pytest

from domain.bills.bill_events import BillIssued, BillPaymentReceived, WriteOffReversed
from domain.bills.billing import NewBill
from domain.bills.watching import is_watched
from domain.causes import EffectiveBeforeCause
from domain.command import Command
from domain.corrections.correction_events import BillCorrected, RefundCorrected
from domain.customers.standing import CustomerFacts
from domain.entry import Event
from domain.orders.order_events import OrderLine, OrderShipped
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted
from projections.journal import ALLOWANCE, Journal, Posting
from projections.unpaid_bills import DebtRow, UnpaidBills
from tests.domain.bill_examples import (
    ILL,
    bill_paid,
    billed_story,
    call,
    give_up,
    pay_bill,
    remind,
    write_off,
    write_off_reversed,
    written_off,
)
from tests.domain.correction_examples import by_supervisor, correct, order
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    OTHER_BILL,
    OTHER_PAYMENT,
    billed,
    capture,
    captured,
    placed,
    shipped,
)
from tests.domain.figures import rows_of
from tests.domain.refund_examples import deciding, grant
from tests.domain.specification import NOON, OWNER, SUPERVISOR, Story, moment

DAY = 24 * 3_600_000_000
INSTEAD = NewBill(OTHER_BILL, 2010)


def facts_at_every_noon(story: Story, days: int = 100) -> list[CustomerFacts]:
    """What is known of the customer as of each of those days."""
    return [story.facts(CUSTOMER, NOON + day * DAY) for day in range(days)]


def late(story: Story, day: str) -> Story:
    """What follows took effect that day, and is entered on the last of August."""
    return story.on(day).with_now(moment("2010-08-31"))


def too_early(earliest: str, at: str = "2010-08-20") -> EffectiveBeforeCause:
    return EffectiveBeforeCause(moment(at), moment(earliest))


def test_a_shipment_is_not_corrected_before_what_its_charge_had_left_owed() -> None:
    # Ask only about the shipment's own moment → the row is cleared before it began.
    story = by_supervisor(placed(), captured(), shipped())
    story.on("2010-08-28").do(correct(story, PaymentCaptured))
    late(story, "2010-08-20").when(correct(story, OrderShipped)).refused(too_early("2010-08-28"))
    story.on("2010-08-28").do(correct(story, OrderShipped))
    assert len(facts_at_every_noon(story)) == 100


@pytest.mark.parametrize(
    "event", [bill_paid(), written_off(), write_off_reversed(100)], ids=lambda it: type(it).__name__
)
def test_facts_leave_out_what_names_a_bill_they_do_not_know_as_of_then(event: Event) -> None:
    # Such entries may be stored already, and a fold never rejects a fact. Raise here → nobody can be asked
    # about the customer any more, and the book's ticks stop.
    story = by_supervisor(placed(terms="bill_after"), shipped())
    story.on("2010-08-28").record(billed()).on("2010-08-20").record(event)
    facts = story.facts(CUSTOMER, moment("2010-08-21"))
    assert not is_watched(facts, "2010-12-31")
    assert facts.orders == story.facts(CUSTOMER, NOON).orders


def test_a_bill_is_not_written_off_before_it_took_the_place_of_another() -> None:
    # Ask only about the call, which was about the bill before → this fails.
    story = billed_story().by(OWNER)
    story.do(call(**ILL))
    story.on("2010-08-28").record(corrected_bill(), billed(bill=OTHER_BILL, number=2, replaces=BILL))
    late(story, "2010-08-20").when(write_off(bill=OTHER_BILL)).refused(too_early("2010-08-28"))


def corrected_bill() -> BillCorrected:
    """As it was recorded once: with the moment of the correction."""
    return BillCorrected(
        order=placed().order,
        customer=CUSTOMER,
        bill=BILL,
        corrects=6,
        replaced_by=OTHER_BILL,
        currency="USD",
        amount=7595,
        uncollectible=0,
    )


def test_a_write_off_is_not_reversed_before_it_was() -> None:
    # Ask only about the bill → as of then nobody is let off, and the bill counts as owed although paid.
    story = billed_story().by(OWNER)
    story.on("2010-08-28").do(call(**ILL))
    story.do(write_off())
    late(story, "2010-08-20").when(pay_bill()).refused(too_early("2010-08-28"))
    late(story, "2010-08-20").when(grant((1, 2), deciding=deciding(OWNER.person))).refused(
        too_early("2010-08-28")
    )
    assert story.on("2010-08-28").when(pay_bill()).decides(WriteOffReversed).amount == 7595


def replaced() -> Story:
    """The bill of 10 August, uncollectible since the 12th, is replaced on the 30th."""
    story = billed_story().by(OWNER).because("sealed:The wrong address")
    story.on("2010-08-12").do(give_up())
    story.on("2010-08-30").do(correct(story, BillIssued, bill=INSTEAD))
    return story


@pytest.mark.parametrize(
    "command",
    [
        pay_bill(bill=OTHER_BILL),
        capture(),
        call(bill=OTHER_BILL),
        remind(bill=OTHER_BILL),
        grant((1, 1), deciding=deciding(OWNER.person)),
    ],
    ids=lambda it: type(it).__name__,
)
def test_what_happened_before_a_bill_was_replaced_is_recorded_of_the_one_in_its_place(
    command: Command,
) -> None:
    # Let the new bill begin at the correction → refused, though it happened, and over Stripe unmatched.
    story = replaced()
    assert late(story, "2010-08-20").do(command)
    assert len(facts_at_every_noon(story)) == 100
    # It was another sum before it was given up for the books.
    assert order(story).bills[OTHER_BILL].at == moment("2010-08-12")


def test_as_of_before_the_correction_the_new_bill_is_what_is_owed() -> None:
    story = replaced()
    late(story, "2010-08-20").do(pay_bill(bill=OTHER_BILL))
    facts = story.facts(CUSTOMER, moment("2010-08-21"))
    assert {name: owed.open for name, owed in facts.orders[placed().order].bills.items()} == {
        BILL: 0,
        OTHER_BILL: 0,
    }


def test_a_bill_that_was_settled_once_is_replaced_only_from_when_it_was_open_again() -> None:
    # As of the days between it is settled still: replaced there too, less than nothing would be open on it.
    # Begin at the correction of the bill → what was paid before that is recorded of none, this fails.
    story = billed_story().by(SUPERVISOR).because("sealed:A mistake")
    story.on("2010-08-15").do(pay_bill())
    story.on("2010-08-18").do(correct(story, BillPaymentReceived))
    story.on("2010-08-30").do(correct(story, BillIssued, bill=INSTEAD))
    assert order(story).bills[OTHER_BILL].at == moment("2010-08-18")
    late(story, "2010-08-17").when(pay_bill(bill=OTHER_BILL, payment=OTHER_PAYMENT)).refused(
        too_early("2010-08-18", "2010-08-17")
    )
    assert late(story, "2010-08-18").do(pay_bill(bill=OTHER_BILL, payment=OTHER_PAYMENT))
    (owed,) = story.facts(CUSTOMER, moment("2010-08-16")).orders[placed().order].bills.values()
    assert owed.open == 0


def test_what_is_given_up_for_the_books_stays_so_on_the_bill_in_its_place() -> None:
    # Leave `uncollectible` with the old bill → the allowance is gone, though nobody expects to be paid.
    story = replaced()
    old, new = order(story).bills.values()
    assert (old.uncollectible, new.uncollectible, new.given_up) == (0, 7595, old.given_up)
    story.when(give_up(bill=OTHER_BILL)).nothing()
    rows = [row for row in rows_of(UnpaidBills(), story.entries) if isinstance(row, DebtRow) and row.bill]
    assert [(row.bill, row.uncollectible) for row in rows] == [(BILL, 0), (OTHER_BILL, 7595)]
    story.do(pay_bill(bill=OTHER_BILL))
    journal = [row for row in rows_of(Journal(), story.entries) if isinstance(row, Posting)]
    assert [posting.amount for posting in journal if posting.account == ALLOWANCE] == [-7595, 7595]


def test_a_refund_of_what_cost_nothing_is_not_corrected_before_it_was_granted_either() -> None:
    # Ask only what it gave and cleared → it takes nothing, and this fails.
    for_nothing = OrderLine(1, "SWATCH", "A swatch", 2, 0, 0, 0)
    story = by_supervisor(
        placed(lines=(for_nothing,), shipping=0, total=0), shipped(goods=0, shipping=0, charge=0)
    )
    granted = story.on("2010-08-12").at
    story.do(grant((1, 1), deciding=deciding(SUPERVISOR.person, "2010-08-12")))
    story.with_now(granted).at = granted - 1
    story.when(correct(story, RefundGranted)).refused(EffectiveBeforeCause(granted - 1, granted))
    story.at = granted
    assert story.when(correct(story, RefundGranted)).decides(RefundCorrected).credit_amount == 0
