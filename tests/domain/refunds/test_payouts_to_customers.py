"""What a processor tells of a refund in the customer's own stream waits, and is said to be its payout."""

from typing import Any

import pytest

from domain.customers.registering import Customer
from domain.decision import Claim
from domain.decisions import decide
from domain.inbound.assigning import AssignMoney
from domain.inbound.unmatched import UnmatchedMoney, UnmatchedSettled, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedPayout, UnmatchedPayoutAssigned
from domain.money import Money
from domain.refunds.customers_payouts import RecordCustomerPayout
from domain.refunds.paying_out import PayoutExceedsDue
from domain.refunds.payout_references import ReferencePaidOutOtherwise
from domain.refunds.refund import RefundUnknown
from domain.refunds.refund_events import RefundPaid
from domain.refunds.settling import SettleRefund
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import CUSTOMER, OTHER_REFUND, REFUND, customer_registered, id_of
from tests.domain.notice_examples import MONEY, assign, left
from tests.domain.refund_examples import PAYOUTS, ClaimedUnits, grant_unverified, settle
from tests.domain.specification import Story, given

PAYOUT, SECOND, BEYOND = id_of("pot", 50), id_of("pot", 51), id_of("unm", 60)
LATER: dict[str, Any] = {"payouts": (id_of("pot", 3),), "credit": id_of("crd", 3)}


def granted(*refunds: str) -> Story:
    """Of each refund 34.00 are due to the customer, for what nobody could verify."""
    story = given(customer_registered())
    for refund in refunds or (REFUND,):
        story.do(grant_unverified(ClaimedUnits(1, "X", amount=3400), refund=refund))
    return story


def told(story: Story, **money_left: Any) -> Story:
    """The processor has told that money left, and nothing said for what."""
    return story.record(
        left(**{"reference": "re_9", "amount": 3400, "order": None, "why": "unknown", **money_left})
    )


def was(**other: Any) -> AssignMoney:
    """What waits was a payout of the refund."""
    said = {
        "unmatched": MONEY,
        "customer": CUSTOMER,
        "refund": REFUND,
        "payout": PAYOUT,
        "amount": 3400,
        "currency": "USD",
        "reference": "re_9",
    }
    fact = RecordCustomerPayout(**{**said, **other})
    return assign(unmatched=fact.unmatched, fact=fact)


def by_hand(**other: Any) -> SettleRefund:
    """The shop records by hand that it left."""
    return settle(**{"stream": CUSTOMER, "method": "cheque", "reference": "re_9", **other})


def claim_of(story: Story, refund: str = REFUND) -> int:
    """What may still be given of it."""
    state = story.state(CUSTOMER)
    assert isinstance(state, Customer)
    return state.refunds[refund].claim


def test_what_left_and_waits_is_the_payout_of_a_customers_refund() -> None:
    story = told(granted())
    assert decide(was(), story.given(was())).claims == ()
    matched, paid = story.do(was())
    assert isinstance(matched, UnmatchedPayoutAssigned)
    assert (matched.order, matched.counts_as, matched.subject) == (None, "refund", PAYOUT)
    assert isinstance(paid, RefundPaid)
    assert (paid.order, paid.method, paid.payment, paid.amount, paid.left) == (
        None,
        "other_card",
        None,
        3400,
        0,
    )
    assert claim_of(story) == 0
    story.when(was()).nothing()
    story.when(was(amount=3300)).refused(AlreadyRecordedOtherwise(PAYOUT))
    story.when(was(payout=SECOND)).nothing()


@pytest.mark.parametrize("first", ["told", "by_hand"])
def test_what_was_settled_by_hand_under_its_reference_left_once(first: str) -> None:
    # Record it all the same, or refuse it → its money has left twice for ever, and this fails.
    story = granted()
    if first == "told":
        told(story).do(by_hand())
    else:
        story.do(by_hand())
        told(story, why="reference-paid-out-otherwise")
    (matched,) = story.do(was())
    assert isinstance(matched, UnmatchedPayoutAssigned)
    assert (matched.subject, matched.amount) == (PAYOUTS[0], 3400)
    story.when(was(payout=SECOND)).nothing()


def test_no_more_leaves_than_may_still_be_given() -> None:
    story = told(granted(), amount=3500)
    due = PayoutExceedsDue(REFUND, Money(3500, "USD"), Money(3400, "USD"))
    story.when(was(amount=3500)).refused(due)
    story.do(was(amount=3400))
    over = was(payout=SECOND, amount=100, reference="re_9/2")
    story.when(over).refused(PayoutExceedsDue(REFUND, Money(100, "USD"), Money(0, "USD")))


def test_it_may_be_of_two_refunds_each_with_a_part_of_the_reference() -> None:
    story = told(granted(REFUND, OTHER_REFUND), amount=6800)
    story.do(was())
    second = was(refund=OTHER_REFUND, payout=SECOND, reference="re_9/2")
    assert decide(second, story.given(second)).claims == (Claim("payout_ref", "acme/re_9/2", CUSTOMER),)
    story.do(second)
    assert (claim_of(story), claim_of(story, OTHER_REFUND)) == (0, 0)
    story.when(was(payout=id_of("pot", 52), reference="re_9/3")).refused(UnmatchedSettled(MONEY))


def test_another_payouts_reference_is_not_taken() -> None:
    story = told(granted(REFUND, OTHER_REFUND), amount=6800)
    story.do(was())
    story.when(was(refund=OTHER_REFUND, payout=SECOND)).refused(ReferencePaidOutOtherwise)


def test_another_refunds_payout_is_not_taken_for_it() -> None:
    story = told(granted(REFUND, OTHER_REFUND))
    story.do(by_hand(method="cheque", refund=OTHER_REFUND, reference="re_8", **LATER))
    story.when(was(refund=id_of("ref", 9))).refused(RefundUnknown(id_of("ref", 9)))
    assert story.when(was()).decides(RefundPaid).refund == REFUND


def test_what_left_beyond_a_payout_is_no_part_of_it() -> None:
    # Match it with the payout beside which it was kept → what left twice counts once, and this fails.
    story = granted(REFUND, OTHER_REFUND)
    story.do(by_hand(reference="1001", amount=6800, unmatched=BEYOND))
    kept = story.state(unmatched_stream(BEYOND))
    assert isinstance(kept, UnmatchedMoney)
    assert isinstance(kept.it, UnmatchedPayout)
    assert kept.left == 3400
    itself = was(unmatched=BEYOND, reference="1001")
    story.when(itself).refused(PayoutExceedsDue(REFUND, Money(3400, "USD"), Money(0, "USD")))
    other = was(unmatched=BEYOND, refund=OTHER_REFUND, reference="1001/2")
    assert story.when(other).decides(RefundPaid).reference == "1001/2"
