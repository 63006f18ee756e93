"""Notices of a processor: recorded as what they tell, and kept where no rule can place them; and what is said
later about the money in them.

Source: I12
"""

from typing import Any

import pytest

from domain.bills.bill_events import BillPaymentReceived, BillShare
from domain.bills.bill_payments import ReceiveBillPayment
from domain.causes import EffectiveBeforeCause
from domain.corrections.correcting import CorrectEntry
from domain.decision import Claim
from domain.decisions import decide
from domain.declines.decline_events import ChargeRecordedBefore, ChargeUnmatched, PaymentAttempted
from domain.inbound.assigning import OtherDirection
from domain.inbound.charges_let_through import RecordCharge
from domain.inbound.unmatched import (
    UnmatchedCurrencyDiffers,
    UnmatchedExceeded,
    UnmatchedSettled,
    UnmatchedUnknown,
)
from domain.inbound.unmatched_events import (
    UnmatchedPayoutAssigned,
    UnmatchedReceipt,
    UnmatchedReceiptReturned,
)
from domain.orders.order_events import Deadline
from domain.payments.attempting import open_attempt
from domain.payments.capturing import CaptureExceedsPrice
from domain.payments.payment_events import PaymentCaptured, PaymentReversed
from domain.refunds.paying_out import PayoutExceedsDue, RecordPayout
from domain.refunds.refund_events import RefundPaid
from domain.retry import AlreadyRecordedOtherwise
from projections.tasks import Task, Tasks
from tests.domain.bill_examples import reverse
from tests.domain.decline_examples import FAILED, attempted, charge, fail
from tests.domain.examples import (
    BILL,
    CARD,
    CUSTOMER,
    ORDER,
    OTHER_PAYMENT,
    PAYMENT,
    REFUND,
    billed,
    cancel,
    cancelled,
    capture,
    captured,
    card_stored,
    customer_registered,
    id_of,
    placed,
    refund_granted,
    shipped,
    usd,
)
from tests.domain.figures import rows_of
from tests.domain.notice_examples import (
    MONEY,
    OTHER_MONEY,
    PAYOUT,
    SETTLEMENT,
    assign,
    assigned,
    give_back,
    left,
    money,
    notice,
    received,
    told,
    unmatched,
)
from tests.domain.specification import NOON, OWNER, Story, given, moment


def test_what_a_notice_tells_is_recorded_beside_it() -> None:
    story = told()
    assert decide(notice(), story.given(notice())).claims == (Claim("processor_ref", "acme/ch_1", ORDER),)
    story.when(notice()).then(captured(), received())
    assert story.account(ORDER).received == 7595


def test_the_same_notice_is_kept_once_whatever_it_holds() -> None:
    told(captured(), received()).when(notice(body="sealed:other", fact=None, money=None)).nothing()


def test_a_second_notice_of_the_same_charge_is_known() -> None:
    story = told(captured(), received())
    again = notice(notice="evt_2", kind="payment_intent.succeeded", fact=capture(payment=OTHER_PAYMENT))
    story.when(again).then(received(notice="evt_2", kind="payment_intent.succeeded", result="known"))
    assert story.account(ORDER).received == 7595


def test_money_that_breaks_a_rule_has_moved_and_waits_with_a_task() -> None:
    # Refuse the notice instead → the processor's money is nowhere in the books, this fails.
    story = told(captured(), shipped())
    second = notice(fact=capture(payment=OTHER_PAYMENT, reference="ch_2"), money=money(reference="ch_2"))
    claims = decide(second, story.given(second)).claims
    assert claims == (Claim("unmatched_ref", "receipt/acme/ch_2", f"unmatched/{MONEY}"),)
    why = "capture-exceeds-price"
    due = Deadline("unmatched", NOON, moment("2010-08-11", "00:00"))
    story.when(second).then(
        unmatched(reference="ch_2", deadlines=(due,)), received(result="unmatched", why=why)
    )
    assert story.account(ORDER).received == 7595


@pytest.mark.parametrize("currency", ["XXX", "XAU", "USDC", "US"])
def test_what_has_no_minor_unit_is_no_money_and_its_notice_says_so(currency: str) -> None:
    """Keep it as unmatched → no list or export that meets it can say how much it is, and this fails."""
    nameless = notice(fact=None, order=None, customer=None, money=money(currency=currency))
    said = {"result": "not_understood", "why": "currency_unknown"}
    told().when(nameless).then(received(**said, order=None, customer=None))
    named = notice(fact=capture(currency=currency), money=money(currency=currency))
    told().when(named).then(received(**said))


def test_what_nobody_could_read_is_kept_for_somebody_to_look_at() -> None:
    unread = notice(fact=None, order=None, customer=None, money=None, is_understood=False)
    said = {"result": "not_understood", "why": "shape_unknown"}
    told().when(unread).then(received(**said, order=None, customer=None))


def test_what_was_a_currency_then_is_money_still() -> None:
    kept = told().when(notice(fact=None, money=money(currency="HRK"))).decides(UnmatchedReceipt)
    assert kept.currency == "HRK"


def test_money_for_no_order_of_ours_waits_too() -> None:
    nobodys = notice(customer=None, order=None, fact=None)
    given().from_("provider").when(nobodys).then(
        unmatched(customer=None, order=None, why="unknown"),
        received(result="unmatched", customer=None, order=None),
    )


def test_a_notice_that_moves_no_money_and_breaks_a_rule_is_kept_as_refused() -> None:
    failed = notice(kind="charge.dispute.closed", money=None, fact=capture(amount=7596))
    told().when(failed).then(
        received(kind="charge.dispute.closed", result="refused", why="capture-exceeds-price")
    )


def test_a_kind_nobody_knows_is_kept() -> None:
    unknown = notice(kind="customer.updated", fact=None, money=None, order=None, customer=None)
    told().when(unknown).then(received(kind="customer.updated", result="kept", order=None, customer=None))


def test_what_happened_long_ago_is_no_reason_to_refuse_a_processor() -> None:
    story = told().with_now(moment("2011-08-10"))
    story.when(notice()).decides(PaymentCaptured)


def test_what_left_us_is_a_payout_of_its_refund() -> None:
    paid = RecordPayout(
        stream=ORDER,
        refund=REFUND,
        payout=PAYOUT,
        payment=PAYMENT,
        amount=3400,
        currency="USD",
        reference="re_1",
    )
    story = told(captured(), cancelled((1, 1)), refund_granted(granted=3400))
    money_left = money(direction="payout", amount=3400, reference="re_1")
    left_us = notice(kind="refund.created", fact=paid, money=money_left)
    assert story.when(left_us).decides(RefundPaid).amount == 3400
    assert story.account(ORDER).refunded == 3400


@pytest.mark.parametrize(("amount", "fits"), [(3400, True), (3401, False)])
def test_a_payout_is_at_most_what_is_due_back(amount: int, fits: bool) -> None:
    paid = RecordPayout(
        stream=ORDER,
        refund=REFUND,
        payout=PAYOUT,
        payment=PAYMENT,
        amount=amount,
        currency="USD",
        reference="re_1",
    )
    story = told(captured(), cancelled((1, 1)), refund_granted(granted=3400))
    if fits:
        story.when(paid).decides(RefundPaid)
    else:
        story.when(paid).refused(PayoutExceedsDue(REFUND, usd(3401), usd(3400)))


# What is said later about the money
def test_assigned_money_counts_as_the_payment_it_is() -> None:
    story = told(unmatched(why="unknown")).from_("api")
    story.when(assign()).then(assigned(), captured(unmatched=MONEY))
    assert story.account(ORDER).received == 7595
    assert story.state(f"unmatched/{MONEY}").left == 0


def test_money_may_be_assigned_in_parts_and_the_rest_returned() -> None:
    story = told(unmatched(amount=8000)).from_("api")
    story.when(assign()).then(assigned(), captured(unmatched=MONEY))
    story.when(give_back(amount=406)).refused(UnmatchedExceeded(MONEY, usd(406), usd(405)))
    story.when(give_back(amount=405)).then(
        UnmatchedReceiptReturned(
            unmatched=MONEY,
            customer=CUSTOMER,
            settlement=SETTLEMENT,
            currency="USD",
            amount=405,
            reference=f"re_{SETTLEMENT}",
        )
    )
    assert story.state(f"unmatched/{MONEY}").left == 0
    story.when(give_back(amount=404)).refused(AlreadyRecordedOtherwise(SETTLEMENT))
    # Say that 0.00 are left, and to say at most that → nobody learns that it was dealt with, and this fails.
    story.when(give_back(settlement=id_of("stl", 2), amount=1)).refused(UnmatchedSettled(MONEY))


def test_money_may_be_assigned_to_a_bill() -> None:
    story = given(customer_registered(), placed(terms="bill_after"), shipped(), billed(), unmatched())
    fact = ReceiveBillPayment(
        order=ORDER,
        customer=CUSTOMER,
        bill=BILL,
        payment=PAYMENT,
        credit=id_of("crd"),
        amount=7595,
        currency="USD",
        method="trial_cards",
        reference="ch_1",
    )
    paid = story.when(assign(fact=fact)).decides(BillPaymentReceived)
    assert paid.bills == (BillShare(BILL, 7595),)


def test_what_a_capture_may_not_be_assigned_money_may_not_be_either() -> None:
    story = told(captured(), shipped(), unmatched(reference="ch_2")).from_("api")
    more = assign(fact=capture(payment=OTHER_PAYMENT, reference="ch_2"))
    story.when(more).refused(CaptureExceedsPrice(ORDER, usd(7595), usd(0)))


def test_money_recorded_meanwhile_under_its_reference_is_only_matched() -> None:
    # Record it a second time → the order has twice what came, this fails.
    story = told(unmatched(why="unknown"), captured()).from_("api")
    story.when(assign(fact=capture(payment=OTHER_PAYMENT))).then(
        assigned(subject=PAYMENT, asked_as=OTHER_PAYMENT)
    )
    assert story.account(ORDER).received == 7595


def test_a_retried_assignment_is_known_and_another_under_its_name_refused() -> None:
    story = told(unmatched(amount=8000), assigned(), captured()).from_("api")
    story.when(assign()).nothing()
    story.when(assign(fact=capture(amount=7594))).refused(AlreadyRecordedOtherwise(PAYMENT))


@pytest.mark.parametrize(
    "was_recorded", [True, False], ids=["before it was assigned", "after it waited again"]
)
def test_a_retried_assignment_is_known_whatever_was_corrected_since(was_recorded: bool) -> None:
    # Look for what is recorded under its reference first → the retry records the money anew, this fails.
    story = told(unmatched(why="unknown")).from_("api").by(OWNER).because("sealed:Not this order")
    first = assign(fact=capture(payment=OTHER_PAYMENT))
    if was_recorded:
        story.do(capture())
    story.do(first)
    mistake = CorrectEntry(
        stream=ORDER,
        customer=CUSTOMER,
        position=next(it.position for it in story.entries if isinstance(it.event, PaymentCaptured)),
        owed=id_of("bil", 9),
        unmatched=MONEY,
    )
    story.do(mistake)
    if not was_recorded:
        story.do(capture())
    story.when(first).nothing()
    story.when(assign(fact=capture(payment=OTHER_PAYMENT, amount=7594))).refused(
        AlreadyRecordedOtherwise(OTHER_PAYMENT)
    )
    assert story.state(f"unmatched/{MONEY}").left == 7595
    # Said again, it is what is there now, or recorded anew.
    again = story.do(assign(fact=capture(payment=id_of("pay", 3))))
    assert (PaymentCaptured in [type(event) for event in again]) is was_recorded
    assert story.account(ORDER).received == 7595


def test_money_is_no_payment_that_was_corrected() -> None:
    # Let whatever is recorded under that id be the money → it waits no more and is nowhere, this fails.
    story = told(captured()).from_("api").by(OWNER).because("sealed:Not this order")
    story.do(
        CorrectEntry(
            stream=ORDER, customer=CUSTOMER, position=story.entries[-1].position, owed=id_of("bil", 9)
        )
    )
    story.record(unmatched(why="unknown"))
    story.when(assign()).refused(AlreadyRecordedOtherwise(PAYMENT))
    assert story.state(f"unmatched/{MONEY}").left == 7595


def test_money_that_came_is_no_payout_and_money_that_left_no_payment() -> None:
    reversal = reverse(reversal=id_of("rev"))
    told(captured(), unmatched(reference="dp_1")).when(assign(fact=reversal)).refused(OtherDirection(MONEY))
    told(left()).when(assign()).refused(OtherDirection(MONEY))


def test_money_that_left_may_have_been_taken_back_by_a_bank() -> None:
    reversal = reverse(reversal=id_of("rev"))
    story = told(captured(), left(reference="dp_1")).from_("api")
    it = story.when(assign(fact=reversal)).decides(UnmatchedPayoutAssigned)
    assert (it.counts_as, it.subject) == ("reversal", id_of("rev"))
    assert isinstance(story.entries[-2].event, PaymentReversed)


def test_its_own_currency_and_never_before_it_came() -> None:
    story = told().on("2010-08-12").record(unmatched())
    euros = assign(fact=capture(currency="EUR"))
    story.when(euros).refused(UnmatchedCurrencyDiffers(MONEY, "USD", "EUR"))
    early = story.on("2010-08-11")
    early.when(assign()).refused(EffectiveBeforeCause(moment("2010-08-11"), moment("2010-08-12")))
    early.when(give_back(unmatched=OTHER_MONEY)).refused(UnmatchedUnknown(OTHER_MONEY))


def let_through(**other: Any) -> RecordCharge:
    return RecordCharge(**{"capture": capture(payment=FAILED), "unmatched": MONEY, **other})


def test_a_charge_let_through_that_the_order_needs_no_longer_waits_as_unmatched_and_is_over() -> None:
    # Record a capture alone → the attempt stays open, and no other charge may begin: this fails.
    story = told(attempted()).from_("api")
    story.do(cancel())
    assert open_attempt(story.state(ORDER)) is not None
    story.when(let_through()).then(
        unmatched(amount=7595, order=ORDER, customer=CUSTOMER, processor="acme", why="capture-exceeds-price"),
        charge_unmatched(),
    )
    assert open_attempt(story.state(ORDER)) is None
    story.when(capture(payment=FAILED)).refused(AlreadyRecordedOtherwise(FAILED))


def test_money_its_processor_told_of_first_is_kept_once() -> None:
    story = told(attempted(), unmatched(order=ORDER, amount=7595, processor="acme")).from_("api")
    story.do(cancel())
    story.when(let_through()).then(charge_unmatched())


def test_a_charge_whose_money_waits_does_not_count_for_its_order_too() -> None:
    # Capture it though its notice was kept as unmatched → it would count twice.
    story = told(attempted(), unmatched(order=ORDER, amount=7595, processor="acme")).from_("api")
    story.when(let_through()).then(charge_unmatched(why="kept_before"))
    assert story.account(ORDER).received == 0


def test_a_charge_let_through_that_the_order_needs_is_captured() -> None:
    told(attempted()).from_("api").when(let_through()).then(captured(payment=FAILED))


def test_a_charge_whose_money_is_recorded_under_another_id_is_over() -> None:
    # Answer only that the money is known → the attempt never ends, and after a chargeback nothing is charged.
    story = told(attempted(), captured()).from_("api")
    assert open_attempt(story.state(ORDER)) is not None
    story.when(let_through()).then(recorded_before())
    assert open_attempt(story.state(ORDER)) is None
    assert story.account(ORDER).received == 7595
    story.when(capture(payment=FAILED)).nothing()
    story.when(capture(payment=FAILED, reference="ch_2")).refused(AlreadyRecordedOtherwise(FAILED))
    story.when(fail()).refused(AlreadyRecordedOtherwise(FAILED))
    story.when(capture()).nothing()


def test_a_charge_recorded_under_another_id_is_over_where_its_notice_is_kept_too() -> None:
    story = told(attempted(), captured(), unmatched(order=ORDER, amount=7595, processor="acme")).from_("api")
    story.when(let_through()).then(recorded_before())


def test_money_of_a_charge_under_way_is_told_apart_by_its_processor() -> None:
    story = told(attempted(processor="other"), captured()).from_("api")
    story.when(capture(payment=FAILED)).nothing()
    assert open_attempt(story.state(ORDER)) is not None


def test_nobody_asks_what_became_of_a_charge_recorded_under_another_id() -> None:
    story = given(customer_registered(), card_stored(), placed(terms="card")).from_("api")
    story.do(charge())
    paid: dict[str, Any] = {"payment_method": CARD, "customer": CUSTOMER}
    story.do(capture(**paid))
    assert "resolve_payment" in tasks_of(story)
    story.do(let_through(capture=capture(payment=id_of("pay", 51), **paid)))
    assert "resolve_payment" not in tasks_of(story)
    story.do(reverse())
    again = charge(payment=id_of("pay", 52))
    assert [type(event) for event in story.do(again)] == [PaymentAttempted]


def tasks_of(story: Story) -> set[str]:
    found = [row for row in rows_of(Tasks(), story.entries) if isinstance(row, Task)]
    return {row.kind for row in found if row.due is not None}


def recorded_before() -> ChargeRecordedBefore:
    return ChargeRecordedBefore(
        order=ORDER,
        customer=CUSTOMER,
        payment=FAILED,
        currency="USD",
        amount=7595,
        processor="acme",
        reference="ch_1",
        recorded_as=PAYMENT,
    )


def charge_unmatched(why: str = "capture-exceeds-price") -> ChargeUnmatched:
    return ChargeUnmatched(
        order=ORDER,
        customer=CUSTOMER,
        payment=FAILED,
        currency="USD",
        amount=7595,
        processor="acme",
        reference="ch_1",
        unmatched=MONEY,
        why=why,
    )
