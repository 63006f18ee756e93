"""Whoever makes something due: what goes back by itself is asked for, what failed passes on, and nobody says
without a reference that a processor which is connected sent it. Source: R-G8, R-G9, I12
"""

from typing import Any

import pytest

from domain.causes import EffectiveBeforeCause
from domain.inbound.payouts import RecordSentPayout
from domain.inbound.unmatched_events import UnmatchedPayout, UnmatchedPayoutAssigned
from domain.money import Money
from domain.payments.payment_events import CreditSetAside
from domain.refunds.going_back import PayoutNotNamed
from domain.refunds.paying_out import KeepCredit, PayoutExceedsDue, SendBack
from domain.refunds.payout_events import PayoutAsked, PayoutNamed
from domain.refunds.payout_follows_grant import PayOut, PayoutFollowsGrant
from domain.refunds.payout_references import ReferencePaidOutOtherwise
from domain.refunds.refund_events import RefundDueChanged, RefundPaid, RefundPaymentFailed, RefundReturned
from domain.refunds.settlement import SettleRefund
from domain.refunds.ways import EarlierWayOpen
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import give_credit, reinstate, reverse, use_credit
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_PAYMENT,
    PAYMENT,
    REFUND,
    capture,
    captured,
    customer_registered,
    id_of,
    placed,
    refund_granted,
    shipped,
)
from tests.domain.notice_examples import assign, left, money, notice
from tests.domain.refund_examples import PAYOUTS, come_back, fail, grant, settle
from tests.domain.refunds.test_paying_out import FIRST, MONEY, SECOND, next_of, record
from tests.domain.specification import OWNER, Story, given

ACME, NOTHING = "acme", None


def by_bank_and_card(*units: tuple[int, int]) -> Story:
    """20.00 came by bank transfer, then 55.95 through acme; these units are refunded."""
    transfer = captured(amount=2000, processor="bank_transfer", reference="SEPA-1")
    card = captured(amount=5595, payment=OTHER_PAYMENT, reference="ch_2")
    story = given(customer_registered(), placed(), transfer, card, shipped())
    if units:
        story.do(grant(*units))
    return story


def by_two_cards() -> Story:
    """40.00 and 35.95 came through acme; a dress of 34.00 is refunded."""
    second = captured(amount=3595, payment=OTHER_PAYMENT, reference="ch_2")
    story = given(customer_registered(), placed(), captured(amount=4000), second, shipped())
    story.do(grant((1, 1)))
    return story


def sent_next(story: Story) -> tuple[str, int] | None:
    """Against which payment acme is asked next, and for how much."""
    it = next_of(story)
    return (it.payment, it.amount) if isinstance(it, SendBack) else None


def is_followed(story: Story, command: Any) -> bool:
    """Whether what it records has what is due of the order looked at."""
    rule, before = PayoutFollowsGrant(), len(story.entries)
    story.do(command)
    told = [entry for entry in story.entries[before:] if type(entry.event) in rule.handles]
    found = [rule.follows(entry.event, entry) for entry in told]
    assert set(found) <= {None, PayOut(order=ORDER, customer=CUSTOMER)}
    return any(found)


# Whatever makes something due


def test_more_that_becomes_due_is_asked_for_though_something_was_due_before() -> None:
    # Look only where something was not due at all → the card's 55.95 are asked for by nobody, and this fails.
    story = by_bank_and_card()
    story.do(reverse(payment=OTHER_PAYMENT, amount=5595))
    story.do(grant((1, 2)))
    assert (sent_next(story), story.state(ORDER).purse().due_back) == (NOTHING, 2000)
    _, changed = story.do(reinstate(5595))
    assert isinstance(changed, RefundDueChanged)
    assert (changed.due, changed.deadlines) == (7595, ()), "the day by which to pay stays"
    assert sent_next(story) == (OTHER_PAYMENT, 5595)


def test_what_comes_again_of_what_was_due_is_sent_back_though_some_was_due_all_the_time() -> None:
    # Look only at what is due, or at what it clears → acme is never asked for it again, and this fails.
    story = by_bank_and_card((1, 2))
    story.do(reverse(payment=OTHER_PAYMENT, amount=5595))
    assert (sent_next(story), story.state(ORDER).purse().due_back) == (NOTHING, 2000)
    _, changed = story.do(reinstate(5595))
    assert isinstance(changed, RefundDueChanged)
    assert (changed.due, changed.cleared_late) == (7595, 0)
    assert sent_next(story) == (OTHER_PAYMENT, 5595)


def test_more_of_what_is_asked_for_already_is_not_said_again() -> None:
    # Say each growth → every payout of two refunds tells of the other, and this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    for command in (grant((1, 2)), reverse(), reinstate(1)):
        story.do(command)
    assert len(story.do(reinstate(500, reinstatement=id_of("rev", 9)))) == 1


def test_what_came_back_or_is_left_of_a_payout_is_looked_at() -> None:
    story = by_bank_and_card((1, 2))
    assert is_followed(story, settle(processor=ACME)), "the transfer went back by hand, the card's is left"
    story.do(record(payment=OTHER_PAYMENT, amount=5595, payout=id_of("pot", 7)))
    assert is_followed(story, come_back(payout=id_of("pot", 7)))
    assert not is_followed(paid_in_full(), reverse(amount=1)), "nothing of it is due"


def paid_in_full() -> Story:
    story = by_two_cards()
    assert not is_followed(story, record(amount=3400))
    return story


def test_who_asks_is_followed_and_so_is_a_way_that_failed() -> None:
    assert is_followed(by_two_cards(), settle(processor=ACME))
    assert is_followed(by_bank_and_card((1, 1)), fail(processor=ACME))


# What failed passes on


def test_the_share_of_a_closed_card_goes_back_to_the_next() -> None:
    # Keep the share with the payment that failed → acme is never asked, and somebody says it was paid.
    story = by_two_cards()
    assert sent_next(story) == (PAYMENT, 3400)
    story.do(fail(payment=PAYMENT))
    assert sent_next(story) == (OTHER_PAYMENT, 3400)
    assert story.when(settle(processor=ACME)).decides(PayoutAsked).amount == 3400
    story.do(fail(payment=OTHER_PAYMENT, payout=SECOND))
    assert sent_next(story) is NOTHING
    kept, *_ = story.do(settle(processor=ACME, payouts=(id_of("pot", 9),)))
    assert isinstance(kept, CreditSetAside)


def test_the_share_of_a_transfer_that_failed_goes_back_to_the_card() -> None:
    story = by_bank_and_card((1, 1))
    story.do(record(payment=OTHER_PAYMENT, amount=1400))
    assert sent_next(story) is NOTHING
    assert story.when(fail(processor=ACME)).decides(RefundPaymentFailed).payment == PAYMENT
    assert sent_next(story) == (OTHER_PAYMENT, 2000)
    earlier = EarlierWayOpen(REFUND, "cheque", "original_method")
    again = (id_of("pot", 9),)
    story.when(settle(processor=ACME, method="cheque", payouts=again)).refused(earlier)
    assert story.when(settle(processor=ACME, payouts=again)).decides(PayoutAsked).amount == 2000


# What waits without a place


def test_once_something_found_no_place_more_is_named_or_fails() -> None:
    # Let it be said without a reference → it is "paid", and nobody sent it.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1)))
    sent = RecordSentPayout(paid=record(amount=3400), processor=ACME, unmatched=MONEY, reference_used=True)
    assert isinstance(story.do(sent)[0], UnmatchedPayout)
    for payment in (None, PAYMENT):
        story.when(settle(processor=ACME, payment=payment)).refused(PayoutNotNamed(REFUND, ACME))
    story.do(fail(processor=ACME))
    by_cheque = settle(processor=ACME, method="cheque", reference="No 7", payouts=(SECOND,))
    assert story.when(by_cheque).decides(RefundPaid).amount == 3400


# Credit that is kept


def test_credit_is_kept_by_itself_only_while_no_money_is_due() -> None:
    # Leave the way out → 40.00 are "paid" that acme was never asked for, and this fails.
    story = given(customer_registered(), placed()).by(OWNER)
    story.do(give_credit(3595))
    for command in (capture(amount=4000), use_credit(3595)):
        story.do(command)
    story.record(shipped())
    for command in (reverse(amount=4000), grant((1, 2))):
        story.do(command)
    kept = next_of(story)
    assert isinstance(kept, KeepCredit)
    keeping = SettleRefund(
        stream=ORDER,
        customer=CUSTOMER,
        refund=REFUND,
        payouts=(kept.payout,),
        credit=kept.credit,
        method="store_credit",
        processor=ACME,
    )
    assert isinstance(story.do(reinstate(4000))[-1], RefundDueChanged)
    story.when(keeping).refused(EarlierWayOpen(REFUND, "store_credit", "original_method"))
    assert sent_next(story) == (PAYMENT, 4000)
    story.do(record(amount=4000))
    assert next_of(story) == KeepCredit(payout=SECOND, credit=id_of("crd", 2))


# What was recorded by hand and is told later


def by_hand() -> Story:
    """34.00 went back against the payment, and nobody said under which reference."""
    story = given(customer_registered(), placed(), captured(), shipped())
    for command in (grant((1, 1)), settle()):
        story.do(command)
    return story


def named(reference: str = "re_9", amount: int = 3400) -> PayoutNamed:
    return PayoutNamed(
        refund=REFUND,
        customer=CUSTOMER,
        order=ORDER,
        payout=PAYOUTS[0],
        currency="USD",
        amount=amount,
        reference=reference,
    )


def told(reference: str = "re_9", amount: int = 3400, payout: str = SECOND, number: int = 1) -> Any:
    """Acme tells that so much went back."""
    fact = record(payout=payout, amount=amount, reference=reference)
    its = money(direction="payout", amount=amount, reference=reference, unmatched=id_of("unm", number))
    return notice(kind="refund.created", notice=f"evt_{number}", fact=fact, money=its)


@pytest.mark.parametrize("payout", [PAYOUTS[0], SECOND])
def test_what_was_recorded_by_hand_is_the_payout_its_processor_tells_of(payout: str) -> None:
    # Keep it as unmatched → the money counts twice, and nothing true can be said about it.
    story = by_hand().from_("provider")
    assert story.do(told(payout=payout))[0] == named()
    assert story.account(ORDER).refunded == 3400
    story.when(record(payout=payout, amount=3400, reference="re_9")).nothing()
    assert [type(it).__name__ for it in story.do(told(payout=payout, number=2))] == ["NoticeReceived"]
    again, _ = story.do(told("re_10", number=3))
    assert isinstance(again, UnmatchedPayout), "a second one is another"


@pytest.mark.parametrize("other", [{"amount": 3401}, {"payment": OTHER_PAYMENT}, {"currency": "EUR"}])
def test_another_amount_or_payment_is_no_payout_recorded_by_hand(other: dict[str, Any]) -> None:
    said = {"amount": 3400, "reference": "re_9", "payout": SECOND, **other}
    by_hand().when(record(**said)).refused(PayoutExceedsDue)
    if "currency" not in other:
        explicit = {**said, "payout": PAYOUTS[0]}
        by_hand().when(record(**explicit)).refused(AlreadyRecordedOtherwise(PAYOUTS[0]))


def test_what_was_recorded_by_hand_at_once_and_left_in_parts_is_told_part_by_part() -> None:
    # Take only what is told of all of it → both parts wait for ever, and nothing true can be said of them.
    story = by_hand().from_("provider")
    first, _ = story.do(told("re_8", 2000, number=1))
    assert (first.amount, first.part, first.reference) == (2000, SECOND, "re_8")
    assert story.account(ORDER).refunded == 3400
    third = id_of("pot", 3)
    too_much, _ = story.do(told("re_7", 1401, payout=third, number=2))
    assert isinstance(too_much, UnmatchedPayout), "more than is left of it is another"
    assert story.do(told("re_9", 1400, payout=third, number=3))[0] == named(amount=1400)
    story.when(record(payout=third, amount=2000, reference="re_8")).nothing()
    assert [type(it).__name__ for it in story.do(told("re_8", 2000, number=4))] == ["NoticeReceived"]


@pytest.mark.parametrize(("payout", "amount"), [(SECOND, 2000), (PAYOUTS[0], 1400)])
def test_a_part_comes_back_by_itself(payout: str, amount: int) -> None:
    # Give all of it back with one part → 34.00 are owed of which 14.00 never came again, and this fails.
    story = by_hand()
    story.do(record(payout=SECOND, amount=2000, reference="re_8"))
    back = story.when(come_back(payout=payout)).decides(RefundReturned)
    assert (back.amount, back.left, story.account(ORDER).refunded) == (amount, amount, 3400 - amount)
    story.when(come_back(payout=payout)).nothing()


def test_a_payout_told_of_before_it_was_recorded_has_its_name_once_it_left() -> None:
    # Name it as of when that is told → as of the 11th a payout has a name that has not left, and this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1)))
    story.on("2010-08-12").do(settle())
    left_at = story.at
    story.with_now(left_at).on("2010-08-11").do(record(payout=SECOND, amount=3400, reference="re_9"))
    assert story.entries[-1].event == named()
    assert story.entries[-1].effective_at == left_at


@pytest.mark.parametrize("payout", [SECOND, PAYOUTS[0]])
def test_a_part_comes_back_only_once_it_was_told_of_as_one(payout: str) -> None:
    # Go by when all of it left → as of the 13th a part comes back of what is one still, and this fails.
    story = by_hand().on("2010-08-14")
    told_at = story.at
    story.do(record(payout=SECOND, amount=2000, reference="re_8"))
    story.with_now(told_at).on("2010-08-13")
    story.when(come_back(payout=payout)).refused(EffectiveBeforeCause(story.at, told_at))
    story.at = told_at
    assert story.do(come_back(payout=payout))


def test_parts_that_wait_are_assigned_to_what_was_recorded_by_hand() -> None:
    story = by_hand()
    for number, (amount, part) in enumerate([(2000, id_of("pot", 4)), (1400, None)]):
        unmatched, reference = id_of("unm", number), f"re_{number}"
        story.record(left(unmatched=unmatched, amount=amount, reference=reference))
        fact = record(amount=amount, reference=reference, payout=id_of("pot", 4 + number))
        matched, name = story.do(assign(unmatched=unmatched, fact=fact))
        assert isinstance(matched, UnmatchedPayoutAssigned)
        assert (matched.subject, name.part) == (part or PAYOUTS[0], part)
        story.when(assign(unmatched=unmatched, fact=fact)).nothing()
    assert story.account(ORDER).refunded == 3400


def test_what_is_due_and_told_is_paid_before_it_is_taken_for_what_was_recorded() -> None:
    story = by_two_cards()
    story.do(settle())
    story.do(come_back())
    due = PayoutExceedsDue(REFUND, Money(3400, "USD"), Money(0, "USD"))
    story.when(record(amount=3400, reference="re_9", payout=SECOND)).decides(RefundPaid)
    story.do(record(amount=3400, reference="re_9", payout=SECOND))
    story.when(record(amount=3400, reference="re_8", payout=id_of("pot", 5))).refused(due)


def test_money_that_waits_is_assigned_to_what_was_recorded_by_hand_and_left_once() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    waits = UnmatchedPayout(
        unmatched=id_of("unm"),
        customer=CUSTOMER,
        order=ORDER,
        currency="USD",
        amount=3400,
        processor=ACME,
        reference="re_9",
        why="unknown",
    )
    story.record(waits)
    for command in (grant((1, 1)), settle()):
        story.do(command)
    fact = record(amount=3400, reference="re_9", payout=SECOND)
    matched, name = story.do(assign(fact=fact))
    assert isinstance(matched, UnmatchedPayoutAssigned)
    assert (matched.subject, name) == (PAYOUTS[0], named())
    assert story.account(ORDER).refunded == 3400
    story.when(assign(fact=fact)).nothing()


def test_a_reference_of_another_payout_names_none() -> None:
    story = by_two_cards()
    story.do(record(amount=1000, reference="re_9", payout=id_of("pot", 5)))
    story.do(settle(payouts=(FIRST, SECOND)))
    named_so = record(amount=2400, reference="re_9", payout=FIRST)
    story.when(named_so).refused(ReferencePaidOutOtherwise)


@pytest.mark.parametrize("cents", [0, 1])
def test_what_says_that_a_cent_is_due_is_followed_and_what_says_that_nothing_is_is_not(cents: int) -> None:
    changed = RefundDueChanged(
        refund=REFUND, customer=CUSTOMER, order=ORDER, currency="USD", due=cents, cleared_late=0
    )
    for said in (changed, refund_granted(left=cents)):
        story = given(customer_registered(), placed(), captured(), refund_granted())
        (entry,) = story.record(said).entries[-1:]
        found = PayoutFollowsGrant().follows(said, entry)
        assert found == (PayOut(order=ORDER, customer=CUSTOMER) if cents else None)
