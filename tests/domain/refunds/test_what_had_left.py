"""Money that left before a bank asked or took some back is entered late: it left all the same."""

import pytest

from domain.command import OutOfRange
from domain.deadlines import deadlines_of_dispute
from domain.inbound.unmatched_events import UnmatchedPayout
from domain.refunds.due_now import NothingDueBack, PayoutDuringDispute
from domain.refunds.going_back import PaidOutByProcessor
from domain.refunds.paying_out import PayoutExceedsDue
from domain.refunds.refund_events import ClaimedUnits, PayoutUnmatched, RefundPaid
from domain.refunds.settling import CreditLeavesNothing
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import DISPUTE, PERSONS, close_dispute, dispute, reverse
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_REFUND,
    REFUND,
    cancel,
    captured,
    customer_registered,
    id_of,
    placed,
    shipped,
    usd,
)
from tests.domain.refund_examples import fail, grant, grant_unverified, pay_out_credit, settle
from tests.domain.specification import OWNER, Story, given, moment

ON_PAPER = {"method": "cheque", "reference": "815"}
AS_CREDIT = {**ON_PAPER, "stream": CUSTOMER, "refund": OTHER_REFUND, "credit": id_of("crd", 60)}


def owed_by_cheque() -> Story:
    """75.95 are due back since the 10th, and the card is closed."""
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    story.do(fail())
    return story


def entered_on(story: Story, day: str, as_of: str = "2010-08-11") -> Story:
    """What follows is entered later than it happened."""
    return story.with_now(moment(day)).on(as_of)


def kept_as_credit() -> Story:
    """75.95 of credit are asked back as money."""
    story = given(customer_registered(), *PERSONS, placed(), captured())
    for command in (cancel(), fail(), settle(), pay_out_credit(7595, refund=OTHER_REFUND)):
        story.do(command)
    return story


def unmatched_of(events: tuple[object, ...]) -> UnmatchedPayout:
    """The money of them that waits, of which its order is told."""
    (money,) = [it for it in events if isinstance(it, UnmatchedPayout)]
    assert [(it.unmatched, it.amount) for it in events if isinstance(it, PayoutUnmatched)] == [
        (money.unmatched, money.amount)
    ]
    return money


def test_what_left_before_a_dispute_is_recorded_and_the_dispute_contested() -> None:
    # Wait for disputes opened later → nothing can say that the cheque left, this fails.
    story = owed_by_cheque()
    story.on("2010-08-12").do(dispute())
    entered_on(story, "2010-08-13")
    paid = story.when(settle(**ON_PAPER)).decides(RefundPaid)
    assert (paid.amount, paid.reference, paid.disputes) == (7595, "815", (DISPUTE,))
    assert paid.deadlines == deadlines_of_dispute(story.given(settle()), [moment("2010-08-12")])
    story.with_now(None).on("2010-08-14").do(reverse())
    assert story.account(ORDER).balance == 7595
    assert story.state(ORDER).open_bills() == 7595


def test_from_the_dispute_on_a_payout_waits() -> None:
    story = owed_by_cheque()
    story.on("2010-08-12").do(dispute())
    story.when(settle(**ON_PAPER)).refused(PayoutDuringDispute(REFUND))
    entered_on(story, "2010-08-13", as_of="2010-08-12")
    story.when(settle(**ON_PAPER)).refused(PayoutDuringDispute(REFUND))


def test_what_is_kept_as_credit_or_asked_for_has_not_left_and_waits() -> None:
    # Ask about disputes by then alone → credit is kept of money a bank asks about, this fails.
    story = owed_by_cheque()
    story.on("2010-08-12").do(dispute())
    entered_on(story, "2010-08-13")
    story.when(settle()).refused(PayoutDuringDispute(REFUND))
    asked = given(customer_registered(), placed(), captured(), shipped())
    asked.do(grant((1, 2)))
    asked.on("2010-08-12").do(dispute())
    entered_on(asked, "2010-08-13").when(settle(processor="acme")).refused(PayoutDuringDispute(REFUND))


def test_what_left_before_the_bank_took_it_all_waits_as_unmatched() -> None:
    story = owed_by_cheque()
    story.on("2010-08-12").do(dispute())
    story.on("2010-08-14").do(reverse(dispute=None))
    story.do(close_dispute("lost"))
    story.when(settle(**ON_PAPER)).refused(NothingDueBack(REFUND))
    entered_on(story, "2010-08-15")
    beyond = story.when(settle(**ON_PAPER)).decides(UnmatchedPayout)
    assert (beyond.amount, beyond.processor, beyond.reference) == (7595, "cheque", "815")
    assert beyond.why == PayoutExceedsDue.slug()
    assert [it.kind for it in beyond.deadlines] == ["unmatched"]


def test_what_left_is_told_in_full_whatever_a_bank_took_of_it_later() -> None:
    # Take what is due by now → 45.95 of a cheque of 75.95, and the cash is wrong: this fails.
    story = owed_by_cheque()
    story.on("2010-08-12").do(reverse(amount=3000))
    entered_on(story, "2010-08-13")
    story.when(settle(**ON_PAPER, unmatched=None)).refused(PayoutExceedsDue(REFUND, usd(7595), usd(4595)))
    decided = story.do(settle(**ON_PAPER))
    (paid,) = [it for it in decided if isinstance(it, RefundPaid)]
    assert (paid.amount, paid.left, unmatched_of(decided).amount) == (4595, 0, 3000)
    story.when(settle(**ON_PAPER)).nothing()
    story.when(settle(**ON_PAPER, amount=7595)).nothing()
    story.when(settle(**ON_PAPER, amount=4595)).refused(AlreadyRecordedOtherwise)
    on_the_day = owed_by_cheque()
    on_the_day.on("2010-08-12").do(reverse(amount=3000))
    assert on_the_day.when(settle(**ON_PAPER)).decides(RefundPaid).amount == 4595


def test_a_transfer_goes_back_against_the_payment_that_was_still_there() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    story.on("2010-08-12").do(reverse(amount=7000))
    entered_on(story, "2010-08-13")
    decided = story.do(settle(reference="re_77", processor="acme"))
    (paid,) = [it for it in decided if isinstance(it, RefundPaid)]
    assert (paid.amount, paid.method, unmatched_of(decided).amount) == (595, "original_method", 7000)


def test_a_person_says_how_much_left() -> None:
    story = owed_by_cheque()
    paid = story.do(settle(**ON_PAPER, amount=7000))
    assert [(type(it), it.amount, it.left) for it in paid if isinstance(it, RefundPaid)] == [
        (RefundPaid, 7000, 595)
    ]
    story.when(settle(**ON_PAPER, amount=7000)).nothing()
    more = settle(method="cheque", reference="816", amount=600, payouts=(id_of("pot", 4),))
    assert unmatched_of(story.do(more)).amount == 5
    again = settle(
        method="cheque", reference="817", amount=1, payouts=(id_of("pot", 5),), unmatched=id_of("unm", 61)
    )
    assert story.when(again).decides(UnmatchedPayout).amount == 1


def test_an_amount_says_that_money_left() -> None:
    story = owed_by_cheque()
    story.when(settle(amount=100)).refused(CreditLeavesNothing(REFUND, "cheque"))
    by_card = given(customer_registered(), placed(), captured(), shipped())
    by_card.do(grant((1, 2)))
    by_card.when(settle(amount=100, processor="acme")).refused(PaidOutByProcessor(REFUND, "acme"))
    with pytest.raises(OutOfRange):
        settle(amount=0)


def test_credit_given_as_money_left_before_the_bank_asked() -> None:
    story = kept_as_credit()
    story.on("2010-08-12").do(dispute())
    story.when(settle(**AS_CREDIT)).refused(PayoutDuringDispute(OTHER_REFUND))
    entered_on(story, "2010-08-13")
    assert story.when(settle(**AS_CREDIT)).decides(RefundPaid).amount == 7595


def test_credit_given_as_money_left_before_the_bank_took_its_money_which_is_owed_since() -> None:
    story = kept_as_credit()
    story.on("2010-08-12").do(reverse(amount=3000))
    entered_on(story, "2010-08-13")
    assert story.when(settle(**AS_CREDIT)).decides(RefundPaid).amount == 7595
    assert story.state(CUSTOMER).refunds[OTHER_REFUND].claim == 0


def test_more_than_a_refund_of_no_order_waits_as_unmatched() -> None:

    story = given(customer_registered(), *PERSONS).by(OWNER)
    story.do(grant_unverified(ClaimedUnits(1, "X", amount=3400)))
    decided = story.do(settle(stream=CUSTOMER, **ON_PAPER, amount=4000))
    assert [it.amount for it in decided if isinstance(it, RefundPaid | UnmatchedPayout)] == [3400, 600]
