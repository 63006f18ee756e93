"""What shipped unpaid is paid, cleared, let off or open: at any moment all of it, whatever was corrected."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from domain.bills.bill_events import BillIssued, BillPaymentReceived
from domain.bills.billing import NewBill
from domain.corrections.correction_events import PaymentCorrected
from domain.declines.decline_events import ShipmentReleasedWithoutPayment
from domain.entry import Entry
from domain.orders.order_events import OrderShipped, OverdueBill
from domain.payments.payment_events import PaymentReversed
from projections.decline_outcomes import DeclineOutcomes, ShippedUnpaid
from tests.domain.bill_examples import (
    ILL,
    OTHER_CREDIT,
    OVERDUE,
    call,
    pay_bill,
    reinstate,
    reverse,
    review,
    write_off,
)
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import ANN, ann, customer, fail, release
from tests.domain.examples import (
    NEW_BILL,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_PAYMENT,
    capture,
    id_of,
    placed,
    ship,
)
from tests.domain.figures import rows_of
from tests.domain.refund_examples import deciding, grant
from tests.domain.specification import OWNER, Story, given
from tests.model.steps import random_steps, taken

SECOND: dict[str, Any] = {"payment": OTHER_PAYMENT, "credit": OTHER_CREDIT}


def released_and_billed() -> Story:
    """Declined, released by the owner, shipped and billed: 75.95 on 10 August."""
    ordered = placed(standing="existing", standing_rests_on=OTHER_ORDER)
    story = given(ann(), customer(), ordered).by(OWNER).because("sealed:A mistake")
    for command in (fail(), release(), ship(bill=NEW_BILL)):
        story.do(command)
    return story


def outcomes(entries: list[Entry]) -> dict[str, Counter[str]]:
    """By order, how much of what shipped unpaid came to which end; all that is not 0."""
    rows = [row for row in rows_of(DeclineOutcomes(), entries) if isinstance(row, ShippedUnpaid)]
    called = {row.order: row.called_at for row in rows if not row.subject}
    found: dict[str, Counter[str]] = {order: Counter() for order in called}
    for row in rows:
        at, since = row.paid_at, called[row.order]
        is_after = at is not None and since is not None and at >= since
        told = found[row.order]
        told["after_call" if is_after else "later"] += row.paid
        told["cleared"] += row.cleared
        told["written_off"] += row.written_off
        told["open"] += row.amount - row.paid - row.cleared - row.written_off
    return {
        order: Counter({end: much for end, much in told.items() if much}) for order, told in found.items()
    }


def came(story: Story) -> dict[str, int]:
    return dict(outcomes(story.entries)[ORDER])


def test_what_is_paid_in_part_counts_in_part_before_and_after_a_call() -> None:
    story = released_and_billed()
    assert came(story) == {"open": 7595}
    story.do(pay_bill(amount=3000))
    story.on("2010-08-11").do(call(**ILL, by=ANN))
    story.do(pay_bill(**SECOND, amount=4000))
    assert came(story) == {"later": 3000, "after_call": 4000, "open": 595}
    story.do(write_off())
    assert came(story) == {"later": 3000, "after_call": 4000, "written_off": 595}
    # What is paid after all is written off no more.
    story.do(pay_bill(payment=id_of("pay", 3), credit=id_of("crd", 3), amount=500))
    assert came(story) == {"later": 3000, "after_call": 4500, "written_off": 95}


def test_a_call_entered_late_counts_from_when_it_was_made() -> None:
    # Ask for the order of the entries → what a call brought about counts as paid without one, this fails.
    story = released_and_billed().on("2010-09-01")
    story.do(pay_bill(amount=7594))
    assert came(story) == {"later": 7594, "open": 1}
    story.with_now(story.at).on("2010-08-20").do(call(**ILL, by=ANN))
    assert came(story) == {"after_call": 7594, "open": 1}


def test_what_a_bank_takes_back_was_not_paid() -> None:
    # Count it as billed once more → paid and billed speak of other amounts, this fails.
    story = released_and_billed()
    story.do(pay_bill())
    story.do(reverse())
    assert came(story) == {"open": 7595}
    story.do(reinstate(5000))
    assert came(story) == {"later": 5000, "open": 2595}
    story.do(pay_bill(**SECOND, bill=OTHER_BILL, amount=2595))
    assert came(story) == {"later": 7595}


def test_what_comes_again_after_a_call_was_paid_after_it_and_the_rest_of_its_payment_was_not() -> None:
    # Keep one row for both → all of the payment was brought about by the call, this fails.
    story = released_and_billed()
    story.do(pay_bill())
    story.do(reverse(amount=1000))
    story.on("2010-08-11").do(call(**ILL, bill=OTHER_BILL, by=ANN))
    story.do(reinstate(1000))
    assert came(story) == {"later": 6595, "after_call": 1000}
    story.do(reverse(amount=1500, reversal=id_of("rev", 2), bill=id_of("bil", 3), reference="cb_2"))
    assert came(story) == {"later": 6095, "open": 1500}


def test_what_had_been_paid_before_it_shipped_and_is_taken_back_shipped_unpaid_too() -> None:
    story = given(ann(), customer(), placed(standing="existing", standing_rests_on=OTHER_ORDER)).by(OWNER)
    story.because("sealed:Why")
    paid = capture(amount=3000)
    for command in (paid, fail(amount=4595), release(), ship(bill=NEW_BILL)):
        story.do(command)
    assert came(story) == {"open": 4595}
    story.do(pay_bill(**SECOND, amount=4595))
    story.do(reverse(payment=paid.payment, amount=3000))
    assert came(story) == {"later": 4595, "open": 3000}


def test_a_payment_that_never_came_is_no_outcome() -> None:
    # Leave corrections out → what is owed counts as paid later, this fails.
    story = released_and_billed()
    story.do(pay_bill(amount=3000))
    story.on("2010-08-11").do(call(**ILL, by=ANN))
    story.do(pay_bill(**SECOND, amount=4595))
    story.do(correct(story, BillPaymentReceived, 1))
    assert came(story) == {"after_call": 4595, "open": 3000}
    story.do(correct(story, BillPaymentReceived, 2))
    assert came(story) == {"open": 7595}


def test_a_bill_replaced_is_billed_once_and_a_shipment_that_never_left_not_at_all() -> None:
    story = released_and_billed()
    story.do(correct(story, BillIssued, bill=NewBill(OTHER_BILL, 2010)))
    assert came(story) == {"open": 7595}
    story.do(correct(story, OrderShipped))
    assert came(story) == {}


def test_what_a_refund_clears_is_neither_paid_nor_open() -> None:
    story = released_and_billed()
    story.do(grant((1, 1), deciding=deciding(OWNER.person, "2010-08-10")))
    assert came(story) == {"cleared": 3400, "open": 4195}


def test_what_was_billed_before_the_release_is_another_matter() -> None:
    # Count every payment of the order → more is paid than shipped unpaid, this fails.
    owed = (OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595),)
    story = given(ann(), customer(), *OVERDUE, placed(terms="bill_after", watched_for=owed)).by(OWNER)
    story.because("sealed:Why").do(ship((1, 1), bill=NEW_BILL))
    for command in (review("payment_first"), fail(amount=3400), release()):
        story.do(command)
    later = NewBill(id_of("bil", 3), 2010)
    story.do(ship((1, 1), shipment=id_of("shp", 3), bill=later))
    story.do(pay_bill(amount=4195))
    assert came(story) == {"open": 3400}
    story.do(pay_bill(**SECOND, bill=later.id, amount=400))
    assert came(story) == {"later": 400, "open": 3000}


ISSUES = (BillIssued, PaymentReversed, PaymentCorrected)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_all_that_shipped_unpaid_comes_to_one_end_or_another(seed: int) -> None:
    # Leave any one of the corrections out → something is below 0, or open that is not, this fails.
    for number in range(20):
        twins = taken(random_steps(Random(1_000 * seed + number), 40))
        entries = twins.story.entries
        for order, ends in outcomes(entries).items():
            released = next(
                entry.position
                for entry in entries
                if entry.stream == order and isinstance(entry.event, ShipmentReleasedWithoutPayment)
            )
            since = {
                entry.event.bill
                for entry in entries[released:]
                if entry.stream == order and isinstance(entry.event, ISSUES)
            }
            bills = twins.story.state(order).bills
            assert min(ends.values(), default=0) >= 0
            assert ends["open"] == sum(bills[bill].open for bill in since if bill is not None)
