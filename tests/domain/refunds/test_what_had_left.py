"""Money that left before a bank asked or took some back is entered late: it left all the same."""

from typing import Any

import pytest

from domain.causes import EffectiveBeforeCause
from domain.command import OutOfRange
from domain.deadlines import deadlines_of_dispute
from domain.decision import Claim
from domain.decisions import decide
from domain.inbound.unmatched_events import UnmatchedPayout
from domain.payments.payment_events import CreditSetAside
from domain.refunds.due_now import NothingDueBack, PayoutDuringDispute, due_then
from domain.refunds.going_back import PaidOutByProcessor
from domain.refunds.owed import Owed
from domain.refunds.paying_out import PayoutExceedsDue
from domain.refunds.refund_events import ClaimedUnits, PayoutUnmatched, RefundPaid, RefundPaymentFailed
from domain.refunds.settlement import SettleRefund
from domain.refunds.settling import CreditLeavesNothing
from domain.refunds.ways import EarlierWayOpen
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import (
    DISPUTE,
    PERSONS,
    billed_story,
    close_dispute,
    credit_given,
    dispute,
    pay_bill,
    reinstate,
    reverse,
    use_credit,
)
from tests.domain.decline_examples import OLD_CARD, old_card
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_PAYMENT,
    OTHER_REFUND,
    PAYMENT,
    REFUND,
    cancel,
    captured,
    customer_registered,
    id_of,
    placed,
    shipped,
    usd,
)
from tests.domain.refund_examples import (
    PAYOUTS,
    deciding,
    fail,
    grant,
    grant_unverified,
    pay_out_credit,
    settle,
)
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


def test_what_is_kept_as_credit_of_what_a_bank_took_since_is_what_is_due_still() -> None:
    # Keep what was due then → credit stays of money that is gone, and this fails.
    for taken, kept in ((7595, None), (7594, 1)):
        story = owed_by_cheque()
        story.on("2010-08-12").do(reverse(amount=taken))
        entered_on(story, "2010-08-13")
        asked = story.when(settle(method="store_credit"))
        if kept is None:
            asked.refused(NothingDueBack(REFUND))
        else:
            assert asked.decides(CreditSetAside).amount == kept


def test_what_goes_back_as_credit_is_none_of_what_left_as_money_before_a_bank_took_it() -> None:
    # Count it as money too → of a refund of 34.00 there leave 40.00 beside its credit, and this fails.
    story = given(customer_registered(), *PERSONS, placed(), captured(amount=4000), credit_given(3595))
    story.do(use_credit(3595))
    for refund in (REFUND, OTHER_REFUND):
        story.do(cancel((1, 1), refund=refund))
    story.on("2010-08-12").do(reverse(amount=4000))
    story.with_now(story.at).on("2010-08-11")
    state, known = story.state(ORDER), story.given(settle())
    assert due_then(state, state.refunds[REFUND], known) == Owed(0, 3400)


def test_nobody_is_asked_to_send_and_nothing_waits_before_the_grant() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    granted = story.on("2010-08-11").at
    story.do(grant((1, 2), deciding=deciding(day="2010-08-11")))
    by_processor = settle(processor="acme")
    story.with_now(granted).at = granted - 1
    story.when(by_processor).refused(EffectiveBeforeCause(granted - 1, granted))
    story.at = granted
    story.do(settle(reference="re_1", processor="acme"))
    more = settle(**ON_PAPER, amount=100, payouts=(id_of("pot", 4),))
    story.at = granted - 1
    story.when(more).refused(EffectiveBeforeCause(granted - 1, granted))
    story.at = granted
    assert story.when(more).decides(UnmatchedPayout).amount == 100


def paid_by_two(first: str = "bank_transfer", second: str = "bank_transfer") -> Story:
    """40.00 and 35.95, by transfer unless said, are due back since the 10th."""
    story = given(customer_registered(), placed(), captured(amount=4000, processor=first, reference="T-1"))
    story.record(captured(payment=OTHER_PAYMENT, amount=3595, processor=second, reference="T-2"), shipped())
    story.do(grant((1, 2)))
    return story


def test_one_reference_names_what_left_against_one_payment() -> None:
    # Take all that goes back by hand → one reference stands for two transfers, and this fails.
    paid = paid_by_two().when(settle(reference="W-1")).decides(RefundPaid)
    assert (paid.payment, paid.amount) == (PAYMENT, 4000)
    sent = paid_by_two("acme", "acme").when(settle(reference="re_1", processor="acme")).decides(RefundPaid)
    assert (sent.payment, sent.amount) == (PAYMENT, 4000)


def test_what_left_against_a_payment_that_a_bank_took_since_is_none_of_another() -> None:
    story = paid_by_two()
    story.on("2010-08-12").do(reverse(amount=4000))
    entered_on(story, "2010-08-13")
    decided = story.do(settle(reference="W-1", payment=PAYMENT))
    assert [type(it) for it in decided if isinstance(it, RefundPaid)] == []
    beyond = unmatched_of(decided)
    assert (beyond.amount, beyond.processor, beyond.reference) == (4000, "bank_transfer", "W-1")


def test_what_left_before_a_bank_took_some_and_gave_some_of_it_again_was_what_was_there() -> None:
    # Count what came again as taken, too → more left than ever came, and this fails.
    story = paid_by_two()
    story.on("2010-08-12").do(reverse(amount=4000))
    story.on("2010-08-13").do(reinstate(1000))
    story.on("2010-08-14").do(reverse(amount=1000, reversal=id_of("rev", 5), reference="dp_5"))
    entered_on(story, "2010-08-15")
    decided = story.do(settle(reference="W-1", payment=PAYMENT))
    assert unmatched_of(decided).amount == 4000


def test_at_the_very_moment_at_which_a_bank_took_a_payment_the_next_goes_back() -> None:
    for sooner, paid, beyond in ((0, [(OTHER_PAYMENT, 3595)], []), (1, [], [4000])):
        story = paid_by_two()
        taken = story.on("2010-08-12").at
        story.do(reverse(amount=4000))
        story.with_now(taken).at = taken - sooner
        decided = story.do(settle(reference="W-1"))
        assert [(it.payment, it.amount) for it in decided if isinstance(it, RefundPaid)] == paid
        assert [it.amount for it in decided if isinstance(it, UnmatchedPayout)] == beyond


def test_what_left_of_one_refund_is_no_more_than_was_due_of_it_whatever_a_bank_took() -> None:
    # Count all that a bank took → what was due of another refund left with this one, and this fails.
    story = billed_story().by(OWNER)
    story.do(pay_bill(amount=5595))
    for refund in (REFUND, OTHER_REFUND):
        story.do(grant((1, 1), refund=refund, deciding=deciding(OWNER.person)))
    story.on("2010-08-12").do(reverse(amount=5595, kind="bounced"))
    entered_on(story, "2010-08-13")
    assert unmatched_of(story.do(settle(reference="W-1"))).amount == 1400


@pytest.mark.parametrize(
    ("named", "processor"),
    [({}, "card"), ({"processor": "acme"}, "acme")],
    ids=["no processor is connected", "one is"],
)
def test_what_left_beyond_to_another_card_has_its_processors_name(
    named: dict[str, Any], processor: str
) -> None:
    story = given(customer_registered(), old_card(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    story.do(fail())
    more = settle(method="other_card", reference="re_9", amount=7600, **named)
    decided = story.do(more)
    beyond = unmatched_of(decided)
    assert (beyond.amount, beyond.processor) == (5, processor)
    (told,) = [it for it in decided if isinstance(it, PayoutUnmatched)]
    assert told.payout == PAYOUTS[1]


def test_a_reference_is_claimed_once_by_what_is_paid_or_else_by_what_waits() -> None:
    def claimed(story: Story, command: SettleRefund) -> list[Claim]:
        claims = decide(command, story.given(command)).claims
        return [claim for claim in claims if claim.kind == "payout_ref"]

    story = owed_by_cheque()
    assert claimed(story, settle(**ON_PAPER, amount=7600)) == [Claim("payout_ref", "cheque/815", ORDER)]
    story.on("2010-08-12").do(reverse())
    entered_on(story, "2010-08-13")
    waits = f"unmatched/{id_of('unm', 60)}"
    assert claimed(story, settle(**ON_PAPER)) == [Claim("payout_ref", "cheque/815", waits)]


def test_what_left_in_another_amount_than_was_recorded_is_not_the_same() -> None:
    story = owed_by_cheque()
    story.do(settle(**ON_PAPER, amount=1000))
    story.when(settle(**ON_PAPER, amount=999)).refused(AlreadyRecordedOtherwise(PAYOUTS[0]))


def test_a_card_that_is_named_is_a_way_that_comes_after_the_first() -> None:
    story = given(customer_registered(), old_card(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    named = settle(payment_method=OLD_CARD, reference="re_9")
    story.when(named).refused(EarlierWayOpen(REFUND, "other_card", "original_method"))


def test_what_left_beyond_has_the_name_of_whoever_sent_the_payment_it_went_back_against() -> None:
    story = paid_by_two("acme")
    more = settle(reference="W-1", payment=OTHER_PAYMENT, amount=3600, processor="acme")
    assert unmatched_of(story.do(more)).processor == "bank_transfer"


def test_of_credit_given_as_money_fails_what_money_backs_by_now() -> None:
    # Ask as of then alone → what a bank took since is said to have failed, and this fails.
    by_cheque = {"stream": CUSTOMER, "refund": OTHER_REFUND, "method": "cheque", "why": "undelivered"}
    story = kept_as_credit()
    story.on("2010-08-12").do(reverse(amount=3000))
    entered_on(story, "2010-08-13")
    assert story.when(fail(**by_cheque)).decides(RefundPaymentFailed).amount == 4595
    asked_about = kept_as_credit()
    asked_about.on("2010-08-12").do(dispute(amount=3000))
    assert asked_about.when(fail(**by_cheque)).decides(RefundPaymentFailed).amount == 7595


def test_what_stayed_credit_then_is_that_credit_whatever_a_bank_took_later() -> None:
    story = kept_as_credit()
    story.on("2010-08-11").do(reverse(amount=1000))
    story.on("2010-08-12").do(reverse(amount=2000, reversal=id_of("rev", 5), reference="dp_5"))
    entered_on(story, "2010-08-13")
    kept = story.when(settle(**AS_CREDIT)).decides(CreditSetAside)
    assert (kept.amount, sum(share.amount for share in kept.again)) == (1000, 1000)
