"""An order that loses what covered it waits where everybody can see it: nothing that was ordered is blocked
silently.

Source: R-B2, R-D1, R-D2, R-D3
"""

from typing import Any

from msgspec.structs import replace

from domain.bills.billing import NewBill
from domain.command import Command
from domain.corrections.correction_events import PaymentCorrected, RefundCorrected, ShipmentCorrected
from domain.customers.registering import StorePaymentMethod
from domain.declines.decline_events import (
    HoldBegunBy,
    OrderPlacedOnHold,
    OrderReleased,
    ShipmentReleasedWithoutPayment,
)
from domain.declines.not_delivering import EffortTooFew, NothingDeclined
from domain.orders.order_events import OrderShipped
from domain.orders.shipping import ShipmentOnHold
from domain.payments.payment_events import PaymentCaptured, PaymentReinstated, PaymentReversed
from domain.refunds.refund_events import RefundGranted
from projections.declined_payments import DeclinedPayment, DeclinedPayments
from projections.tasks import Task, Tasks
from tests.domain.bill_examples import reinstate, reverse, review
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import (
    BY_EMAIL,
    BY_PHONE,
    ann,
    charge,
    customer,
    declined,
    fail,
    give_up,
    held,
    held_again,
    phone,
    reach,
    release,
    search,
)
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_SHIPMENT,
    cancel,
    cancelled,
    capture,
    captured,
    id_of,
    place,
    placed,
    register,
    ship,
)
from tests.domain.figures import rows_of
from tests.domain.refund_examples import come_back, deciding, grant, settle
from tests.domain.specification import OWNER, SUPERVISOR, Story, given, moment

EXISTING: dict[str, Any] = {"standing": "existing", "standing_rests_on": OTHER_ORDER}


def paid_after_a_decline(**order: Any) -> Story:
    """Declined, held, and paid after all."""
    story = given(ann(), customer(), placed(**order)).by(OWNER).because("sealed:A mistake")
    story.do(fail())
    story.do(capture())
    assert story.state(ORDER).declines.hold is None
    return story.on("2010-08-11")


def bought(*before: Command, **order: Any) -> Story:
    """An order placed as a merchant would, with its deadlines."""
    story = Story().by(OWNER).because("sealed:A mistake")
    for command in (register(), *before, place(**order)):
        story.do(command)
    return story


def paid() -> Story:
    story = bought()
    story.do(capture())
    return story


def watched_and_declined() -> Story:
    """Payment was asked first of an order on bill, and then the card was declined."""
    story = bought(order=OTHER_ORDER, terms="bill_after")
    story.do(ship(order=OTHER_ORDER, shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))
    story.on("2010-09-20")
    for command in (place(terms="bill_after"), review("payment_first"), fail()):
        story.do(command)
    assert "ship_order" not in tasks_of(story)
    return story


def store_card() -> StorePaymentMethod:
    said = {"token": "tok_visa", "brand": "visa", "last4": "4242", "expiry": "2012-02"}
    return StorePaymentMethod(customer=CUSTOMER, payment_method=CARD, reuse_consent=True, **said)


def tasks_of(story: Story) -> set[str]:
    found = [row for row in rows_of(Tasks(), story.entries) if isinstance(row, Task)]
    return {row.kind for row in found if row.due is not None and row.stream == ORDER}


def row_of(story: Story) -> DeclinedPayment:
    (row,) = rows_of(DeclinedPayments(), story.entries)
    assert isinstance(row, DeclinedPayment)
    return row


def lost(because: HoldBegunBy) -> OrderPlacedOnHold:
    return held_again(because, held_on="2010-08-11", on_file=(BY_EMAIL, BY_PHONE))


def test_an_order_whose_payment_never_came_waits_again() -> None:
    # Let corrections decide no hold → nobody can let it ship, and this fails.
    story = paid_after_a_decline()
    it = story.when(correct(story, PaymentCaptured)).decides(OrderPlacedOnHold)
    assert (it.because, it.resumes) == ("declined", story.state(ORDER).declines.holds[0].position)
    story.when(ship()).refused(ShipmentOnHold)
    assert {"reach_customer", "decide_release"} <= tasks_of(story)
    assert "ship_order" not in tasks_of(story)
    row = row_of(story)
    assert (row.hold_since, row.held_because, row.result) == (moment("2010-08-10"), "declined", None)
    story.when(release()).decides(ShipmentReleasedWithoutPayment)
    story.do(ship(bill=NEW_BILL))


def test_an_order_whose_payment_was_taken_back_waits_again() -> None:
    # Let reversals decide no hold → nobody can let it ship, and this fails.
    kinds: tuple[tuple[str, HoldBegunBy], ...] = (("chargeback", "charged_back"), ("bounced", "bounced"))
    for kind, because in kinds:
        story = paid_after_a_decline()
        it = story.when(reverse(kind=kind)).decides(OrderPlacedOnHold)
        assert it == replace(lost(because), deadlines=it.deadlines)
        story.when(release()).decides(ShipmentReleasedWithoutPayment)


def test_an_order_that_never_waited_waits_too_once_its_money_is_gone() -> None:
    story = given(customer(), placed(), captured()).because("sealed:A mistake").on("2010-08-11")
    story.when(reverse(kind="bounced")).decides(OrderPlacedOnHold)
    row = row_of(story)
    assert (row.currency, row.missing, row.attempts, row.declined_at) == ("USD", 7595, 0, None)
    assert story.state(ORDER).declines.hold is not None


def test_a_part_of_the_money_is_enough_to_wait_for_and_what_is_still_covered_does_not_wait() -> None:
    story = given(customer(), placed(), captured())
    assert story.when(reverse(amount=1)).decides(OrderPlacedOnHold).missing == 1
    enough = given(customer(), placed(), captured(), cancelled((1, 1)))
    events = enough.do(reverse(amount=3400))
    assert [type(event) for event in events] == [PaymentReversed]
    events = enough.do(reverse(amount=1, reversal=id_of("rev", 2)))
    assert [type(event) for event in events] == [PaymentReversed, OrderPlacedOnHold]


def test_what_has_shipped_or_may_be_billed_waits_for_nothing() -> None:
    gone = given(customer(), placed(), captured())
    gone.do(ship())
    assert [type(event) for event in gone.do(reverse())] == [PaymentReversed]
    on_bill = given(customer(), placed(terms="bill_after"), captured())
    assert [type(event) for event in on_bill.do(reverse())] == [PaymentReversed]
    let_go = given(customer(), placed()).by(OWNER).because("sealed:They always paid")
    for command in (fail(), release(), capture()):
        let_go.do(command)
    assert [type(event) for event in let_go.do(reverse())] == [PaymentReversed]
    let_go.do(ship(bill=NEW_BILL))


def test_an_order_that_waits_already_goes_on_waiting_as_before() -> None:
    story = given(customer(), placed(), captured(amount=1000), declined(), held(missing=6595))
    assert [type(event) for event in story.do(reverse(amount=1000))] == [PaymentReversed]


def test_goods_that_never_left_wait_where_their_payment_never_came() -> None:
    # Let a corrected shipment decide no hold → this fails.
    story = given(customer(), placed(), captured()).by(SUPERVISOR).because("sealed:A mistake")
    story.do(ship())
    assert [type(event) for event in story.do(correct(story, PaymentCaptured))] == [PaymentCorrected]
    events = story.do(correct(story, OrderShipped))
    assert [type(event) for event in events] == [ShipmentCorrected, OrderPlacedOnHold]


def test_units_that_were_not_cancelled_after_all_wait_where_money_is_missing() -> None:
    # Let a corrected refund decide no hold → this fails.
    story = given(customer(), placed(), captured(amount=5000)).by(SUPERVISOR).because("sealed:A mistake")
    story.do(fail(amount=2595))
    story.do(cancel())
    assert story.state(ORDER).declines.hold is None
    events = story.do(correct(story, RefundGranted))
    assert [type(event) for event in events] == [RefundCorrected, OrderPlacedOnHold]
    assert story.state(ORDER).declines.hold.placed.missing == 2595


def test_money_that_comes_again_ends_the_wait_and_the_goods_are_to_be_shipped() -> None:
    # Give a reinstatement no deadline → nobody is told to ship, and this fails.
    story = Story()
    for command in (register(), place(), capture()):
        story.do(command)
    assert "ship_order" in tasks_of(story)
    story.do(reverse())
    assert "ship_order" not in tasks_of(story)
    events = story.do(reinstate())
    assert [type(event) for event in events] == [PaymentReinstated, OrderReleased]
    assert "ship_order" in tasks_of(story)


def test_only_what_a_bank_declined_ships_by_rule_never_what_was_taken_back_or_never_came() -> None:
    # Give every hold its release by rule → what bounced ships unpaid by itself, and this fails.
    for kind in ("bounced", "chargeback", "declined", "corrected"):
        story = paid_after_a_decline(**EXISTING)
        if kind == "corrected":
            # Of a payment that had ended no hold: where it had, that goes on (`test_resuming_holds`).
            story = given(ann(), customer(), placed(**EXISTING)).by(OWNER).because("sealed:A mistake")
            story.on("2010-08-11").do(capture())
            story.do(correct(story, PaymentCaptured))
        else:
            story.do(reverse(kind="bounced" if kind == "declined" else kind))
        if kind == "declined":
            story = given(ann(), customer(), placed(**EXISTING)).on("2010-08-11")
            story.do(fail())
        story.do(search())
        story.do(reach())
        story.on("2010-08-15", "00:00")
        story.do(phone())
        assert (story.state(ORDER).declines.hold is None) is (kind == "declined")


def test_after_a_decline_of_fraud_type_a_lost_payment_is_a_persons_decision_too() -> None:
    story = given(customer(), placed(**EXISTING)).because("sealed:A mistake").by(OWNER)
    story.do(fail(decline_code="stolen_card"))
    story.do(capture())
    it = story.when(correct(story, PaymentCaptured)).decides(OrderPlacedOnHold)
    assert it.kind == "fraud"
    assert story.state(ORDER).declines.hold.due("release_unpaid") is None


def test_nobody_goes_without_the_goods_whose_card_was_never_declined() -> None:
    # Ask only for the effort → a new customer loses what they ordered over our own correction, this fails.
    story = given(ann(), customer(), placed(), captured()).by(OWNER).because("sealed:A mistake")
    story.do(correct(story, PaymentCaptured))
    for number in range(5):
        story.on(f"2010-08-{11 + number}").do(reach() if number else phone())
    story.on("2010-08-24").when(give_up()).refused(NothingDeclined(ORDER))


def test_nobody_goes_without_the_goods_for_a_decline_that_was_paid_after_all() -> None:
    # Look at the declines of all time → a new customer loses what they ordered over a bounced transfer.
    story = paid_after_a_decline()
    story.do(reverse(kind="bounced"))
    for number in range(5):
        story.on(f"2010-08-{11 + number}").do(reach() if number else phone())
    story.on("2010-08-24").when(give_up()).refused(NothingDeclined(ORDER))
    story.on("2010-08-25").do(fail(payment=OTHER_PAYMENT, reference="ch_51"))
    story.when(give_up()).refused(EffortTooFew(ORDER, 0, 5))


def test_the_owners_word_after_a_decline_asks_somebody_to_ship() -> None:
    # Let the release carry no deadline → nobody is told to ship any of these, and they fail.
    story = watched_and_declined()
    story.do(review())
    assert "ship_order" in tasks_of(story)


def test_an_order_on_bill_that_is_paid_after_a_decline_is_to_be_shipped() -> None:
    story = watched_and_declined()
    story.do(capture())
    assert "ship_order" in tasks_of(story)


def test_what_comes_back_from_the_bank_and_covers_the_rest_asks_somebody_to_ship() -> None:
    story = paid()
    for command in (cancel((1, 1)), settle(), reverse(amount=1000)):
        story.do(command)
    assert "ship_order" not in tasks_of(story)
    assert OrderReleased in [type(event) for event in story.do(come_back())]
    assert "ship_order" in tasks_of(story)


def test_a_refund_that_frees_money_for_the_rest_asks_somebody_to_ship() -> None:
    story = paid()
    story.do(ship((1, 1)))
    story.do(reverse(amount=3400))
    assert "ship_order" not in tasks_of(story)
    asked = grant((1, 1), deciding=deciding(OWNER.person), refund=id_of("ref", 2))
    assert OrderReleased in [type(event) for event in story.do(asked)]
    assert "ship_order" in tasks_of(story)


def test_an_order_of_which_nothing_is_left_asks_nobody_to_ship() -> None:
    story = paid()
    story.do(reverse(amount=1000))
    (released,) = [event for event in story.do(cancel()) if isinstance(event, OrderReleased)]
    assert released.deadlines == ()


def test_one_entry_alone_asks_to_ship_what_is_covered() -> None:
    # Let the payment ask too → the same is asked twice, and this fails.
    story = bought()
    story.do(fail())
    payment, released = story.do(capture())
    assert isinstance(payment, PaymentCaptured)
    assert isinstance(released, OrderReleased)
    assert (len(payment.deadlines), len(released.deadlines)) == (0, 1)


def test_what_was_released_unpaid_and_never_left_is_to_be_shipped_again() -> None:
    # Ask for terms on bill alone → nobody is told to ship it again, and this fails.
    story = bought()
    for command in (fail(), release(), ship(bill=NEW_BILL)):
        story.do(command)
    assert "ship_order" not in tasks_of(story)
    story.do(correct(story, OrderShipped))
    assert "ship_order" in tasks_of(story)


def test_what_was_released_unpaid_and_not_cancelled_after_all_is_to_be_shipped() -> None:
    story = bought()
    for command in (capture(amount=5000), fail(amount=2595), release(), cancel()):
        story.do(command)
    story.do(correct(story, RefundGranted))
    assert "ship_order" in tasks_of(story)


def test_a_bank_that_lets_less_through_than_it_was_asked_for_leaves_an_order_that_waits() -> None:
    # Let captures begin no hold → nobody asks for the rest, and this fails.
    story = bought(store_card())
    story.do(charge())
    short = capture(payment=id_of("pay", 51), payment_method=CARD, customer=CUSTOMER, amount=3000)
    _, held = story.do(short)
    assert isinstance(held, OrderPlacedOnHold)
    assert (held.because, held.payment, held.missing) == ("paid_short", id_of("pay", 51), 4595)
    assert {"reach_customer", "decide_release"} <= tasks_of(story)
    story.when(short).nothing()


def test_where_a_bank_lets_less_through_of_somebody_who_owes_the_hold_says_that_they_are_watched() -> None:
    # Leave the customer's facts out of a capture → the rule lets it go, and this fails.
    story = bought(order=OTHER_ORDER, terms="bill_after")
    story.do(ship(order=OTHER_ORDER, shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))
    story.on("2010-09-20")
    for command in (store_card(), place(), charge()):
        story.do(command)
    short = capture(payment=id_of("pay", 51), payment_method=CARD, customer=CUSTOMER, amount=3000)
    assert story.when(short).decides(OrderPlacedOnHold).is_watched


def test_where_the_money_of_somebody_who_owes_is_taken_back_the_hold_says_that_they_are_watched() -> None:
    story = bought(order=OTHER_ORDER, terms="bill_after")
    story.do(ship(order=OTHER_ORDER, shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))
    story.on("2010-09-20")
    for command in (place(), capture()):
        story.do(command)
    assert story.when(reverse()).decides(OrderPlacedOnHold).is_watched


def test_a_bank_that_lets_all_through_that_it_was_asked_for_leaves_no_order_waiting() -> None:
    part = {"amount": 3000, "currency": "USD"}
    for terms, asked, amount in (("card", {}, 7595), ("card", part, 3000), ("bill_after", {}, 3000)):
        story = bought(store_card(), terms=terms)
        story.do(charge(**asked))
        paid_with: dict[str, Any] = {"payment_method": CARD, "customer": CUSTOMER, "amount": amount}
        assert len(story.do(capture(payment=id_of("pay", 51), **paid_with))) == 1
