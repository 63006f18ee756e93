"""What a processor tells of a refund in the customer's own stream waits, and is said to be its payout."""

from typing import Any

import msgspec
import pytest

from domain.customers.registering import Customer
from domain.decision import Claim
from domain.decisions import decide
from domain.inbound.assigning import AssignMoney, is_beyond
from domain.inbound.payouts import RecordSentPayout
from domain.inbound.unmatched import UnmatchedMoney, UnmatchedSettled, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedPayout, UnmatchedPayoutAssigned
from domain.money import Money
from domain.refunds.paying_out import PayoutExceedsDue, RecordPayout, record_payout
from domain.refunds.payout_events import PayoutNamed
from domain.refunds.payout_failures import RecordReturnedPayout
from domain.refunds.payout_references import ReferencePaidOutOtherwise
from domain.refunds.refund import RefundUnknown
from domain.refunds.refund_events import RefundPaid, RefundReturned
from domain.refunds.settlement import SettleRefund
from domain.refunds.settling import PayoutToldAlready
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import (
    CUSTOMER,
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
from tests.domain.notice_examples import MONEY, assign, left, money, notice
from tests.domain.refund_examples import PAYOUTS, ClaimedUnits, grant, grant_unverified, settle
from tests.domain.refunds.test_paying_out import record
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
    return assign(unmatched=other.pop("unmatched", MONEY), fact=paid(**other))


def paid(**other: Any) -> RecordPayout:
    """Acme has sent 34.00 of the refund."""
    said = {
        "stream": CUSTOMER,
        "refund": REFUND,
        "payout": PAYOUT,
        "processor": "acme",
        "amount": 3400,
        "currency": "USD",
        "reference": "re_9",
    }
    return RecordPayout(**{**said, **other})


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
    matched, payout = story.do(was())
    assert isinstance(matched, UnmatchedPayoutAssigned)
    assert (matched.order, matched.counts_as, matched.subject) == (None, "refund", PAYOUT)
    assert isinstance(payout, RefundPaid)
    assert (payout.order, payout.method, payout.payment, payout.amount, payout.left) == (
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
    story.when(itself).refused(AlreadyRecordedOtherwise(PAYOUT))
    other = was(unmatched=BEYOND, refund=OTHER_REFUND, reference="1001/2")
    assert story.when(other).decides(RefundPaid).reference == "1001/2"


def test_what_left_beyond_a_payout_of_an_order_is_no_part_of_it_either() -> None:
    # Match it with the payout beside which it was kept → what left twice counts once, and this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1)))
    story.do(settle(reference="re_9", amount=6800, unmatched=BEYOND))
    itself = record(payout=PAYOUT, amount=3400, reference="re_9")
    story.when(assign(unmatched=BEYOND, fact=itself)).refused(AlreadyRecordedOtherwise(PAYOUT))
    state = story.state(unmatched_stream(BEYOND))
    assert is_beyond(state, story.state(ORDER))


@pytest.mark.parametrize(
    ("field", "value"),
    [("refund", PAYOUT), ("payout", REFUND), ("payment", REFUND), ("amount", 0), ("reference", "")],
)
def test_what_left_is_said_in_the_fields_own_words(field: str, value: object) -> None:
    assert paid(amount=1)
    with pytest.raises(ValueError, match=rf"^{field} must|expected the id"):
        paid(**{field: value})


# What was recorded by hand and is told later


def sent_by_hand() -> Story:
    """34.00 went to another card of the customer, and nobody said under which reference."""
    story = granted(REFUND, OTHER_REFUND)
    story.record(card_stored())
    story.do(by_hand(method="other_card", reference=None))
    return story


def named(reference: str = "re_9", **other: Any) -> PayoutNamed:
    said = {"refund": REFUND, "customer": CUSTOMER, "payout": PAYOUTS[0], "currency": "USD", "amount": 3400}
    return PayoutNamed(**{**said, "reference": reference, **other})


def test_what_was_recorded_by_hand_without_a_reference_is_the_payout_that_waits() -> None:
    # Refuse it as more than is due → the money left twice, and nothing true can be said of it; this fails.
    story = told(sent_by_hand())
    matched, name = story.do(was())
    assert isinstance(matched, UnmatchedPayoutAssigned)
    assert (matched.subject, matched.about, name) == (PAYOUTS[0], REFUND, named())
    story.when(was()).nothing()
    story.when(was(payout=SECOND)).nothing()
    assert claim_of(story) == 0


def test_a_notice_that_names_its_refund_names_the_payout_recorded_by_hand() -> None:
    story = sent_by_hand().from_("provider")
    its = money(direction="payout", amount=3400, reference="re_9")
    of_refund = {"kind": "refund.created", "order": None, "fact": paid(), "money": its}
    name, _ = story.do(notice(**of_refund))
    assert name == named()
    assert decide(paid(), sent_by_hand().given(paid())).claims == (Claim("payout_ref", "acme/re_9"),)
    story.when(paid()).nothing()
    again, _ = story.do(
        notice(**of_refund | {"notice": "evt_2"} | {"fact": paid(reference="re_8", payout=SECOND)})
    )
    assert isinstance(again, UnmatchedPayout), "a second one is another"
    assert again.why == PayoutExceedsDue.slug()


def test_what_was_recorded_by_hand_at_once_and_left_in_parts_is_told_part_by_part() -> None:
    story = sent_by_hand()
    assert story.do(paid(amount=2000)) == (named(amount=2000, part=PAYOUT),)
    last = paid(amount=1400, payout=SECOND, reference="re_8")
    assert story.do(last) == (named("re_8", amount=1400),)
    story.when(last).nothing()
    back = RecordReturnedPayout(stream=CUSTOMER, refund=REFUND, payout=PAYOUT, why="card_closed")
    assert story.when(back).decides(RefundReturned).amount == 2000
    assert claim_of(story) == 2000


def test_a_payout_told_of_before_it_was_recorded_has_its_name_once_it_left() -> None:
    # Name it as of when that is told → as of the 9th a payout has a name that has not left, and this fails.
    story = sent_by_hand().on("2010-08-12")
    left_at, now = story.entries[-1].effective_at, story.at
    story.with_now(now).on("2010-08-09").do(paid())
    assert (story.entries[-1].event, story.entries[-1].effective_at) == (named(), left_at)


def test_a_cheque_of_history_without_a_number_is_nothing_that_a_processor_tells_of() -> None:
    story = granted()
    story.record(payout_without_reference("cheque"))
    story.when(paid()).refused(PayoutExceedsDue(REFUND, Money(3400, "USD"), Money(0, "USD")))
    story = granted()
    story.record(payout_without_reference("other_card"))
    assert story.do(paid()) == (named(),)


def payout_without_reference(method: Any) -> RefundPaid:
    said = {"refund": REFUND, "customer": CUSTOMER, "payout": PAYOUTS[0], "currency": "USD", "amount": 3400}
    return RefundPaid(**said, method=method, payment=None, payment_method=None, reference=None)


def test_against_a_payment_nothing_of_a_customers_own_refund_leaves() -> None:
    granted().when(paid(payment=PAYMENT)).refused(PayoutExceedsDue)
    granted().when(paid(currency="EUR")).refused(PayoutExceedsDue)


@pytest.mark.parametrize("stream", [CUSTOMER, ORDER])
def test_what_its_processor_told_of_is_not_recorded_by_hand_too(stream: str) -> None:
    # Record it all the same → the same money is shown twice until somebody assigns it, and this fails.
    story = told(given(customer_registered(), placed(), captured(), shipped()))
    story.do(grant((1, 1)) if stream == ORDER else grant_unverified(ClaimedUnits(1, "X", amount=3400)))
    method = "original_method" if stream == ORDER else "cheque"
    told_of = by_hand(stream=stream, method=method, told=MONEY)
    story.when(told_of).refused(PayoutToldAlready(REFUND, MONEY))
    other = by_hand(stream=stream, method=method, reference="1001")
    assert story.when(other).decides(RefundPaid).amount == 3400
    story.when(msgspec.structs.replace(other, told=MONEY)).nothing()


def test_the_same_payout_told_twice_is_the_one_on_record_whatever_left_after_it() -> None:
    story = told(granted())
    it = was(amount=1000)
    assert record_payout(paid(amount=1000), story.given(it)).customer == CUSTOMER
    story.do(it)
    (position,) = [entry.position for entry in story.entries if isinstance(entry.event, RefundPaid)]
    story.do(by_hand(reference="re_10"))
    again = record_payout(paid(amount=1000), story.given(it))
    assert (again.customer, again.already, again.events) == (CUSTOMER, (position,), ())


def test_a_part_of_it_says_what_is_left_to_give() -> None:
    story = told(granted())
    assert story.when(was(amount=1000)).decides(RefundPaid).left == 2400


def test_money_of_another_currency_pays_no_cent_of_it() -> None:
    story = told(granted(), currency="EUR")
    story.when(was(amount=1, currency="EUR")).refused(PayoutExceedsDue)


def test_what_left_is_no_other_payout_of_its_refund() -> None:
    story = granted()
    story.do(by_hand(reference="re_8", amount=1000))
    told(story, amount=2400)
    it = was(payout=PAYOUTS[0], amount=2400)
    story.when(it).refused(AlreadyRecordedOtherwise(PAYOUTS[0]))


def test_what_money_backs_is_asked_of_the_customer_whoever_tells_of_the_payout() -> None:
    # Leave the customer's facts out → credit whose money a bank took leaves as money, and this fails.
    sent = RecordSentPayout(paid=paid(), processor="acme", unmatched=MONEY)
    assert (paid().facts_of(), sent.facts_of()) == (CUSTOMER, CUSTOMER)
    assert record().facts_of() is None
