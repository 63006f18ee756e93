"""What starts a deadline, due when and missed when; and that history from before the book went live starts
none. Source: §3, R-P5, R-B3, R-D3, R-G8
"""

from typing import Any

import pytest

from domain.bills.bill_events import CollectionCallMade
from domain.bills.promise_events import PromiseMade
from domain.bills.reviewing import WatchedOrderReviewed
from domain.book.register import BookOpened
from domain.command import Command
from domain.corrections.correction_events import RefundCorrected
from domain.declines.decline_events import (
    ContactAttempted,
    OrderPlacedOnHold,
    PaymentAttempted,
    PaymentDeclined,
    ShipmentReleasedWithoutPayment,
)
from domain.entry import Event
from domain.inbound.unmatched_events import UnmatchedReceipt
from domain.orders.order_events import Deadline, OverdueBill
from domain.payments.payment_events import DisputeOpened, PaymentCaptured, PaymentReversed
from domain.refunds.refund_events import (
    FraudSignalRaised,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundRequested,
    RefundReturned,
)
from domain.returns.return_events import GoodsReturnRequested
from tests.domain.bill_examples import ILL, OVERDUE, PERSONS, call, dispute, promise, reverse, review
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import (
    ann,
    attempted,
    charge,
    declined,
    fail,
    held,
    held_again,
    reach,
    release,
)
from tests.domain.declines.test_losing_cover import tasks_of
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_PAYMENT,
    REFUND,
    billed,
    cancel,
    capture,
    captured,
    card_stored,
    customer_registered,
    delivered,
    guaranteed,
    id_of,
    place,
    placed,
    refund_granted,
    ship,
    shipped,
)
from tests.domain.notice_examples import money, notice
from tests.domain.refund_examples import come_back, deciding, grant, used
from tests.domain.refund_examples import fail as fail_payout
from tests.domain.return_examples import ask_back
from tests.domain.specification import NOON, OWNER, SUPERVISOR, ZONE, Story, given, moment

MIDNIGHT = moment("2010-08-11", "00:00")
TODAY = "2010-08-11"


def today(kind: Any) -> Deadline:
    """Due at once, and missed once the day is over."""
    return Deadline(kind, NOON, MIDNIGHT)


def on(kind: Any, day: str, missed: str) -> Deadline:
    """Due on a day, and missed when another begins."""
    return Deadline(kind, moment(day, "00:00"), moment(missed, "00:00"))


ON_BILL = (placed(terms="bill_after"), shipped(), billed(deadlines=(today("collection_call"),)))
PAID = (placed(), captured(), shipped())
ARRIVED = (*PAID, delivered(), guaranteed())
OWED = refund_granted(basis="stated", granted=7595, credit_amount=7595)
DECLINED = (ann(), placed(), attempted(), declined(), held())
MONEY_BACK = RefundPaid(
    refund=REFUND,
    customer=CUSTOMER,
    order=ORDER,
    payout=id_of("pot"),
    currency="USD",
    amount=7595,
    method="cheque",
    payment=None,
    payment_method=None,
    reference=None,
)
WATCHED = (*OVERDUE, placed(watched_for=(OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595),)))

STARTED: list[tuple[tuple[Event, ...], Command, type[Event], tuple[Deadline, ...]]] = [
    (DECLINED, reach(), ContactAttempted, (on("reach_customer", "2010-08-13", "2010-08-14"),)),
    (
        (placed(),),
        fail(),
        OrderPlacedOnHold,
        (today("reach_customer"), on("decide_release", "2010-08-24", "2010-08-25")),
    ),
    (
        (placed(), held_again("corrected")),
        fail(),
        PaymentDeclined,
        (today("reach_customer"), on("decide_release", "2010-08-24", "2010-08-25")),
    ),
    ((card_stored(), *DECLINED), charge(), PaymentAttempted, (today("resolve_payment"),)),
    (
        (*PERSONS, *ON_BILL),
        call(**ILL),
        CollectionCallMade,
        (on("collection_call", "2010-09-10", "2010-09-11"), today("write_off_decision")),
    ),
    (
        ON_BILL,
        promise("2010-08-20"),
        PromiseMade,
        (Deadline("promise_broken", moment("2010-08-21", "00:00")),),
    ),
    (PAID, reverse(), PaymentReversed, (Deadline("bill_overdue", MIDNIGHT),)),
    (
        WATCHED,
        review("payment_first", days=3),
        WatchedOrderReviewed,
        (on("watched_review", "2010-08-13", "2010-08-14"),),
    ),
    ((*PAID, OWED, MONEY_BACK), dispute(), DisputeOpened, (today("contest_dispute"),)),
    ((*PAID, OWED), fail_payout(), RefundPaymentFailed, (today("refund_payout"),)),
    ((*PAID, OWED, MONEY_BACK), come_back(), RefundReturned, (today("refund_payout"),)),
    (ARRIVED, grant((1, 2), only_request=True), RefundRequested, (today("refund_decision"),)),
    (
        ARRIVED,
        grant((1, 2)),
        RefundGranted,
        (
            Deadline("refund_payout", NOON, moment("2010-08-13", "00:00")),
            Deadline("supplier_claim", NOON, moment("2010-09-10", "00:00")),
        ),
    ),
]


@pytest.mark.parametrize(
    ("events", "command", "kind", "started"), STARTED, ids=[kind.__name__ for _, _, kind, _ in STARTED]
)
def test_it_is_started_live_and_by_no_history(
    events: tuple[Event, ...], command: Command, kind: type[Event], started: tuple[Deadline, ...]
) -> None:
    # Leave `is_history` out of any function of `domain.deadlines` → its row fails.
    live = given(customer_registered(), *events).by(OWNER).because("sealed:asked")
    assert live.when(command).decides(kind).deadlines == started
    story = Story(opened=BookOpened(zone=ZONE, country="US", cut_over=TODAY))
    story.record(customer_registered(), *events).by(OWNER).because("sealed:asked").from_("import")
    assert story.when(command).decides(kind).deadlines == ()


def test_a_refund_above_the_limit_is_to_be_decided_today() -> None:
    story = given(customer_registered(), *ARRIVED, used(45_000))
    assert story.when(grant((1, 2))).decides(RefundEscalated).deadlines == (today("refund_decision"),)


def test_goods_asked_back_want_a_label_today() -> None:
    story = given(customer_registered(), *ARRIVED)
    story.do(grant((1, 1)))
    assert story.when(ask_back()).decides(GoodsReturnRequested).deadlines == (today("return_label"),)


def test_a_signal_is_to_be_looked_at_today() -> None:
    before = [refund_granted(refund=id_of("ref", 7 + n), basis="stated", order=None) for n in range(2)]
    story = given(customer_registered(), *before, *ARRIVED)
    assert story.when(grant((1, 1))).decides(FraudSignalRaised).deadlines == (today("fraud_signal"),)


def test_money_without_a_place_wants_one_today() -> None:
    story = given(customer_registered(), placed(), captured()).from_("provider")
    twice = notice(fact=capture(payment=OTHER_PAYMENT, reference="ch_2"), money=money(reference="ch_2"))
    assert story.when(twice).decides(UnmatchedReceipt).deadlines == (today("unmatched"),)


def test_money_for_what_ships_on_bill_starts_no_shipping_that_is_due_already() -> None:
    story = given(customer_registered())
    story.do(place(terms="bill_after"))
    assert story.when(capture()).decides(PaymentCaptured).deadlines == ()


def test_a_released_order_is_to_ship_as_long_after_it_was_placed_as_any() -> None:
    story = given(ann(), customer_registered()).by(OWNER).because("sealed:I know her")
    story.do(place())
    story.do(fail())
    shipping = on("ship_order", "2010-08-12", "2010-08-13")
    assert story.when(release()).decides(ShipmentReleasedWithoutPayment).deadlines == (shipping,)


def test_units_that_may_ship_after_all_are_to_ship_unless_their_order_is_history() -> None:
    def corrected(story: Story) -> tuple[Deadline, ...]:
        story.do(place())
        story.do(capture())
        story.do(cancel())
        story.from_("api").on(TODAY)
        return story.when(correct(story, RefundGranted)).decides(RefundCorrected).deadlines

    live = given(customer_registered()).by(SUPERVISOR).because("sealed:typed wrongly")
    *told, shipping = corrected(live)
    assert shipping == on("ship_order", "2010-08-12", "2010-08-13")
    assert [each.kind for each in told] == ["acknowledgement", "thanks"]
    history = Story(opened=BookOpened(zone=ZONE, country="US", cut_over=TODAY))
    history.record(customer_registered()).by(SUPERVISOR).because("sealed:typed wrongly").from_("import")
    assert corrected(history) == ()


def test_thanks_that_are_due_this_very_moment_are_due_as_before_and_a_moment_later_all_day() -> None:
    story = given(customer_registered()).by(SUPERVISOR).because("sealed:typed wrongly")
    for command in (place(), capture(), cancel()):
        story.do(command)
    due, day_over = moment("2010-08-11"), moment("2010-08-12", "00:00")

    def thanks(at: int) -> Deadline:
        again = Story.after(story.entries).by(SUPERVISOR).because("sealed:typed wrongly")
        again.at = at
        _, it, _ = again.when(correct(again, RefundGranted)).decides(RefundCorrected).deadlines
        return it

    assert thanks(due) == Deadline("thanks", due, due)
    assert thanks(due + 1) == Deadline("thanks", due + 1, day_over)


def test_a_refund_that_covers_what_is_still_to_ship_asks_for_its_shipping() -> None:
    # Ask only where a hold ends → nobody is told to ship what is covered now, as a payment would tell them.
    story = given(customer_registered())
    for command in (place(), capture(amount=5695), ship((1, 1))):
        story.do(command)
    assert "ship_order" not in tasks_of(story)
    granted = story.when(grant((1, 1), deciding=deciding(OWNER.person))).decides(RefundGranted)
    kinds = [deadline.kind for deadline in granted.deadlines]
    assert kinds == ["refund_payout", "supplier_claim", "ship_order"]
    assert {"ship_order", "refund_payout"} <= tasks_of(story)


def test_a_refund_of_an_order_that_was_covered_before_asks_for_no_shipping_again() -> None:
    story = given(customer_registered(), placed(), captured(), shipped((1, 1), goods=3400, charge=4195))
    granted = story.when(grant((1, 1), deciding=deciding(OWNER.person))).decides(RefundGranted)
    assert "ship_order" not in [deadline.kind for deadline in granted.deadlines]
