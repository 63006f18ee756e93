"""What a processor may tell is recorded as if a person had entered it, under the same rules. Source: I12"""

from typing import Any

import msgspec
import pytest

from domain.causes import EffectiveBeforeCause
from domain.command import Command
from domain.decision import Claim
from domain.decisions import decide
from domain.declines.decline_events import OrderPlacedOnHold, OrderReleased, PaymentDeclined
from domain.entry import Event
from domain.inbound.assigning import AssignMoney
from domain.inbound.charges_let_through import RecordCharge
from domain.inbound.closing_notices import CloseNotice, NothingToLookAt, NoticeUnknown
from domain.inbound.notice_events import NoticeClosed, NoticeReceived
from domain.inbound.notices import ReceiveNotice, evolve_notice
from domain.inbound.unmatched_events import (
    UnmatchedReceipt,
    UnmatchedReceiptAssigned,
    UnmatchedReceiptReturned,
)
from domain.payments.payment_events import DisputeClosed, DisputeOpened
from domain.refunds.refund_events import RefundPaid, RefundReturned
from domain.retry import AlreadyRecordedOtherwise
from projections.tasks import Task, Tasks
from tests.domain.bill_examples import DISPUTE, OVERDUE, close_dispute, dispute, reinstate, reverse
from tests.domain.decline_examples import attempted, card_failed, customer, declined, fail, held
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    ORDER,
    OTHER_ORDER,
    PAYMENT,
    REFUND,
    capture,
    captured,
    card_stored,
    id_of,
    placed,
    refund_granted,
    shipped,
)
from tests.domain.figures import rows_of
from tests.domain.notice_examples import (
    MONEY,
    SETTLEMENT,
    assign,
    give_back,
    left,
    money,
    notice,
    received,
    told,
    unmatched,
)
from tests.domain.refund_examples import come_back
from tests.domain.specification import Story, given

PAID_BACK = RefundPaid(
    refund=REFUND,
    customer=CUSTOMER,
    order=ORDER,
    payout=id_of("pot"),
    currency="USD",
    amount=7595,
    method="original_method",
    payment=None,
    payment_method=None,
    reference=None,
)
OPENED = DisputeOpened(
    order=ORDER,
    customer=CUSTOMER,
    dispute=DISPUTE,
    payment=captured().payment,
    currency="USD",
    amount=7595,
    why="fraudulent",
    reference=None,
)


@pytest.mark.parametrize(
    ("events", "fact", "kind"),
    [
        ((), fail(), PaymentDeclined),
        ((captured(), shipped()), dispute(), DisputeOpened),
        ((captured(), shipped(), OPENED), close_dispute("won"), DisputeClosed),
        ((captured(), refund_granted(), PAID_BACK), come_back(), RefundReturned),
    ],
    ids=lambda it: getattr(it, "__name__", None),
)
def test_what_moves_no_money_is_recorded_too(
    events: tuple[Event, ...], fact: Command, kind: type[Event]
) -> None:
    # Leave one of the facts out of `_decided` → it has no rule to ask, and this fails.
    story = told(*events)
    assert story.when(notice(fact=fact, money=None)).decides(kind)
    assert story.entries[-1].event == received()


def test_a_notice_of_money_kept_as_unmatched_already_is_known() -> None:
    again = notice(notice="evt_2")
    told(unmatched()).when(again).then(received(notice="evt_2", result="known"))


def test_a_notices_stream_holds_one_notice() -> None:
    story = told(received())
    with pytest.raises(TypeError, match="does not belong"):
        evolve_notice(story.state("inbound/acme/evt_1"), story.entries[-1])


def test_money_of_a_card_that_we_might_not_have_charged_ends_the_hold_whoever_tells_of_it() -> None:
    # Ask of a capture what is asked of an attempt → the customer who paid is billed, this fails.
    gone = card_failed(order=OTHER_ORDER, kind="hard")
    held_up = (customer(), card_stored(), gone, placed(), attempted(), declined(), held(), unmatched())
    fact: Any = capture(payment=id_of("pay", 51), payment_method=CARD, customer=CUSTOMER)
    for command in (
        AssignMoney(unmatched=MONEY, customer=CUSTOMER, fact=fact),
        notice(fact=fact, money=None),
    ):
        ended = given(*held_up).from_("provider").when(command).decides(OrderReleased)
        assert ended.because == "paid"


def test_a_decline_told_by_a_processor_holds_the_order() -> None:
    story = told()
    story.do(notice(fact=fail(), money=None))
    assert [it.event for it in story.entries if isinstance(it.event, OrderPlacedOnHold)]
    assert story.state(ORDER).declines.hold is not None


@pytest.mark.parametrize("events", [(), (captured(),), (captured(), shipped())])
def test_a_decline_of_more_than_the_order_needs_has_happened_all_the_same(events: tuple[Event, ...]) -> None:
    # Bound what a processor tells → the decline is in no list and no task, this fails.
    story = told(*events)
    story.do(notice(fact=fail(amount=9999), money=None))
    assert story.entries[-1].event == received()
    assert [known.declined.amount for known in story.state(ORDER).declines.declines.values()] == [9999]
    assert (story.state(ORDER).declines.hold is None) is bool(events)


def test_a_decline_told_again_may_turn_out_worse_and_never_milder() -> None:
    # Compare no kinds → a stolen card stays a soft decline, or becomes one again, this fails.
    story = given(customer(), card_stored(), placed()).from_("provider")
    story.do(notice(fact=fail(payment_method=CARD), money=None))
    worse = fail(payment_method=CARD, decline_code="stolen_card", amount=1)
    story.when(notice(notice="evt_2", fact=worse, money=None)).then(
        declined(payment_method=CARD, decline_code="stolen_card", kind="fraud", is_worse=True),
        card_failed(decline_code="stolen_card", kind="fraud"),
        received(notice="evt_2", result="recorded"),
    )
    story.when(notice(notice="evt_3", fact=fail(), money=None)).then(received(notice="evt_3", result="known"))
    assert story.state(ORDER).declines.is_fraud


def test_what_was_first_said_of_a_decline_may_be_said_again_once_it_turned_out_worse() -> None:
    # Keep only the worse → whoever sends the failure again is told that it says otherwise, and this fails.
    story = given(customer(), card_stored(), placed())
    story.do(fail(payment_method=CARD))
    worse = fail(payment_method=CARD, decline_code="stolen_card")
    story.from_("provider").do(notice(fact=worse, money=None))
    for again in (fail(payment_method=CARD), worse):
        for said in (again, msgspec.structs.replace(again, payment=id_of("pay", 99))):
            story.when(said).nothing()
    other = fail(payment_method=CARD, decline_code="lost_card")
    story.when(other).refused(AlreadyRecordedOtherwise(other.payment))


def test_assigned_money_claims_its_reference_for_its_order() -> None:
    story: Story = told(unmatched())
    command = AssignMoney(unmatched=MONEY, customer=CUSTOMER, fact=capture())
    assert decide(command, story.given(command)).claims == (Claim("processor_ref", "acme/ch_1", ORDER),)


def test_money_goes_back_with_its_reference_and_not_before_it_came() -> None:
    story = told(captured(reference="ch_2")).on("2010-08-12").record(unmatched())
    came_at = story.at
    early = story.with_now(came_at).on("2010-08-11")
    early.when(give_back(amount=1)).refused(EffectiveBeforeCause(early.at, came_at))
    story.at = came_at
    story.when(give_back(amount=1, reference="wire-7")).then(
        UnmatchedReceiptReturned(
            unmatched=MONEY,
            customer=CUSTOMER,
            settlement=SETTLEMENT,
            currency="USD",
            amount=1,
            reference="wire-7",
        )
    )


def let_through(**other: Any) -> RecordCharge:
    return RecordCharge(capture=capture(**other), unmatched=MONEY)


def test_a_charge_under_the_id_of_another_is_refused_and_not_kept() -> None:
    story = told(captured())
    story.when(let_through()).nothing()
    story.when(let_through(amount=7594)).refused(AlreadyRecordedOtherwise(captured().payment))


def test_a_charge_of_a_card_that_is_not_on_file_is_kept_as_unmatched() -> None:
    story = given(customer(), placed(), attempted(), declined(), held())
    asked: Any = {"payment": id_of("pay", 51), "payment_method": CARD, "customer": CUSTOMER}
    kept = story.when(let_through(**asked)).decides(UnmatchedReceipt)
    assert kept.why == "payment-method-unknown"


def won_back(amount: int = 3000, **other: Any) -> ReceiveNotice:
    """The processor tells that money came again."""
    named = {"amount": amount, "reference": "dp_1"}
    fact = reinstate(**named, reinstatement=id_of("rev", 9))
    return notice(**{"notice": "evt_2", "fact": fact, "money": money(**named), **other})


def told_by_hand() -> Story:
    """A part of what was taken back came again, and a person recorded it."""
    story = told(captured())
    for command in (reverse(), reinstate(3000, reference="dp_1")):
        story.do(command)
    return story


def test_what_came_again_and_was_told_by_hand_is_known() -> None:
    # Let it have no name → a part of it counts twice, and this fails.
    story = told_by_hand()
    assert story.when(won_back()).decides(NoticeReceived).result == "known"
    assert story.account(ORDER).reversed == 4595


def test_what_came_again_of_another_amount_than_was_told_by_hand_waits_until_somebody_says() -> None:
    story = told_by_hand()
    waits, kept = story.do(won_back(3500))
    assert isinstance(waits, UnmatchedReceipt)
    assert (waits.why, [each.kind for each in waits.deadlines]) == (
        "reference-reinstated-otherwise",
        ["unmatched"],
    )
    assert isinstance(kept, NoticeReceived)
    same = reinstate(3000, reference="dp_1", reinstatement=id_of("rev", 10))
    assert [type(event) for event in story.do(assign(fact=same))] == [UnmatchedReceiptAssigned]
    rest = reinstate(500, reference="dp_1/2", reinstatement=id_of("rev", 11))
    assert len(story.do(assign(fact=rest))) == 2
    assert story.account(ORDER).reversed == 4095
    assert story.state(f"unmatched/{MONEY}").left == 0


def tasks_about_notices(story: Story) -> list[tuple[str, str]]:
    rows = [row for row in rows_of(Tasks(), story.entries) if isinstance(row, Task)]
    return [(row.stream, row.subject) for row in rows if row.kind == "notice" and row.due is not None]


NO_CURRENCY = {"fact": None, "money": money(currency="XXT")}
CONTRADICTS = {"fact": close_dispute(outcome="lost"), "money": None}


@pytest.mark.parametrize("what", [NO_CURRENCY, CONTRADICTS])
def test_a_notice_that_nothing_follows_from_is_looked_at_until_somebody_says_so(
    what: dict[str, Any],
) -> None:
    # Start no deadline, or end no task → nobody looks, or everybody for ever, and this fails.
    story = told(captured(), OPENED)
    story.do(close_dispute(outcome="won"))
    (kept,) = story.do(notice(**what))
    assert isinstance(kept, NoticeReceived)
    position = str(story.entries[-1].position)
    assert tasks_about_notices(story) == [("inbound/acme/evt_1", position)]
    closing = CloseNotice(processor="acme", notice="evt_1", note="sealed:A test of theirs")
    closed = NoticeClosed(processor="acme", notice="evt_1", customer=CUSTOMER, note="sealed:A test of theirs")
    story.when(closing).then(closed)
    assert tasks_about_notices(story) == []
    story.when(msgspec.structs.replace(closing, note=None)).refused(AlreadyRecordedOtherwise("evt_1"))
    story.when(notice(**what)).nothing()


def test_only_a_notice_that_nothing_follows_from_is_looked_at_and_closed() -> None:
    closing = CloseNotice(processor="acme", notice="evt_1")
    story = told().when(notice()).then(captured(), received())
    assert tasks_about_notices(story) == []
    story.when(closing).refused(NothingToLookAt("evt_1"))
    told().when(closing).refused(NoticeUnknown("acme", "evt_1"))
    waits = told(captured(reference="ch_2"))
    waits.do(notice())
    assert tasks_about_notices(waits) == []
    early = told().on("2010-08-12")
    early.do(notice(**NO_CURRENCY))
    now = early.at
    early.with_now(now).on("2010-08-11")
    early.when(closing).refused(EffectiveBeforeCause(early.at, now))


def told_by_its_processor() -> ReceiveNotice:
    left = money(direction="payout", reference="dp_1")
    return notice(kind="charge.dispute.funds_withdrawn", fact=reverse(bill=id_of("bil", 9)), money=left)


@pytest.mark.parametrize(
    "command",
    [
        told_by_its_processor(),
        assign(fact=reverse(bill=id_of("bil", 9))),
    ],
    ids=["told by its processor", "said of money that left"],
)
def test_whoever_tells_that_money_was_taken_back_of_somebody_who_owes_the_hold_says_they_are_watched(
    command: Command,
) -> None:
    # Leave the customer's facts out → a rule lets the order go that is a person's to decide, this fails.
    without = isinstance(command, ReceiveNotice)
    story = given(customer(), *OVERDUE, placed(), captured(), *(() if without else (left(reference="dp_1"),)))
    assert story.on("2010-08-11").when(command).decides(OrderPlacedOnHold).is_watched


def test_a_charge_that_came_short_of_somebody_who_owes_holds_the_order_as_theirs() -> None:
    story = given(
        customer(), card_stored(), *OVERDUE, placed(), attempted(payment=PAYMENT, payment_method=CARD)
    )
    short = RecordCharge(
        capture=capture(payment_method=CARD, customer=CUSTOMER, amount=3000), unmatched=MONEY
    )
    assert story.on("2010-08-11").when(short).decides(OrderPlacedOnHold).is_watched
