"""A payment that never came, and money of the order that is here: whichever is told first, as much is owed.

Source: H-correct, R-B9, §2 Money
"""

import pytest

from domain.bills.bill_events import BillPaymentReceived, BillShare
from domain.command import Command
from domain.corrections.correction_events import PaymentCorrected
from tests.domain.bill_examples import pay_bill, reinstate, reverse
from tests.domain.correction_examples import by_supervisor, correct, order
from tests.domain.examples import (
    OTHER_BILL,
    OTHER_PAYMENT,
    cancel,
    capture,
    captured,
    id_of,
    placed,
    ship,
)
from tests.domain.refund_examples import come_back, settle
from tests.domain.specification import Story


def owed_without_a_number(*, cancelled: bool) -> Story:
    """Of 75.95 paid, 20.00 were charged back and paid by transfer; a cancelled dress had been paid out."""
    story = by_supervisor(placed(), captured())
    if cancelled:
        story.do(cancel((1, 1)))
    story.do(ship((1, 1)) if cancelled else ship())
    if cancelled:
        story.do(settle())
    story.do(reverse(amount=2000))
    story.do(pay_bill(bill=OTHER_BILL, payment=OTHER_PAYMENT, amount=2000))
    return story


def told(story: Story, *, corrected_first: bool, other: Command) -> tuple[int, int, int]:
    """What the account says, what is open, and what is due back, once both are told."""
    correction = correct(story, BillPaymentReceived)
    for command in (correction, other) if corrected_first else (other, correction):
        story.do(command)
    state = order(story)
    return state.account.balance, state.open_bills(), state.purse().due_back


@pytest.mark.parametrize("corrected_first", [True, False])
def test_a_payout_that_comes_back_pays_what_is_owed_whichever_is_told_first(corrected_first: bool) -> None:
    # Take of the funds only what never came → told last, 20.00 are open, 34.00 go out, and this fails.
    story = owed_without_a_number(cancelled=True)
    assert told(story, corrected_first=corrected_first, other=come_back()) == (-1400, 0, 1400)
    story.do(settle(payouts=(id_of("pot", 9),)))
    assert order(story).account.balance == 0


@pytest.mark.parametrize("corrected_first", [True, False])
def test_what_is_reinstated_pays_what_is_owed_whichever_is_told_first(corrected_first: bool) -> None:
    story = owed_without_a_number(cancelled=False)
    assert told(story, corrected_first=corrected_first, other=reinstate(2000)) == (0, 0, 0)


@pytest.mark.parametrize(("here", "still_open"), [(1999, 1), (2000, 0)])
def test_what_is_open_again_without_a_number_is_open_as_far_as_it_exceeds_the_funds(
    here: int, still_open: int
) -> None:
    story = by_supervisor(placed(), captured())
    story.do(ship((1, 1)))
    story.do(reverse(amount=5400))
    story.do(pay_bill(bill=OTHER_BILL, payment=OTHER_PAYMENT, amount=2000))
    story.do(capture(payment=id_of("pay", 3), amount=here, reference="ch_3"))
    it = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert it.cleared == (BillShare(OTHER_BILL, here),)
    story.do(correct(story, BillPaymentReceived))
    assert (order(story).open_bills(), order(story).funds()) == (still_open, 0)


def test_what_was_open_before_stays_open_beside_what_covers_the_units_still_to_ship() -> None:
    # Let all that is owed take the funds → 20.00 of the deposit are gone, and this fails.
    story = by_supervisor(placed(), captured())
    story.do(ship((1, 1)))
    story.do(reverse(amount=5400))
    story.do(capture(payment=id_of("pay", 3), amount=3400, reference="ch_3"))
    story.do(pay_bill(bill=OTHER_BILL, payment=OTHER_PAYMENT, amount=100))
    story.do(correct(story, BillPaymentReceived))
    assert (order(story).open_bills(), order(story).purse().deposit) == (1900, 3300)
