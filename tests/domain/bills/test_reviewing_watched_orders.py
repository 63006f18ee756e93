"""A watched customer's new order alerts the owner and blocks nothing; payment first is asked aloud. R-B2"""

from typing import Any

import msgspec
import pytest

from domain.authority import RoleTooLow
from domain.bills.bill_events import BillIssued
from domain.bills.billing import NewBill
from domain.bills.owing import OrderOfAnotherCustomer
from domain.bills.reviewing import (
    CustomerNoLongerWatched,
    NothingLeftToReview,
    OrderNotWatched,
    PaymentFirstTooLong,
    PaymentFirstWithoutReason,
    ReviewWatchedOrder,
)
from domain.bills.watch_events import WatchedOrderReviewed
from domain.causes import EffectiveBeforeCause
from domain.command import Command
from domain.corrections.correcting import CorrectEntry
from domain.corrections.correction_events import BillCorrected
from domain.declines.decline_events import OrderReleased, ShipmentReleasedWithoutPayment
from domain.declines.releasing import OwnerWaitsForPayment
from domain.money import Money
from domain.numbers import NumberTaken
from domain.orders.order_events import Deadline, DeadlineKind, OrderPlaced, OverdueBill
from domain.orders.shipping import PaymentAskedFirst, ShipmentNotCovered
from projections.watched_orders import WatchedOrder, WatchedOrders
from tests.domain.bill_examples import OVERDUE, billed_story, pay_bill, review
from tests.domain.decline_examples import ann, customer, fail, release
from tests.domain.examples import (
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_BILL,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_SHIPMENT,
    cancel,
    capture,
    id_of,
    place,
    placed,
    ship,
)
from tests.domain.figures import rows_of
from tests.domain.specification import AGENT, NOON, OWNER, Story, given, moment

THEIR_BILL = NewBill(OTHER_BILL, 2010)
SECOND: dict[str, Any] = {"order": OTHER_ORDER}
OWED = (OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595),)


def watched_story(**asked: Any) -> Story:
    """Somebody who owes 75.95 since 9 September orders again on 20 September, on bill."""
    story = billed_story().on("2010-09-20")
    story.do(place(**SECOND, terms="bill_after", **asked))
    return story.by(OWNER).because("sealed:The third time")


def reviewed(decision: Any = "ship", until: str | None = None, **other: Any) -> WatchedOrderReviewed:
    said: dict[str, Any] = {
        "order": OTHER_ORDER,
        "customer": CUSTOMER,
        "currency": "USD",
        "missing": 0 if until is None else 7595,
    }
    return WatchedOrderReviewed(**{**said, "decision": decision, "until": until, **other})


def send(*parts: tuple[int, int], **other: Any) -> Any:
    return ship(*parts, **{**SECOND, "shipment": OTHER_SHIPMENT, "bill": THEIR_BILL, **other})


def test_the_owner_is_told_at_once() -> None:
    story = billed_story().on("2010-09-20")
    placed = story.when(place(**SECOND)).decides(OrderPlaced)
    alert = Deadline("watched_review", moment("2010-09-20"), moment("2010-09-21", "00:00"))
    assert alert in placed.deadlines
    on_time = billed_story().on("2010-09-09").when(place(**SECOND)).decides(OrderPlaced)
    assert "watched_review" not in [it.kind for it in on_time.deadlines]


def test_who_decided_on_it_is_the_person_at_the_counter_whoevers_key_it_was() -> None:
    story = watched_story()
    story.do(review(**SECOND))
    *before, entry = story.entries

    def decided_by(on_behalf_of: str | None) -> str | None:
        meta = msgspec.structs.replace(entry.meta, on_behalf_of=on_behalf_of)
        rows = rows_of(WatchedOrders(), [*before, msgspec.structs.replace(entry, meta=meta)])
        of = {row.order: row.reviewed_by for row in rows if isinstance(row, WatchedOrder) and not row.bill}
        return of[OTHER_ORDER]

    assert decided_by(None) == OWNER.person
    assert decided_by(id_of("per", 8)) == id_of("per", 8)


def test_nobody_decides_on_an_order_that_is_another_customers() -> None:
    asked = review(**SECOND, customer=OTHER_CUSTOMER)
    watched_story().when(asked).refused(OrderOfAnotherCustomer(OTHER_ORDER, OTHER_CUSTOMER))


def test_nothing_blocks_until_the_owner_says_so() -> None:
    # Let `may_be_billed` ask whether the customer is watched → this fails.
    story = watched_story()
    story.do(send())
    assert story.state(OTHER_ORDER).units_to_ship == 0


def test_the_owner_lets_it_ship() -> None:
    story = watched_story()
    story.when(review(**SECOND)).then(reviewed())
    story.do(send())


def test_payment_first_is_asked_aloud_and_ends_with_the_payment() -> None:
    story = watched_story()
    story.when(review("payment_first", **SECOND)).then(reviewed("payment_first", "2010-09-27"))
    usd = Money(7595, "USD")
    story.when(send()).refused(PaymentAskedFirst(OTHER_ORDER, usd, Money(0, "USD")))
    paid = {"payment": OTHER_PAYMENT, "reference": "ch_2"}
    story.do(capture(**SECOND, **paid, amount=4195))
    story.do(send((1, 1)))
    story.when(send((1, 1), shipment=id_of("shp", 9))).refused(PaymentAskedFirst)
    story.do(capture(**SECOND, payment=id_of("pay", 9), reference="ch_3", amount=3400))
    story.do(send((1, 1), shipment=id_of("shp", 9)))


def test_what_the_owner_wants_paid_first_leaves_on_bill_before_that_and_else_once_it_is_paid() -> None:
    # Let all that is on bill leave whatever money came later → the owner's word counts for nothing as soon as
    # the money is there, and this fails.
    story = watched_story()
    story.on("2010-09-22").do(review("payment_first", **SECOND))
    story.on("2010-09-25").do(capture(**SECOND, payment=OTHER_PAYMENT, reference="ch_2"))
    paid = moment("2010-09-25")
    story.with_now(moment("2010-09-26"))
    for early in (moment("2010-09-22"), paid - 1):
        story.at = early
        story.when(send((1, 1))).refused(EffectiveBeforeCause(early, paid))
    for at, shipment in ((moment("2010-09-22") - 1, OTHER_SHIPMENT), (paid, id_of("shp", 9))):
        story.at = at
        assert story.do(send((1, 1), shipment=shipment))


def test_it_ends_with_the_owners_word_or_the_customers_cancellation() -> None:
    story = watched_story()
    story.do(review("payment_first", **SECOND))
    story.on("2010-09-21").when(review(**SECOND)).then(reviewed())
    story.do(send())
    story = watched_story()
    story.do(review("payment_first", **SECOND))
    story.do(cancel(**SECOND, refund=id_of("ref", 9)))
    assert story.state(OTHER_ORDER).units_to_ship == 0


def test_it_never_ends_by_itself_and_the_owner_is_asked_again() -> None:
    story = watched_story()
    asked = story.when(review("payment_first", **SECOND)).decides(WatchedOrderReviewed)
    again = Deadline("watched_review", moment("2010-09-27", "00:00"), moment("2010-09-28", "00:00"))
    assert asked.deadlines == (again,)
    story.on("2010-12-01").when(send()).refused(PaymentAskedFirst)
    story.when(review("payment_first", **SECOND)).then(reviewed("payment_first", "2010-12-08"))


def test_payment_is_asked_first_only_of_somebody_who_owes_still() -> None:
    # Ask what was frozen when it was ordered alone → somebody who paid up is asked to pay first, this fails.
    story = watched_story()
    story.do(pay_bill(amount=7594))
    story.when(review("payment_first", **SECOND)).decides(WatchedOrderReviewed)
    story.do(pay_bill(payment=OTHER_PAYMENT, credit=id_of("crd", 2), amount=1))
    story.on("2010-09-27")
    story.when(review("payment_first", **SECOND)).refused(CustomerNoLongerWatched(OTHER_ORDER, CUSTOMER))
    # What was asked stays until the owner, the money or the customer ends it.
    story.when(send()).refused(PaymentAskedFirst)
    story.when(review(**SECOND)).then(reviewed())
    story.do(send())


def test_whoever_owes_again_may_be_asked_to_pay_first() -> None:
    story = watched_story()
    story.do(pay_bill())
    story.when(review("payment_first", **SECOND)).refused(CustomerNoLongerWatched)
    story.do(send((1, 1)))  # due on 20 October
    story.on("2010-10-20").when(review("payment_first", **SECOND)).refused(CustomerNoLongerWatched)
    story.on("2010-10-21").when(review("payment_first", **SECOND)).decides(WatchedOrderReviewed)


@pytest.mark.parametrize(("days", "until"), [(1, "2010-09-21"), (7, "2010-09-27"), (8, None)])
def test_for_a_week_at_most(days: int, until: str | None) -> None:
    asked = watched_story().when(review("payment_first", days=days, **SECOND))
    if until is None:
        asked.refused(PaymentFirstTooLong(OTHER_ORDER, days, 7))
    else:
        asked.then(reviewed("payment_first", until))


def test_payment_first_has_a_reason_and_shipping_needs_none() -> None:
    story = watched_story().because(None)
    story.when(review("payment_first", **SECOND)).refused(PaymentFirstWithoutReason(OTHER_ORDER))
    story.when(review(**SECOND)).then(reviewed())


def test_nobody_but_the_owner_reviews() -> None:
    watched_story().by(AGENT).when(review(**SECOND)).refused(RoleTooLow("agent", "owner"))


def test_an_order_of_somebody_who_owes_nothing_is_not_reviewed() -> None:
    story = billed_story().by(OWNER)
    story.when(review()).refused(OrderNotWatched(ORDER))


def test_an_order_that_has_gone_is_not_reviewed() -> None:
    story = watched_story()
    story.do(send())
    story.when(review(**SECOND)).refused(NothingLeftToReview(OTHER_ORDER))


def test_nothing_is_reviewed_before_it_is_ordered() -> None:
    story = watched_story()
    at = story.at
    story.with_now(at).on("2010-09-19")
    story.when(review(**SECOND)).refused(EffectiveBeforeCause(story.at, at))


def test_the_owners_last_word_is_not_replaced_by_an_earlier_one() -> None:
    # Let what was recorded last count → the order that was let go asks for payment first again.
    story = watched_story()
    at = story.on("2010-09-22").at
    story.do(review("ship", **SECOND))
    story.with_now(moment("2010-09-23")).on("2010-09-21")
    story.when(review("payment_first", **SECOND)).refused(EffectiveBeforeCause(story.at, at))
    story.on("2010-09-22").when(review("payment_first", **SECOND)).decides(WatchedOrderReviewed)


@pytest.mark.parametrize(
    "said", [{"decision": "refuse"}, {"days": 1}, {"decision": "payment_first", "days": 0}]
)
def test_a_review_out_of_range_cannot_be_asked(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        review(**said)


# With a declined card


def watched_and_declined(**other: Any) -> Story:
    """Payment was asked first of an order on bill, and then the card was declined."""
    order = placed(**{"terms": "bill_after", "watched_for": OWED, "standing": "existing", **other})
    story = given(ann(), customer(), *OVERDUE, order)
    story.by(OWNER).because("sealed:The third time").do(review("payment_first"))
    story.do(fail())
    return story


def test_the_owners_word_also_ends_the_wait_of_an_order_on_bill() -> None:
    # Leave it on hold → it ships and people are told for ever to reach the customer, this fails.
    story = watched_and_declined()
    assert story.state(ORDER).declines.hold is not None
    released = OrderReleased(order=ORDER, customer=CUSTOMER, because="reviewed")
    story.when(review()).then(reviewed(order=ORDER), released)
    story.do(ship(bill=NEW_BILL))
    assert story.state(ORDER).declines.hold is None


def test_an_order_to_be_paid_before_waits_on_whatever_the_owner_says_of_the_watch() -> None:
    story = given(ann(), customer(), *OVERDUE, placed(watched_for=OWED, standing="existing"))
    story.do(fail())
    story.by(OWNER).do(review())
    assert story.state(ORDER).declines.hold is not None


def test_what_was_to_be_paid_before_anyway_says_no_more_than_that_it_is_not_covered() -> None:
    # Name the owner's word wherever there is one → they are asked to take back what changed nothing.
    story = given(ann(), customer(), *OVERDUE, placed(watched_for=OWED, standing="existing"))
    story.by(OWNER).because("sealed:Owes for long").do(review("payment_first"))
    usd = Money(7595, "USD")
    story.when(ship()).refused(ShipmentNotCovered(ORDER, usd, Money(0, "USD")))


def test_a_bill_in_anothers_place_holds_nothing_up_that_is_to_be_paid_first() -> None:
    # Let any correction decide a hold → people call about a payment to which nothing happened.
    story = watched_story()
    story.do(send((1, 1)))
    story.do(review("payment_first", order=OTHER_ORDER))
    position = next(
        it.position for it in story.entries if isinstance(it.event, BillIssued) and it.stream == OTHER_ORDER
    )
    new = NewBill(id_of("bil", 7), 2010)
    asked = CorrectEntry(
        stream=OTHER_ORDER, customer=CUSTOMER, position=position, owed=id_of("bil", 8), bill=new
    )
    assert [type(event) for event in story.do(asked)] == [BillCorrected, BillIssued, NumberTaken]
    assert story.state(OTHER_ORDER).declines.hold is None
    story.when(send((1, 1), shipment=id_of("shp", 7))).refused(PaymentAskedFirst)


def test_payment_asked_first_after_a_release_counts_until_it_is_released_again() -> None:
    # Let a release count for good → the owner asks for payment first and the goods leave unpaid, this fails.
    story = given(ann(), customer(), *OVERDUE, placed(watched_for=OWED, standing="existing"))
    story.do(fail())
    story.by(OWNER).because("sealed:Owes for long").do(release())
    story.do(review("payment_first"))
    usd = Money(7595, "USD")
    story.when(ship(bill=NEW_BILL)).refused(PaymentAskedFirst(ORDER, usd, Money(0, "USD")))
    # Call it released already → the goods stay and nobody learns why, this fails.
    story.when(release()).refused(OwnerWaitsForPayment(ORDER))
    story.do(fail(payment=OTHER_PAYMENT, reference="ch_51"))
    story.when(release()).decides(ShipmentReleasedWithoutPayment)
    story.do(ship(bill=NEW_BILL))
    assert usd.minor == story.account(ORDER).balance


def test_the_owners_word_lets_go_what_was_released_unpaid_before_payment_was_asked_first() -> None:
    # Ask for terms on bill alone → it may ship and people are told to reach the customer, this fails.
    story = given(ann(), customer(), *OVERDUE, placed(watched_for=OWED, standing="existing"))
    story.do(fail())
    story.by(OWNER).because("sealed:Owes for long").do(release())
    for command in (review("payment_first"), fail(payment=OTHER_PAYMENT, reference="ch_51"), review()):
        story.do(command)
    assert story.state(ORDER).declines.hold is None
    story.do(ship(bill=NEW_BILL))


def test_nothing_leaves_unpaid_as_of_a_day_on_which_payment_was_asked_first() -> None:
    # Look at the owner's last word alone → entered late it is shipped and billed, and this fails.
    story = watched_story()
    story.on("2010-09-22").do(review("payment_first", **SECOND))
    let_go = story.on("2010-09-24").at
    story.do(review("ship", **SECOND))
    story.with_now(moment("2010-09-24", "13:00")).on("2010-09-23")
    story.when(send()).refused(EffectiveBeforeCause(story.at, let_go))
    imported = Story.after(story.entries).from_("import").on("2010-09-23")
    imported.with_now(story.now or story.at).when(send()).decides(BillIssued)  # as told elsewhere
    story.on("2010-09-21").when(send()).decides(BillIssued)


def test_nothing_released_leaves_as_of_a_day_on_which_payment_was_asked_first() -> None:
    story = given(ann(), customer(), *OVERDUE, placed(watched_for=OWED, standing="existing"))
    story.do(fail())
    released = story.at
    story.by(OWNER).because("sealed:Owes for long").do(release())
    story.on("2010-08-12").do(review("payment_first"))
    let_go = story.on("2010-08-14").at
    story.do(review())
    story.with_now(moment("2010-08-14", "13:00")).on("2010-08-13")
    story.when(ship(bill=NEW_BILL)).refused(EffectiveBeforeCause(story.at, let_go))
    story.at = released
    story.when(ship(bill=NEW_BILL)).decides(BillIssued)


def test_payment_is_not_asked_first_before_what_left_unpaid() -> None:
    # Ask for the order alone → as of that day payment is asked first and goods leave unpaid: this fails.
    story = watched_story()
    left = story.on("2010-09-22").at
    story.do(send((1, 1)))
    story.with_now(moment("2010-09-23")).on("2010-09-21")
    story.when(review("payment_first", **SECOND)).refused(EffectiveBeforeCause(story.at, left))
    story.when(review("ship", **SECOND)).decides(WatchedOrderReviewed)
    story.on("2010-09-22").when(review("payment_first", **SECOND)).decides(WatchedOrderReviewed)


LIVE = (Deadline("thanks", NOON, NOON),)
"""Of an order that is no history: it started deadlines."""


def deadlines_started(story: Story, command: ReviewWatchedOrder) -> list[DeadlineKind]:
    """What the owner's word asks for, whichever event says so."""
    events: tuple[Any, ...] = story.do(command)
    return [each.kind for event in events for each in event.deadlines]


@pytest.mark.parametrize(
    ("before", "starts"),
    [
        ((), False),
        ((review("payment_first", **SECOND),), True),
        ((review("payment_first", **SECOND), capture(**SECOND, payment=OTHER_PAYMENT, amount=7594)), True),
        ((review("payment_first", **SECOND), capture(**SECOND, payment=OTHER_PAYMENT)), False),
    ],
    ids=["never asked first", "asked first", "a cent missing", "paid since"],
)
def test_what_was_to_be_paid_first_is_to_be_shipped_on_bill_once_the_owner_lets_it(
    before: tuple[Command, ...], starts: bool
) -> None:
    # Start nothing → what may leave on bill again is nobody's task, this fails.
    story = watched_story()
    for command in before:
        story.do(command)
    kinds = deadlines_started(story.on("2010-09-21"), review(**SECOND))
    assert kinds == ["ship_order"] * starts


def test_what_waits_for_its_first_payment_is_not_to_be_shipped_on_the_owners_word() -> None:
    waits = placed(watched_for=OWED, standing="existing", deadlines=LIVE)
    story = given(ann(), customer(), *OVERDUE, waits)
    story.by(OWNER).because("sealed:Owes for long").do(review("payment_first"))
    assert deadlines_started(story.on("2010-08-11"), review()) == []


def test_what_waits_after_a_decline_too_is_to_be_shipped_once_and_not_twice() -> None:
    story = watched_and_declined(deadlines=LIVE)
    assert story.state(ORDER).asks_payment_first
    assert deadlines_started(story, review()) == ["ship_order"]
