"""What of a refund is paid out next by itself, and what a processor says left. Source: R-G8, R-G9"""

from typing import Any

import msgspec
import pytest

from domain.causes import EffectiveBeforeCause
from domain.decision import Claim
from domain.decisions import decide
from domain.entry import Entry, Meta
from domain.inbound.payouts import RecordSentPayout
from domain.inbound.unmatched_events import UnmatchedPayout
from domain.money import Money
from domain.payments.payment_events import CreditSetAside, DisputeClosed, DisputeOpened
from domain.refunds.paying_out import KeepCredit, PayoutExceedsDue, RecordPayout, SendBack, next_payout
from domain.refunds.payout_follows_grant import PayOut, PayoutFollowsGrant
from domain.refunds.refund import RefundUnknown
from domain.refunds.refund_events import PayoutUnmatched, RefundDueChanged, RefundGranted, RefundPaid
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import billed_story, pay_bill
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
from tests.domain.refund_examples import come_back, fail, grant, settle
from tests.domain.return_examples import refunded
from tests.domain.specification import NOON, Story, given, moment

MONEY = id_of("unm")
FIRST, SECOND = id_of("pot"), id_of("pot", 2)


def next_of(story: Story) -> SendBack | KeepCredit | None:
    state = story.state(ORDER)
    return next_payout(state, state.refunds[REFUND], "acme", story.state("book"))


def record(**other: object) -> RecordPayout:
    said = {
        "stream": ORDER,
        "refund": REFUND,
        "payout": FIRST,
        "payment": PAYMENT,
        "amount": 7595,
        "currency": "USD",
        "reference": "re_1",
    }
    return RecordPayout(**{**said, **other})  # pyright: ignore[reportArgumentType]


def paid_in_two() -> Story:
    """The order of 75.95, paid with 20.00 and 55.95, is refunded as a whole."""
    second = captured(amount=5595, payment=OTHER_PAYMENT, reference="ch_2")
    story = given(customer_registered(), placed(), captured(amount=2000), second, shipped())
    story.do(grant((1, 2)))
    return story


def dispute() -> DisputeOpened:
    return DisputeOpened(
        order=ORDER,
        customer=CUSTOMER,
        dispute=id_of("dsp"),
        payment=PAYMENT,
        currency="USD",
        amount=7595,
        why="fraudulent",
        reference=None,
    )


# What is next


def test_what_is_due_goes_back_against_the_payment_it_came_with() -> None:
    sent = SendBack(
        payout=FIRST, payment=PAYMENT, processor="acme", reference="ch_1", amount=7595, currency="USD"
    )
    assert next_of(refunded()) == sent


def test_several_payments_are_sent_back_one_after_the_other_under_names_of_their_own() -> None:
    story = paid_in_two()
    first = next_of(story)
    assert isinstance(first, SendBack)
    assert (first.payout, first.payment, first.amount) == (FIRST, PAYMENT, 2000)
    story.do(record(amount=2000))
    second = next_of(story)
    assert isinstance(second, SendBack)
    assert (second.payout, second.payment, second.amount) == (SECOND, OTHER_PAYMENT, 5595)
    story.do(record(payout=SECOND, payment=OTHER_PAYMENT, amount=5595, reference="re_2"))
    assert next_of(story) is None


def test_the_name_stays_the_same_until_something_is_recorded() -> None:
    # Make the name of the moment or of what caused it → asked again, the processor pays twice.
    story = refunded()
    first = next_of(story)
    story.on("2010-09-01").record(dispute(), _closed())
    assert next_of(story) == first


def test_while_a_bank_asks_nothing_is_next() -> None:
    story = refunded()
    story.record(dispute())
    assert next_of(story) is None
    story.record(_closed())
    assert isinstance(next_of(story), SendBack)


def test_once_a_payout_failed_a_person_finds_the_way() -> None:
    # Ask again by itself → the same closed card is hammered, and this fails.
    story = refunded()
    story.do(fail())
    assert next_of(story) is None


def test_what_was_settled_by_hand_is_not_sent_again() -> None:
    story = refunded()
    story.do(settle(reference="by hand"))
    assert next_of(story) is None


def by_bank_and_card() -> Story:
    """20.00 came by bank transfer, then 55.95 by a card; all of it is refunded."""
    story = billed_story()
    story.do(pay_bill(amount=2000))
    story.do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=5595))
    story.do(grant((1, 2)))
    return story


def test_money_that_came_by_bank_goes_back_by_hand_and_the_card_does_not_wait_for_it() -> None:
    # End at the transfer → the card's money is never sent, and this fails.
    story = by_bank_and_card()
    sent = next_of(story)
    assert isinstance(sent, SendBack)
    assert (sent.payment, sent.amount) == (OTHER_PAYMENT, 5595)
    story.do(record(payment=OTHER_PAYMENT, amount=5595))
    assert next_of(story) is None, "what is due of the transfer is its own"


def test_nothing_is_next_at_a_processor_that_is_not_connected() -> None:
    story = refunded()
    state, book = story.state(ORDER), story.state("book")
    assert next_payout(state, state.refunds[REFUND], "another", book) is None
    assert next_payout(state, state.refunds[REFUND], None, book) is None


def test_once_one_payment_failed_the_others_get_their_own_back_and_not_its_share() -> None:
    # Skip the whole refund → the second card waits for the first, and this fails.
    story = paid_in_two()
    story.do(fail(payment=PAYMENT))
    sent = next_of(story)
    assert isinstance(sent, SendBack)
    assert (sent.payment, sent.amount) == (OTHER_PAYMENT, 5595)
    story.do(record(payment=OTHER_PAYMENT, payout=sent.payout, amount=5595))
    assert next_of(story) is None


def test_what_came_as_credit_stays_credit() -> None:
    story = refunded()
    account = story.state(ORDER).account
    by_credit = msgspec.structs.replace(account, received=0, credit_used=account.received)
    state = msgspec.structs.replace(story.state(ORDER), account=by_credit)
    found = next_payout(state, state.refunds[REFUND], "acme", story.state("book"))
    assert found == KeepCredit(payout=FIRST, credit=id_of("crd"))


# Recording what left


def test_what_the_processor_says_left_is_recorded() -> None:
    paid = RefundPaid(
        refund=REFUND,
        customer=CUSTOMER,
        order=ORDER,
        payout=FIRST,
        currency="USD",
        amount=7595,
        method="original_method",
        payment=PAYMENT,
        payment_method=None,
        reference="re_1",
    )
    refunded().when(record()).then(paid)


def test_less_than_is_due_may_have_left_and_never_more() -> None:
    # Leave the bound out → the ledger says more left than was owed, and this fails.
    refunded().when(record(amount=7594)).decides(RefundPaid)
    too_much = PayoutExceedsDue(REFUND, Money(7596, "USD"), Money(7595, "USD"))
    refunded().when(record(amount=7596)).refused(too_much)
    paid_in_two().when(record(amount=2001)).refused(
        PayoutExceedsDue(REFUND, Money(2001, "USD"), Money(2000, "USD"))
    )
    refunded().when(record(payment=OTHER_PAYMENT)).refused(PayoutExceedsDue)
    refunded().when(record(currency="EUR")).refused(PayoutExceedsDue)


def test_what_left_is_recorded_also_while_a_bank_asks() -> None:
    story = refunded()
    story.record(dispute())
    story.when(record()).decides(RefundPaid)


@pytest.mark.parametrize("other", [{"amount": 7594}, {"reference": "re_2"}, {"payment": OTHER_PAYMENT}])
def test_the_same_payout_with_other_content_is_refused(other: dict[str, object]) -> None:
    story = refunded()
    story.do(record())
    story.when(record(**other)).refused(AlreadyRecordedOtherwise(FIRST))


def test_nothing_leaves_before_or_without_a_grant() -> None:
    given(customer_registered(), placed()).when(record()).refused(RefundUnknown(REFUND))
    story = refunded().with_now(NOON).on("2010-08-10", "11:59")
    story.when(record()).refused(EffectiveBeforeCause(moment("2010-08-10", "11:59"), NOON))


# The rule


def entry_of(event: RefundGranted | DisputeClosed | RefundDueChanged) -> Entry:
    meta = Meta(person="system", role="system", origin="api")
    return Entry(
        position=1, stream=ORDER, version=1, event=event, effective_at=NOON, recorded_at=NOON, meta=meta
    )


def test_what_leaves_while_a_bank_asks_says_what_is_still_due_and_which_dispute_is_contested() -> None:
    story = refunded()
    story.record(dispute())
    paid = story.do(record(amount=1000))[0]
    assert isinstance(paid, RefundPaid)
    assert (paid.left, paid.disputes) == (6595, (dispute().dispute,))
    assert [deadline.kind for deadline in paid.deadlines] == ["contest_dispute"]
    story.when(record(amount=1000)).nothing()
    story.when(record(amount=1000, payout=SECOND)).nothing()  # told once more by the processor


def test_a_dispute_about_money_that_went_back_is_contested_once_both_is_so() -> None:
    # Go by the earlier of the two → the task is late before there is anything to contest, this fails.
    def contested(story: Story) -> int:
        (deadline,) = story.when(record()).decides(RefundPaid).deadlines
        return deadline.due

    asked, left = moment("2010-08-15"), moment("2010-08-20")
    story = refunded().on("2010-08-15").record(dispute())
    assert contested(story.on("2010-08-20")) == left
    story = refunded().on("2010-08-15").record(dispute())
    assert contested(story.with_now(left).on("2010-08-12")) == asked


def test_a_grant_the_end_of_a_dispute_and_money_that_comes_again_are_looked_at() -> None:
    due = RefundDueChanged(order=ORDER, customer=CUSTOMER, refund=REFUND, currency="USD", due=1)
    for event in (refund_granted(), _closed(), due):
        assert type(event) in PayoutFollowsGrant.handles
        found = PayoutFollowsGrant().follows(event, entry_of(event))
        assert found == PayOut(order=ORDER, customer=CUSTOMER)


def test_what_belongs_to_no_order_is_paid_by_a_person() -> None:
    unverified = refund_granted(order=None)
    assert PayoutFollowsGrant().follows(unverified, entry_of(unverified)) is None


def _closed() -> DisputeClosed:
    return DisputeClosed(order=ORDER, customer=CUSTOMER, dispute=id_of("dsp"), outcome="won")


def test_set_aside_credit_has_a_name_of_its_own_each_time() -> None:
    story = refunded()
    kept = CreditSetAside(
        customer=CUSTOMER,
        order=ORDER,
        credit=id_of("crd"),
        currency="USD",
        amount=100,
        source="refund",
        subject=REFUND,
    )
    story.record(kept)
    account = story.state(ORDER).account
    by_credit = msgspec.structs.replace(account, received=0, credit_used=account.received)
    state = msgspec.structs.replace(story.state(ORDER), account=by_credit)
    found = next_payout(state, state.refunds[REFUND], "acme", story.state("book"))
    assert isinstance(found, KeepCredit)
    assert found.credit != id_of("crd")


# What was sent and finds no place


def sent(**other: object) -> RecordSentPayout:
    """The processor sent the first payout back."""
    kept = {name: other.pop(name) for name in ("unmatched", "reference_used") if name in other}
    fields: dict[str, Any] = {"processor": "acme", "unmatched": MONEY, **kept}
    return RecordSentPayout(paid=record(**other), **fields)


def waiting() -> UnmatchedPayout:
    """Its processor told of it first, and it waits."""
    money: dict[str, Any] = {"currency": "USD", "amount": 7595, "processor": "acme", "reference": "re_1"}
    return UnmatchedPayout(unmatched=MONEY, customer=CUSTOMER, order=ORDER, **money, why="unknown")


def over(why: str = "payout-exceeds-due", **other: Any) -> PayoutUnmatched:
    said: dict[str, Any] = {"refund": REFUND, "customer": CUSTOMER, "order": ORDER, "payout": FIRST}
    money: dict[str, Any] = {"currency": "USD", "amount": 7595, "processor": "acme", "reference": "re_1"}
    return PayoutUnmatched(**{**said, **money, "unmatched": MONEY, "why": why, **other})


def test_what_was_sent_and_is_due_is_paid() -> None:
    story = refunded()
    paid = story.when(sent()).decides(RefundPaid)
    assert (paid.amount, paid.reference) == (7595, "re_1")
    story.when(sent()).nothing()


def test_what_was_sent_of_a_refund_settled_meanwhile_waits_and_nothing_more_of_it_is_sent() -> None:
    # Refuse it → money that left is recorded nowhere, and this fails.
    story = refunded()
    story.do(settle(reference="by hand", payouts=(SECOND,)))
    money, ended = story.do(sent())
    assert ended == over()
    assert isinstance(money, UnmatchedPayout)
    assert (money.unmatched, money.amount, money.order, money.customer) == (MONEY, 7595, ORDER, CUSTOMER)
    assert (money.processor, money.reference, money.why) == ("acme", "re_1", "payout-exceeds-due")
    assert [each.kind for each in money.deadlines] == ["unmatched"]
    story.when(sent(unmatched=id_of("unm", 2))).nothing()
    story.do(come_back(payout=SECOND))
    assert story.account(ORDER).balance == -7595, "owed again"
    assert next_of(story) is None


def test_its_money_is_claimed_by_its_reference_so_that_it_is_kept_once() -> None:
    story = refunded()
    story.do(settle(reference="by hand", payouts=(SECOND,)))
    claims = decide(sent(), story.given(sent())).named_claims
    its = f"unmatched/{MONEY}"
    once = Claim("unmatched_ref", "payout/acme/re_1", its)
    assert claims == (once, Claim("payout_ref", "acme/re_1", its))
    used = sent(reference_used=True)
    assert decide(used, story.given(used)).named_claims == (once,)
    story.record(waiting())
    story.when(sent()).then(over())


def test_what_waits_already_does_not_count_for_its_refund_too() -> None:
    # Pay it though its processor's notice was kept as unmatched → it would count twice.
    story = refunded()
    story.record(waiting())
    story.when(sent()).then(over("kept_before"))
    assert story.account(ORDER).balance == -7595


def test_other_content_under_the_same_payout_is_refused() -> None:
    story = refunded()
    story.do(sent())
    story.when(sent(amount=1)).refused(AlreadyRecordedOtherwise(FIRST))
    story.when(sent(refund=id_of("ref", 9))).refused(RefundUnknown(id_of("ref", 9)))
