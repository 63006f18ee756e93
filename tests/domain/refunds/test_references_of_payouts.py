"""Money that left never counts twice: a payout's reference is that of one fact. Source: I12, R-G8"""

from typing import Any

from domain.command import Command
from domain.decision import Claim
from domain.decisions import decide
from domain.inbound.assigning import AssignMoney
from domain.inbound.notice_events import NoticeReceived
from domain.inbound.notices import ReceiveNotice
from domain.inbound.payouts import RecordSentPayout
from domain.inbound.unmatched import claims_of_unmatched
from domain.inbound.unmatched_events import UnmatchedPayout, UnmatchedPayoutAssigned
from domain.money import Money
from domain.payments.reversing import ReversePayment
from domain.refunds.payout_references import ReferencePaidOutOtherwise
from domain.refunds.refund_events import PayoutUnmatched, RefundPaid, RefundReturned
from tests.domain.bill_examples import billed_story, pay_bill, reverse
from tests.domain.correction_examples import entry_of
from tests.domain.examples import (
    CARD,
    ORDER,
    OTHER_REFUND,
    PAYMENT,
    REFUND,
    captured,
    card_stored,
    customer_registered,
    id_of,
    placed,
    shipped,
)
from tests.domain.notice_examples import assign, left, money, notice
from tests.domain.refund_examples import PAYOUTS, come_back, fail, grant, settle
from tests.domain.refunds.test_paying_out import MONEY, SECOND, record
from tests.domain.specification import Story, given, moment

LATER: dict[str, Any] = {"payouts": (id_of("pot", 3),), "credit": id_of("crd", 3)}


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def two_refunds(*events: Any, **paid: Any) -> Story:
    """Both dresses were paid and shipped, and each was refunded by itself; the fee came with the second."""
    story = given(customer_registered(), *events, placed(), captured(**paid), shipped())
    for refund in (REFUND, OTHER_REFUND):
        story.do(grant((1, 1), refund=refund))
    return story


def by_cheque(way: str = "cheque") -> Story:
    """The same, where a bill was paid by cheque, or that way."""
    story = billed_story()
    story.do(pay_bill(method=way, reference="1001"))
    for refund in (REFUND, OTHER_REFUND):
        story.do(grant((1, 1), refund=refund))
    return story


def claims_of(story: Story, command: Command) -> tuple[Claim, ...]:
    return decide(command, story.given(command)).claims


def test_one_reference_settles_one_refund() -> None:
    # Leave the check out → one transfer pays any number of refunds, and this fails.
    story = two_refunds()
    story.do(settle(reference="re_9"))
    other = settle(refund=OTHER_REFUND, reference="re_9", **LATER)
    story.when(other).refused(
        ReferencePaidOutOtherwise(PAYOUTS[0], entry_of(story, RefundPaid), usd(3400), usd(4195))
    )
    story.when(settle(refund=OTHER_REFUND, reference="re_10", **LATER)).decides(RefundPaid)


def test_what_a_processor_sent_back_under_a_recorded_reference_is_no_second_payout() -> None:
    story = two_refunds()
    story.do(settle(reference="re_9"))
    again = record(payout=SECOND, reference="re_9", amount=3400)
    story.when(again).nothing()
    more = record(payout=SECOND, reference="re_9", amount=3401)
    story.when(more).refused(
        ReferencePaidOutOtherwise(PAYOUTS[0], entry_of(story, RefundPaid), usd(3400), usd(3401))
    )
    other = record(refund=OTHER_REFUND, payout=SECOND, reference="re_9", amount=4195)
    story.when(other).refused(
        ReferencePaidOutOtherwise(PAYOUTS[0], entry_of(story, RefundPaid), usd(3400), usd(4195))
    )


def test_the_same_settlement_again_is_the_one_on_record() -> None:
    story = two_refunds()
    story.do(settle(reference="re_9"))
    (paid,) = story.when(settle(reference="re_9", **LATER)).nothing()
    assert isinstance(story.entries[paid - 1].event, RefundPaid)
    story.when(settle(reference="re_9", method="original_method", payment=PAYMENT, **LATER)).nothing()


def test_a_reference_is_claimed_where_it_is_unique() -> None:
    # Put the customer in → one cheque of ours pays any number of people, and this fails.
    story = two_refunds()
    assert claims_of(story, settle(reference="re_9")) == (Claim("payout_ref", "acme/re_9"),)
    assert claims_of(story, record(amount=3400)) == (Claim("payout_ref", "acme/re_1"),)
    assert claims_of(story, settle()) == ()
    own = Claim("payout_ref", "cheque/815")
    assert claims_of(by_cheque(), settle(reference="815")) == (own,)
    story.do(fail())
    assert claims_of(story, settle(reference="815", method="cheque")) == (own,)


def test_what_went_to_another_card_went_through_the_processor_that_is_connected() -> None:
    story = two_refunds(card_stored())
    story.do(fail())
    by_card = {"method": "other_card", "payment_method": CARD, "reference": "re_9"}
    assert claims_of(story, settle(**by_card)) == (Claim("payout_ref", "card/re_9"),)
    assert claims_of(story, settle(**by_card, processor="acme")) == (Claim("payout_ref", "acme/re_9"),)
    story.do(settle(**by_card, processor="acme"))
    other = settle(refund=OTHER_REFUND, reference="re_9", processor="acme", **LATER)
    story.when(other).refused(ReferencePaidOutOtherwise)


def test_in_another_way_it_is_another_reference() -> None:
    story = two_refunds()
    story.do(settle(reference="815"))
    story.do(fail(refund=OTHER_REFUND))
    cheque = settle(refund=OTHER_REFUND, reference="815", method="cheque", **LATER)
    story.when(cheque).decides(RefundPaid)


def test_money_leaves_without_a_reference_as_often_as_is_due() -> None:
    for story in (two_refunds(), by_cheque("cash")):
        story.do(settle())
        story.when(settle(refund=OTHER_REFUND, **LATER)).decides(RefundPaid)


def test_a_cheque_that_came_back_is_posted_again_under_its_number() -> None:
    # Let its number stay used → the same paper could not go out again, and this fails.
    story = two_refunds()
    story.do(fail())
    cheque = settle(reference="815", method="cheque")
    story.do(cheque)
    story.do(come_back())
    again = settle(reference="815", method="cheque", **LATER)
    came_back = [e.position for e in story.entries if isinstance(e.event, RefundReturned)][-1]
    freed = Claim("payout_ref_again", f"cheque/815/{came_back}")
    assert claims_of(story, again) == (freed,)
    story.when(again).decides(RefundPaid)


def test_a_cheque_is_posted_as_often_as_it_comes_back_for_whichever_refund() -> None:
    # Claim what came back of the refund granted last → the fourth claims what the third has, and this fails.
    story = two_refunds()
    claims: list[tuple[Claim, ...]] = []
    for refund in (REFUND, OTHER_REFUND):
        story.do(fail(refund=refund, payout=id_of("pot", 20 + (refund == REFUND))))
    for number, refund in enumerate((REFUND, OTHER_REFUND, REFUND, OTHER_REFUND), 30):
        payout = id_of("pot", number)
        cheque = settle(refund=refund, reference="815", method="cheque", **{**LATER, "payouts": (payout,)})
        claims.append(claims_of(story, cheque))
        story.do(cheque)
        story.do(come_back(refund=refund, payout=payout))
    assert len(set(claims)) == len(claims)


def told_after_the_bank_took_it_all(reference: str) -> tuple[Story, Command]:
    """Cheque 815 came back on the 20th; one left on the 25th, which is told once the bank took all."""
    story = given(customer_registered(), placed(), captured(), shipped())
    for command in (grant((1, 2)), fail(), settle(reference="815", method="cheque")):
        story.do(command)
    story.on("2010-08-20").do(come_back())
    story.on("2010-08-27").do(reverse())
    story.with_now(moment("2010-08-28")).on("2010-08-25")
    return story, settle(reference=reference, method="cheque", unmatched=id_of("unm", 60), **LATER)


def test_a_cheque_posted_again_waits_under_its_number_where_nothing_is_due_any_more() -> None:
    # Claim its number anew → what has left can never be told, this fails.
    story, again = told_after_the_bank_took_it_all("815")
    came_back = entry_of(story, RefundReturned)
    once, freed = claims_of(story, again)
    assert (once.kind, once.value) == ("unmatched_ref", "payout/cheque/815")
    assert (freed.kind, freed.value) == ("payout_ref_again", f"cheque/815/{came_back}")
    beyond = story.when(again).decides(UnmatchedPayout)
    assert (beyond.amount, beyond.freed) == (7595, came_back)
    assert claims_of_unmatched(beyond) == (once, freed), "whatever it becomes claims no more"
    story, other = told_after_the_bank_took_it_all("816")
    assert [it.value for it in claims_of(story, other)] == ["payout/cheque/816", "cheque/816"]
    assert story.when(other).decides(UnmatchedPayout).freed is None


def test_a_processor_names_what_it_sends_again_anew() -> None:
    story = two_refunds()
    story.do(record(amount=3400))
    story.do(come_back())
    story.when(record(amount=3400, payout=SECOND)).nothing()
    assert claims_of(story, record(amount=3300, payout=SECOND)) == (Claim("payout_ref", "acme/re_1"),)


# What waits without a place


def assigned(**paid: Any) -> AssignMoney:
    """What waits was a payout of a refund."""
    return assign(fact=record(**paid))


def test_what_waits_uses_its_reference_and_what_becomes_of_it_no_other() -> None:
    # Claim it for the payout too → money that waits could never be assigned, and this fails.
    story = two_refunds().record(left(reference="re_1"))
    assert claims_of(story, assigned(amount=3400)) == ()
    story.do(assigned(amount=3400))
    second = assigned(refund=OTHER_REFUND, payout=SECOND, amount=4195, reference="re_1/2")
    assert claims_of(story, second) == (Claim("payout_ref", "acme/re_1/2", ORDER),)
    assert story.when(second).decides(UnmatchedPayoutAssigned).amount == 4195
    assert story.account(ORDER).refunded == 7595


def told(**money_left: Any) -> ReceiveNotice:
    """The processor tells that money of the first refund left."""
    fact = record(reference="re_9", payout=SECOND, amount=money_left.get("amount", 3400))
    said = money(direction="payout", reference="re_9", **{"amount": 3400, **money_left})
    return notice(kind="refund.created", fact=fact, money=said)


def kept_with(story: Story, command: Command) -> tuple[str, tuple[str, ...]]:
    """Why money waits after that, and the kinds of what it claims."""
    decision = decide(command, story.given(command))
    (why,) = [it.why for _, it in decision.events if isinstance(it, UnmatchedPayout)]
    return why, tuple([claim.kind for claim in decision.claims])


def test_what_waits_claims_its_reference_unless_that_is_used() -> None:
    # Claim what is used → its notice is answered "busy" for ever, and this fails.
    story = two_refunds()
    assert kept_with(story, told(amount=9999)) == ("payout-exceeds-due", ("unmatched_ref", "payout_ref"))
    used = "reference-paid-out-otherwise"
    assert kept_with(story, told(reference_used=True)) == (used, ("unmatched_ref",))
    story.do(settle(reference="re_9"))
    assert kept_with(story, told(amount=3300)) == (used, ("unmatched_ref",))
    assert story.when(told()).decides(NoticeReceived).result == "known"


def test_what_a_processor_sent_under_a_used_reference_waits() -> None:
    # Decide the payout → it is asked to be recorded for ever, and this fails.
    story = two_refunds()
    paid = record(amount=3400)
    used = RecordSentPayout(paid=paid, processor="acme", unmatched=MONEY, reference_used=True)
    assert kept_with(story, used) == ("reference-paid-out-otherwise", ("unmatched_ref",))
    assert story.when(used).decides(PayoutUnmatched).reference == "re_1"
    story.do(settle(refund=OTHER_REFUND, reference="re_2", **LATER))
    there = RecordSentPayout(
        paid=record(payout=SECOND, amount=3400, reference="re_2"), processor="acme", unmatched=id_of("unm", 2)
    )
    assert kept_with(story, there) == ("reference-paid-out-otherwise", ("unmatched_ref",))


# What a bank took back


def chargeback(**other: Any) -> ReversePayment:
    """A bank took the payment back."""
    return reverse(**{"reference": "dp_1", **other})


def test_what_a_bank_took_back_claims_its_reference_among_what_left() -> None:
    # Claim nothing → what waits without a place is recorded by hand too, counts twice, and this fails.
    claims = claims_of(two_refunds(), chargeback())
    waits = left(reference="dp_1")
    assert Claim("payout_ref", "acme/dp_1") in claims
    assert {(it.kind, it.value) for it in claims_of_unmatched(waits)} & {(it.kind, it.value) for it in claims}
    assert "payout_ref" not in [it.kind for it in claims_of(two_refunds(), chargeback(reference=None))]
    assert "payout_ref" not in [
        it.kind for it in claims_of(by_cheque(), chargeback(payment=PAYMENT, amount=6800))
    ]


def test_what_waits_becomes_a_reversal_under_the_reference_it_claimed() -> None:
    story = two_refunds().record(left(reference="dp_1"))
    becomes = assign(fact=chargeback())
    assert "payout_ref" not in [it.kind for it in claims_of(story, becomes)]
    assert story.when(becomes).decides(UnmatchedPayoutAssigned).counts_as == "reversal"


def test_a_notice_of_what_was_taken_back_otherwise_waits_and_claims_what_is_not_used() -> None:
    # Claim it again → its notice says that another payout has its reference, and this fails.
    story = two_refunds()
    story.do(chargeback(amount=7000))
    said = money(direction="payout", reference="dp_1")
    again = notice(
        kind="charge.dispute.funds_withdrawn", fact=chargeback(reversal=id_of("rev", 2)), money=said
    )
    assert kept_with(story, again) == ("reference-reversed-otherwise", ("unmatched_ref",))
