"""Which way money goes back, which way failed and what came back. Source: R-G8, I13"""

from typing import Any

import msgspec
import pytest

from domain.bills.bill_events import BillShare
from domain.book.register import BookOpened
from domain.causes import EffectiveBeforeCause
from domain.command import OutOfRange
from domain.decisions import decide
from domain.money import Money
from domain.payments.payment_events import CreditSetAside
from domain.refunds.due_now import NothingDueBack
from domain.refunds.going_back import PaidOutByProcessor
from domain.refunds.granted_refund import RefundNotGranted
from domain.refunds.owed import owed
from domain.refunds.paying_out import PayoutExceedsDue, next_payout, record_told_payout
from domain.refunds.payout_events import PayoutAsked, PayoutNamed
from domain.refunds.refund import Refund, RefundUnknown
from domain.refunds.refund_events import ClaimedUnits, RefundPaid, RefundPaymentFailed, RefundReturned
from domain.refunds.settling import CreditLeavesNothing
from domain.refunds.ways import EarlierWayOpen, PayoutWayClosed
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import (
    billed_story,
    give_credit,
    pay_bill,
    reinstate,
    reverse,
    use_credit,
)
from tests.domain.decline_examples import OLD_CARD, card_failed, old_card
from tests.domain.examples import (
    BILL,
    CARD,
    CUSTOMER,
    ORDER,
    OTHER_PAYMENT,
    OTHER_REFUND,
    PAYMENT,
    REFUND,
    cancel,
    capture,
    captured,
    card_stored,
    customer_registered,
    id_of,
    placed,
    refund_granted,
    shipped,
)
from tests.domain.refund_examples import (
    PAYOUTS,
    ask,
    come_back,
    credit_of,
    fail,
    grant,
    grant_unverified,
    pay_out_credit,
    settle,
)
from tests.domain.refunds.test_paying_out import FIRST, SECOND, paid_in_two, record
from tests.domain.specification import OWNER, ZONE, Story, given

USD = "USD"
NO_GOODS: dict[str, Any] = {"lines": (), "shipping": 0, "total": 0}


def owing(amount: int = 7595, *events: Any, **paid: Any) -> Story:
    """A deposit of 75.95, of which so much is to go back."""
    return given(
        customer_registered(),
        *events,
        placed(**NO_GOODS),
        captured(amount=amount, **paid),
        refund_granted(granted=amount),
    )


def failed(**other: Any) -> RefundPaymentFailed:
    """The money could not go back to the card it came from."""
    said = {
        "refund": REFUND,
        "customer": CUSTOMER,
        "order": ORDER,
        "payout": id_of("pot", 8),
        "currency": USD,
        "amount": 7595,
        "method": "original_method",
        "payment": PAYMENT,
        "payment_method": None,
        "why": "card_closed",
    }
    return RefundPaymentFailed(**{**said, **other})


# What a processor sent back


def test_a_payout_names_the_card_it_went_back_to() -> None:
    story = owing(7595, card_stored(), payment_method=CARD)
    assert story.when(record()).decides(RefundPaid).payment_method == CARD
    assert owing().when(record()).decides(RefundPaid).payment_method is None


def test_what_the_processor_tells_of_its_own_accord_is_known() -> None:
    story = owing()
    story.do(record(amount=7000))
    assert story.when(record(amount=7000, payout=SECOND)).nothing()
    story.when(record(amount=500, payout=SECOND, reference="re_2")).decides(RefundPaid)


@pytest.mark.parametrize("other", [{"currency": "EUR"}, {"payment": OTHER_PAYMENT}])
def test_against_another_payment_or_in_another_currency_nothing_may_leave(other: dict[str, Any]) -> None:
    refusal = PayoutExceedsDue(REFUND, Money(1, USD), Money(0, USD))
    owing().when(record(amount=1, **other)).refused(refusal)


# What failed


def test_what_a_connected_processor_sends_back_fails_when_that_says_so() -> None:
    # Let a person say so → the card is closed on paper, the money leaves by cheque, and the processor sends
    # it too; this fails.
    story = owing()
    by_itself = PaidOutByProcessor(REFUND, "acme")
    story.when(fail(processor="acme")).refused(by_itself)
    story.when(fail(processor="acme", payment=PAYMENT)).refused(by_itself)
    story.when(fail(processor="another")).decides(RefundPaymentFailed)
    story.when(fail(processor="acme")).nothing()
    closed = fail(processor="acme", payout=SECOND)
    story.when(closed).refused(PayoutWayClosed(REFUND, "original_method", "store_credit"))


def test_of_a_transfer_and_a_card_the_transfer_fails_by_hand() -> None:
    story = billed_story()
    story.do(capture(amount=2000))
    story.do(pay_bill(amount=5595, payment=OTHER_PAYMENT))
    story.do(grant((1, 2)))
    story.when(fail(processor="acme", payment=PAYMENT)).refused(PaidOutByProcessor(REFUND, "acme"))
    assert story.when(fail(processor="acme")).decides(RefundPaymentFailed).payment == OTHER_PAYMENT


def test_a_failure_says_what_should_have_left_against_its_payment() -> None:
    # Say all that is owed → what the card sends back by itself failed too, on paper, and this fails.
    story = billed_story()
    story.do(capture(amount=2000))
    story.do(pay_bill(amount=5595, payment=OTHER_PAYMENT))
    story.do(grant((1, 2)))
    for failure, amount in (
        (fail(processor="acme"), 5595),
        (fail(), 2000),
        (fail(payment=OTHER_PAYMENT), 5595),
        (fail(payment=PAYMENT, amount=1999), 1999),
        (fail(method="cheque"), 7595),
    ):
        ((_, event),) = decide(failure, story.given(failure)).events
        assert isinstance(event, RefundPaymentFailed)
        assert event.amount == amount


# What was refunded before the book went live


@pytest.mark.parametrize(
    ("origin", "cut_over", "is_history"),
    [
        ("import", "2010-08-11", True),
        ("import", "2010-08-10", False),
        ("import", None, False),
        ("api", "2010-08-11", False),
    ],
)
def test_of_history_nothing_leaves_by_itself_and_a_person_pays_the_rest(
    origin: str, cut_over: str | None, is_history: bool
) -> None:
    # Ask for the day alone → what was granted here today for a day before is paid by nobody, and this fails.
    opened = BookOpened(zone=ZONE, country="US", cut_over=cut_over)
    story = Story(customer_registered(), placed(**NO_GOODS), captured(), opened=opened).from_(origin)
    story.record(refund_granted(granted=7595)).from_("api")
    state = story.state(ORDER)
    following = next_payout(state, state.refunds[REFUND], "acme", story.state("book"))
    assert (following is None) is is_history
    by_hand = story.when(settle(processor="acme"))
    if is_history:
        assert by_hand.decides(RefundPaid).amount == 7595
    else:
        by_hand.decides(PayoutAsked)


def test_a_payout_fails_once_and_for_one_reason() -> None:
    story = owing()
    story.when(fail()).then(failed())
    story.when(fail()).nothing()
    story.when(fail(why="bank_closed")).refused(AlreadyRecordedOtherwise(id_of("pot", 8)))
    story.when(fail(method="cheque")).refused(AlreadyRecordedOtherwise(id_of("pot", 8)))
    left = owing()
    left.do(record())
    left.when(fail(payout=FIRST)).refused(AlreadyRecordedOtherwise(FIRST))


def test_what_is_not_due_cannot_fail_and_the_last_cent_can() -> None:
    paid = owing()
    paid.do(record())
    paid.when(fail()).refused(NothingDueBack(REFUND))
    owing(1).when(fail()).then(failed(amount=1))


def test_each_way_that_failed_is_named() -> None:
    owing().when(fail(method="cheque")).then(failed(method="cheque", payment=None))
    story = owing(7595, card_stored())
    by_card = fail(method="other_card", payment_method=CARD)
    story.when(by_card).then(failed(method="other_card", payment=None, payment_method=CARD))
    story.when(fail(method="other_card", payout=SECOND)).refused(
        PayoutWayClosed(REFUND, "other_card", "original_method")
    )
    owing().when(fail(method="other_card")).refused(PayoutWayClosed(REFUND, "other_card", "original_method"))


def test_of_two_payments_the_one_that_failed_is_named() -> None:
    story = paid_in_two()
    second = story.when(fail(payment=OTHER_PAYMENT)).decides(RefundPaymentFailed)
    assert second.payment == OTHER_PAYMENT
    story.when(fail(payment=OTHER_PAYMENT, payout=SECOND)).refused(
        PayoutWayClosed(REFUND, "original_method", "original_method")
    )


def test_nothing_fails_before_the_grant_and_nothing_comes_back_before_it_left() -> None:
    story = owing().on("2010-08-12")
    story.do(record())
    left_at = story.at
    early = story.with_now(left_at).on("2010-08-11")
    early.when(come_back(payout=FIRST)).refused(EffectiveBeforeCause(early.at, left_at))
    granted_at = owing().at
    early = owing().with_now(granted_at).on("2010-08-10", "11:59")
    early.when(fail()).refused(EffectiveBeforeCause(early.at, granted_at))


def test_what_came_back_is_owed_again() -> None:
    story = owing()
    story.do(record())
    assert story.when(come_back(payout=FIRST)).decides(RefundReturned).amount == 7595
    story.when(settle(method="original_method", payouts=(SECOND,))).refused(
        PayoutWayClosed(REFUND, "original_method", "store_credit")
    )
    story.do(settle(payouts=(SECOND,)))
    assert credit_of(story) == 7595


# Which way is open


def test_an_earlier_way_comes_first_and_one_that_failed_is_closed() -> None:
    story = owing(7595, card_stored(), old_card())
    story.when(settle(method="cheque")).refused(EarlierWayOpen(REFUND, "cheque", "original_method"))
    story.do(fail())
    story.when(settle(method="original_method")).refused(
        PayoutWayClosed(REFUND, "original_method", "other_card")
    )
    story.when(settle(method="other_card", payment_method=id_of("pm", 9))).refused(
        PayoutWayClosed(REFUND, "other_card", "other_card")
    )
    assert story.when(settle()).decides(RefundPaid).payment_method == OLD_CARD


def test_the_card_named_is_taken_where_it_is_valid() -> None:
    story = owing(7595, card_stored(expiry="2010-08"), old_card())
    story.do(fail())
    named = settle(method="other_card", payment_method=CARD)
    assert story.when(named).decides(RefundPaid).payment_method == CARD
    late = owing(7595, card_stored(expiry="2010-08")).on("2010-09-01")
    late.do(fail())
    late.when(settle(method="other_card")).refused(PayoutWayClosed(REFUND, "other_card", "store_credit"))


def test_the_card_it_came_from_is_no_other_card() -> None:
    story = owing(7595, card_stored(), payment_method=CARD)
    story.do(fail())
    story.when(settle(method="other_card")).refused(PayoutWayClosed(REFUND, "other_card", "store_credit"))


@pytest.mark.parametrize(("kind", "is_open"), [("soft", True), ("hard", False), ("fraud", False)])
def test_a_card_declined_for_good_is_no_card_to_pay_to(kind: Any, is_open: bool) -> None:
    # Offer every card that is valid → the money goes to whoever stole it, and this fails.
    story = owing(7595, card_stored(), old_card(), card_failed(payment_method=OLD_CARD, kind=kind))
    story.do(fail())
    named = story.when(settle(method="other_card", payment_method=OLD_CARD))
    if is_open:
        assert named.decides(RefundPaid).payment_method == OLD_CARD
    else:
        named.refused(PayoutWayClosed(REFUND, "other_card", "other_card"))
        assert story.when(settle()).decides(RefundPaid).payment_method == CARD


def test_credit_or_a_cheque_as_the_customer_likes_where_no_card_is_left() -> None:
    for method, kept in (("cheque", 0), ("store_credit", 7595)):
        story = owing()
        story.do(fail())
        story.do(settle(method=method))
        assert credit_of(story) == kept


def test_credit_asked_back_as_money_is_not_kept_as_credit_again() -> None:
    kept = CreditSetAside(
        customer=CUSTOMER,
        order=None,
        credit=id_of("crd", 5),
        currency=USD,
        amount=800,
        source="refund",
        subject=OTHER_REFUND,
    )
    first = refund_granted(refund=OTHER_REFUND, order=None, basis="stated", granted=800, credit_amount=800)
    story = given(customer_registered(), first, kept)
    story.do(pay_out_credit(800))
    # Name one fixed way out → store credit is advised, which is never open here, this fails.
    closed = PayoutWayClosed(REFUND, "store_credit", "cheque")
    story.when(settle(stream=CUSTOMER, method="store_credit")).refused(closed)
    assert closed.advice.startswith("Send a cheque")
    by_cheque = story.when(settle(stream=CUSTOMER, reference="chq-1")).decides(RefundPaid)
    assert (by_cheque.method, by_cheque.amount, by_cheque.reference) == ("cheque", 800, "chq-1")


def test_a_card_that_failed_once_is_no_way_for_another_payment() -> None:
    second = captured(amount=1000, payment=OTHER_PAYMENT, reference="ch_2", payment_method=CARD)
    story = owing(2000, card_stored(), payment_method=CARD).record(second)
    story.do(fail(payment=PAYMENT))
    story.when(settle(method="original_method")).refused(
        PayoutWayClosed(REFUND, "original_method", "store_credit")
    )


def test_two_payments_go_back_under_two_names_and_what_has_no_name_stays_owed() -> None:
    story = paid_in_two()
    first = story.when(settle(payouts=PAYOUTS[:1])).decides(RefundPaid)
    assert (first.payment, first.amount) == (PAYMENT, 2000)
    second = story.when(settle(payouts=PAYOUTS[1:])).decides(RefundPaid)
    assert (second.payment, second.amount) == (OTHER_PAYMENT, 5595)


def test_a_settlement_is_known_again_by_its_way_and_reference() -> None:
    story = owing()
    story.do(settle(reference="wire-7"))
    story.when(settle(reference="wire-7")).nothing()
    story.when(settle(reference="wire-7", method="original_method")).nothing()
    story.when(settle(reference="wire-8")).refused(AlreadyRecordedOtherwise(PAYOUTS[0]))
    story.when(settle(reference="wire-7", method="cheque")).refused(AlreadyRecordedOtherwise(PAYOUTS[0]))


def test_what_was_only_asked_for_is_not_paid_out() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1), only_request=True))
    story.when(settle()).refused(RefundNotGranted(REFUND))


# What of it is due back


def charged_back() -> Story:
    """44.00 was taken back: a refund of one dress clears 34.00 of it, one of the other and the fee 10.00."""
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(reverse(amount=4400))
    for refund in (OTHER_REFUND, REFUND):
        story.do(grant((1, 1), refund=refund))
    return story


def due(story: Story, refund: str, **other: Any) -> int:
    state = story.state(ORDER)
    return owed(state, msgspec.structs.replace(state.refunds[refund], **other)).total


def test_what_is_due_back_belongs_to_the_refunds_that_have_something_left() -> None:
    story = charged_back()
    assert (due(story, OTHER_REFUND), due(story, REFUND)) == (0, 3195)


def test_what_had_cleared_and_came_in_again_is_due_to_each_refund_as_far_as_it_had_cleared() -> None:
    story = charged_back()
    story.do(reinstate(4400))
    assert (due(story, OTHER_REFUND), due(story, REFUND)) == (3400, 4195)
    assert due(story, OTHER_REFUND, set_aside=500) == 2900
    story.do(record(refund=OTHER_REFUND, amount=1000))
    assert due(story, OTHER_REFUND) == 2400


@pytest.mark.parametrize(
    ("said", "of_it", "beside"),
    [({}, 0, 795), ({"ask": ask((1, 1))}, 795, 0), ({"basis": "price_paid"}, 795, 0)],
    ids=["a cancellation", "a refund of what did not ship", "a refund"],
)
def test_what_settled_a_bill_is_of_the_grant_unless_only_what_was_due_was_granted(
    said: dict[str, Any], of_it: int, beside: int
) -> None:
    granted = refund_granted(granted=3400, credit_amount=795, cleared=(BillShare(BILL, 795),), **said)
    refund = Refund(granted, at=0, position=1, origin="api")
    assert (refund.cleared, refund.cleared_beside, refund.claim) == (of_it, beside, 3400)
    assert msgspec.structs.replace(refund, paid=1000, set_aside=500).claim == 1900
    assert msgspec.structs.replace(refund, corrected=9).claim == 0


def test_nothing_is_settled_before_the_grant_or_of_what_is_no_refund() -> None:
    story = owing()
    granted_at = story.at
    early = story.with_now(granted_at).on("2010-08-10", "11:59")
    early.when(settle()).refused(EffectiveBeforeCause(early.at, granted_at))
    given().when(settle()).refused(RefundUnknown(REFUND))
    given(customer_registered()).when(settle(stream=CUSTOMER)).refused(RefundUnknown(REFUND))


def test_what_is_due_back_only_as_credit_is_kept_as_credit() -> None:
    story = given(customer_registered(), placed())
    story.by(OWNER).do(give_credit(7595))
    story.do(use_credit(7595))
    story.do(cancel())
    story.do(settle(method="cheque", reference=None))
    assert credit_of(story) == 7595


# What the caller says of the way


def test_a_cheque_back_for_a_cheque_is_the_way_it_came() -> None:
    story = billed_story()
    story.do(pay_bill(method="cheque"))
    story.do(grant((1, 2)))
    story.when(settle(method="cheque", reference="0815")).decides(RefundPaid)
    (payout,) = story.state(ORDER).refunds[REFUND].payouts.values()
    assert (payout.tried.method, payout.tried.payment) == ("original_method", PAYMENT)


def test_a_cheque_is_another_way_for_money_that_came_by_transfer() -> None:
    story = billed_story()
    story.do(pay_bill())
    story.do(grant((1, 2)))
    story.when(settle(method="cheque")).refused(EarlierWayOpen(REFUND, "cheque", "original_method"))


def test_what_a_reference_says_has_left_is_not_kept_as_credit() -> None:
    # Keep it as credit and drop the reference → this fails.
    story = owing()
    story.do(settle())
    story.do(come_back())
    again = id_of("pot", 9)
    refused = story.when(settle(payouts=(again,), reference="re_z1"))
    refused.refused(CreditLeavesNothing(REFUND, "cheque"))
    by_cheque = settle(payouts=(again,), method="cheque", reference="re_z1")
    assert story.when(by_cheque).decides(RefundPaid).reference == "re_z1"


def test_what_came_as_credit_leaves_under_no_reference() -> None:
    story = given(customer_registered(), placed())
    story.by(OWNER).do(give_credit(7595))
    story.do(use_credit(7595))
    story.record(shipped())
    story.do(grant((1, 2)))
    story.when(settle(reference="re_z1")).refused(CreditLeavesNothing(REFUND, None))
    assert story.when(settle()).decides(CreditSetAside).amount == 7595


@pytest.mark.parametrize(
    ("command", "field", "said"),
    [
        (settle, "amount", {"amount": 0}),
        (settle, "payment", {"payment": PAYMENT, "method": "cheque"}),
        (settle, "payment_method", {"payment_method": CARD, "method": "cheque"}),
        (fail, "amount", {"amount": 0}),
        (fail, "payment", {"payment": PAYMENT, "method": "cheque"}),
        (fail, "payment_method", {"payment_method": CARD, "method": "cheque"}),
    ],
    ids=lambda it: getattr(it, "__name__", None),
)
def test_what_leaves_is_said_in_the_fields_own_words(command: Any, field: str, said: dict[str, Any]) -> None:
    assert command(amount=1)
    with pytest.raises(OutOfRange, match=rf"^{field} must"):
        command(**said)


def test_payouts_have_names_of_their_own_kind() -> None:
    with pytest.raises(ValueError, match="expected the id"):
        settle(payouts=(REFUND,))


def test_beside_what_the_processor_sends_by_itself_no_more_fails_than_is_due() -> None:
    story = billed_story()
    story.do(capture(amount=2000))
    story.do(pay_bill(amount=5595, payment=OTHER_PAYMENT))
    story.do(grant((1, 1)))
    failure = story.when(fail(processor="acme")).decides(RefundPaymentFailed)
    assert (failure.payment, failure.amount) == (OTHER_PAYMENT, 1400)


def test_what_belongs_to_no_order_came_no_way_back_to_which_it_could_go() -> None:
    story = given(customer_registered())
    story.do(grant_unverified(ClaimedUnits(1, "X", amount=3400)))
    story.when(fail(stream=CUSTOMER)).refused(PayoutWayClosed(REFUND, "original_method", "store_credit"))
    story.do(settle(stream=CUSTOMER, method="cheque", reference="815", amount=1000))
    assert story.when(come_back(stream=CUSTOMER)).decides(RefundReturned).left == 3400


def test_a_cheque_is_no_way_back_for_a_cheque_beside_a_transfer() -> None:
    story = billed_story()
    story.do(pay_bill(amount=4000, method="cheque", reference="101"))
    story.do(pay_bill(amount=3595, payment=OTHER_PAYMENT))
    story.do(grant((1, 2)))
    by_cheque = settle(method="cheque", reference="815")
    story.when(by_cheque).refused(EarlierWayOpen(REFUND, "cheque", "original_method"))


def test_a_payment_that_is_named_is_the_way_it_came() -> None:
    story = owing()
    story.do(fail())
    named = settle(payment=PAYMENT, reference="re_9")
    story.when(named).refused(PayoutWayClosed(REFUND, "original_method", "store_credit"))


def test_only_what_went_back_without_a_reference_against_its_payment_is_named_by_another() -> None:
    # Count a cent of any payout → a cent that a processor sent is one recorded by hand, and this fails.
    named = owing()
    named.do(settle(reference="re_1", processor="acme"))
    unnamed = owing()
    unnamed.do(settle())
    for story, payment, cents in (
        (named, PAYMENT, 0),
        (unnamed, PAYMENT, 7595),
        (unnamed, OTHER_PAYMENT, 0),
    ):
        (payout,) = story.state(ORDER).refunds[REFUND].payouts.values()
        assert payout.without_reference(payment) == cents


def test_what_a_processor_tells_of_a_payout_recorded_by_hand_is_its_customers() -> None:
    story = owing()
    story.do(settle())
    told = record(payout=SECOND)
    decision = record_told_payout(told, story.given(told))
    assert [type(event) for _, event in decision.events] == [PayoutNamed]
    assert decision.customer == CUSTOMER
