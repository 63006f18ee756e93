"""Correcting a shipment with its bill, or a bill alone: what was charged is taken back.

Source: H-correct, I7, R-B1
"""

from typing import Any

import pytest

from domain.bills.bill_events import (
    BillIssued,
    BillMarkedUncollectible,
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
)
from domain.bills.billing import NewBill
from domain.bills.owing import BillVoid
from domain.bills.promise_events import PromiseBroken
from domain.bills.watching import is_watched
from domain.corrections.correcting import EntryNotCorrectable
from domain.corrections.correcting_bills import BillStands
from domain.corrections.correcting_shipments import (
    ChargeGivenUp,
    ShipmentArrived,
    ShipmentRefunded,
    UnitsPricedSince,
)
from domain.corrections.correction_events import BillCorrected, PaymentCorrected, ShipmentCorrected
from domain.customers.standing import standing
from domain.decision import Claim
from domain.decisions import decide
from domain.orders.delivering import ShipmentTakenBack
from domain.orders.order_events import OrderLine, OrderShipped, Part
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundedPart, RefundGranted
from domain.ticking import Tick
from tests.domain.bill_examples import (
    ILL,
    PROMISE,
    billed_story,
    call,
    promise,
    remind,
    write_off,
    written_off,
)
from tests.domain.correction_examples import OWED, by_supervisor, correct, order, receive
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_BILL,
    OTHER_SHIPMENT,
    SHIPMENT,
    billed,
    capture,
    captured,
    deliver,
    delivered,
    guaranteed,
    id_of,
    number_taken,
    place,
    placed,
    refund_granted,
    ship,
    shipped,
    usd,
)
from tests.domain.specification import OWNER, SUPERVISOR, moment

SECOND: dict[str, Any] = {
    "shipment": OTHER_SHIPMENT,
    "goods": 3400,
    "shipping": 0,
    "charge": 3400,
    "carries_fee": False,
}
"""The second dress leaves, without the fee."""


def shipment_corrected(**other: Any) -> ShipmentCorrected:
    """The shipment of both dresses is corrected."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "shipment": SHIPMENT,
        "corrects": 6,
        "parts": (Part(1, 2),),
        "currency": "USD",
        "goods": 6800,
        "tax": 0,
        "shipping": 795,
        "shipping_tax": 0,
        "shipping_credit": 0,
        "charge": 7595,
        "carries_fee": True,
        "fee_dropped": 0,
        "bill": None,
        "billed": 0,
        "uncollectible": 0,
        "cleared": (),
        "to_ship": 2,
        "not_cancelled": 2,
    }
    return ShipmentCorrected(**{**said, **other})


def test_goods_that_never_left_are_charged_no_more_and_may_ship_with_the_fee() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    story.when(correct(story, OrderShipped)).then(shipment_corrected())
    assert story.account(ORDER).balance == -7595
    assert order(story).purse().deposit == 7595 == order(story).price_to_ship()
    again = story.when(ship(shipment=OTHER_SHIPMENT)).decides(OrderShipped)
    assert (again.charge, again.carries_fee) == (7595, True)


def test_its_bill_is_void_with_it() -> None:
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed())
    story.when(correct(story, OrderShipped)).then(shipment_corrected(corrects=5, bill=BILL, billed=7595))
    assert order(story).open_bills() == 0 == story.account(ORDER).balance
    story.when(receive(1)).refused(BillVoid(ORDER, BILL))
    story.when(ship(shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010))).decides(BillIssued)


def test_what_was_recorded_about_a_void_bill_is_still_a_retry() -> None:
    # Ask whether the bill is void before looking for a retry → this fails.
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed())
    story.do(receive(1))
    story.do(remind())
    story.do(correct(story, BillPaymentReceived))
    story.do(correct(story, OrderShipped))
    story.when(receive(1)).nothing()
    story.when(remind()).nothing()
    story.when(remind(channel="phone")).refused(BillVoid(ORDER, BILL))


@pytest.mark.parametrize("settled", ["paid", "cleared", "written off"])
def test_a_bill_settled_even_in_part_keeps_the_shipment(settled: str) -> None:
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed())
    match settled:
        case "paid":
            story.do(receive(1))
            amount = 1
        case "cleared":
            story.record(
                refund_granted(
                    basis="price_paid", credit_amount=795, shipping=795, cleared=(BillShare(BILL, 795),)
                )
            )
            amount = 795
        case _:
            story.record(written_off())
            amount = 7595
    story.when(correct(story, OrderShipped)).refused(BillStands(BILL, usd(amount)))
    story.when(correct(story, BillIssued, bill=NewBill(OTHER_BILL, 2010))).refused(
        BillStands(BILL, usd(amount))
    )


def test_with_the_payment_of_the_bill_corrected_first_it_may_be() -> None:
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed())
    before = order(story).account
    story.do(receive(7595))
    story.do(correct(story, BillPaymentReceived))
    assert order(story).account == before
    story.when(correct(story, OrderShipped)).decides(ShipmentCorrected)
    assert order(story).account == type(before)()


def test_money_that_did_come_for_the_bill_is_recorded_again_as_a_payment_of_the_order() -> None:
    # Find a corrected payment under its reference → this and the next fail.
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed())
    story.do(receive(500, method="acme", reference="ch_1"))
    story.when(correct(story, OrderShipped)).refused(BillStands(BILL, usd(500)))
    story.do(correct(story, BillPaymentReceived))
    story.do(correct(story, OrderShipped))
    story.do(capture(payment=id_of("pay", 2), amount=500))
    assert (story.account(ORDER).balance, order(story).purse().deposit) == (-500, 500)
    again = story.when(ship(shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))
    assert again.decides(BillIssued).amount == 7595 - 500


def test_money_that_did_come_for_the_bill_is_recorded_again_as_a_payment_of_the_new_one() -> None:
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed())
    said: dict[str, Any] = {"method": "acme", "reference": "ch_1"}
    story.do(receive(500, **said))
    story.do(correct(story, BillPaymentReceived))
    story.do(correct(story, BillIssued, bill=NewBill(OTHER_BILL, 2010)))
    story.do(receive(500, **said, bill=OTHER_BILL, payment=id_of("pay", 2)))
    assert (order(story).bills[OTHER_BILL].open, story.account(ORDER).balance) == (7095, 7095)


def test_what_had_been_given_up_of_the_bill_is_not_any_more() -> None:
    marked = BillMarkedUncollectible(order=ORDER, customer=CUSTOMER, bill=BILL, currency="USD", amount=7595)
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed(), marked)
    assert story.when(correct(story, OrderShipped)).decides(ShipmentCorrected).uncollectible == 7595
    assert order(story).bills[BILL].uncollectible == 0


def test_goods_that_arrived_did_leave() -> None:
    story = by_supervisor(placed(), captured(), shipped(), delivered((1, 1)), guaranteed((1, 1)))
    story.when(correct(story, OrderShipped)).refused(ShipmentArrived(SHIPMENT))


def test_a_refunded_unit_keeps_its_shipment_until_the_refund_is_corrected() -> None:
    part = RefundedPart(line=1, quantity=1, shipment=SHIPMENT, goods=3400, tax=0)
    granted = refund_granted(basis="price_paid", granted=3400, credit_amount=3400, goods=3400, parts=(part,))
    story = by_supervisor(placed(), captured(), shipped(), granted)
    story.when(correct(story, OrderShipped)).refused(ShipmentRefunded(SHIPMENT))
    story.do(correct(story, RefundGranted))
    story.when(correct(story, OrderShipped)).decides(ShipmentCorrected)
    assert order(story).lines[0].refunded == 0


def test_a_returned_fee_keeps_the_shipment_that_carried_it() -> None:
    one = shipped((1, 1), **ONE_DRESS_WITH_FEE)
    part = RefundedPart(line=1, quantity=1, shipment=OTHER_SHIPMENT, goods=3400, tax=0)
    charges: dict[str, Any] = {"basis": "original_charges", "goods": 3400, "shipping": 795}
    granted = refund_granted(**charges, granted=4195, credit_amount=4195, returns_fee=True, parts=(part,))
    story = by_supervisor(placed(), captured(), one, shipped((1, 1), **SECOND), granted)
    story.when(correct(story, OrderShipped)).refused(ShipmentRefunded(SHIPMENT))


def test_units_left_still_cost_what_they_were_charged() -> None:
    # Ask no price → a line of three at 1.00 comes to 0.99 or 1.01 in the end, this fails.
    line = OrderLine(1, "SOCK", "A sock", 3, 0, 0, 100)
    story = by_supervisor(placed(lines=(line,), shipping=0, total=100, terms="bill_after"))
    for number in (1, 2, 3):
        bill = NewBill(id_of("bil", number), 2010)
        story.do(ship((1, 1), shipment=id_of("shp", number), bill=bill))
    charges = [shipment.shipped.charge for shipment in order(story).shipments.values()]
    assert charges == [33, 34, 33]
    story.when(correct(story, OrderShipped, 2)).refused(UnitsPricedSince(id_of("shp", 2), 1))
    story.do(correct(story, OrderShipped, 1))
    story.do(correct(story, OrderShipped, 2))
    story.do(correct(story, OrderShipped, 3))
    assert story.account(ORDER).charged == 0
    assert order(story).price_to_ship() == 100


def test_a_charge_whose_money_was_taken_back_clears_what_was_owed_for_it() -> None:
    # Clear nothing → the customer would owe 75.95 and have 75.95 to ship on, though nothing came; this fails.
    story = by_supervisor(placed(), captured(), shipped())
    before = by_supervisor(placed())
    story.do(correct(story, PaymentCaptured))
    corrected = story.when(correct(story, OrderShipped)).decides(ShipmentCorrected)
    assert corrected.cleared == (BillShare(OWED, 7595),)
    assert order(story).account == order(before).account
    assert order(story).purse() == order(before).purse()
    assert order(story).open_bills() == 0


def test_a_charge_let_off_since_is_not_given_a_second_time() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    story.do(correct(story, PaymentCaptured))
    story.record(written_off(bill=OWED))
    story.when(correct(story, OrderShipped)).refused(ChargeGivenUp(ORDER, usd(7595)))


def test_what_is_owed_for_another_shipment_stays_owed() -> None:
    story = by_supervisor(
        placed(), captured(), shipped((1, 1), **ONE_DRESS_WITH_FEE), shipped((1, 1), **SECOND)
    )
    story.do(correct(story, PaymentCaptured))
    assert story.when(correct(story, OrderShipped, 2)).decides(ShipmentCorrected).cleared == (
        BillShare(OWED, 3400),
    )
    assert (story.account(ORDER).balance, order(story).open_bills()) == (4195, 4195)


def test_a_corrected_shipment_neither_arrives_nor_is_told_of() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    story.do(correct(story, OrderShipped))
    story.when(deliver()).refused(ShipmentTakenBack(ORDER, SHIPMENT))


def test_shipping_is_due_again_where_what_is_to_ship_is_covered() -> None:
    story = by_supervisor()
    story.do(place())
    story.do(capture())
    story.do(ship())
    covered = story.when(correct(story, OrderShipped)).decides(ShipmentCorrected)
    assert [deadline.kind for deadline in covered.deadlines] == ["ship_order"]


def test_shipping_is_not_due_where_the_money_is_gone_too() -> None:
    story = by_supervisor()
    story.do(place())
    story.do(capture())
    story.do(ship())
    story.do(correct(story, PaymentCaptured))
    assert story.when(correct(story, OrderShipped)).decides(ShipmentCorrected).deadlines == ()


def test_a_customer_nothing_shipped_to_is_no_existing_one() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    assert standing(story.facts(CUSTOMER, story.at)).kind == "existing"
    story.do(correct(story, OrderShipped))
    assert standing(story.facts(CUSTOMER, story.at)).kind == "new"


def test_a_bill_alone_is_replaced_by_another_of_the_same_amount() -> None:
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed(), number_taken()).on("2010-08-20")
    command = correct(story, BillIssued, bill=NewBill(OTHER_BILL, 2010))
    assert decide(command, story.given(command)).claims == (Claim("bill", OTHER_BILL, ORDER),)
    story.when(command).then(
        BillCorrected(
            order=ORDER,
            customer=CUSTOMER,
            bill=BILL,
            corrects=6,
            replaced_by=OTHER_BILL,
            currency="USD",
            amount=7595,
            uncollectible=0,
        ),
        billed(bill=OTHER_BILL, number=2, replaces=BILL),
        number_taken(number=2, subject=OTHER_BILL),
    )
    assert order(story).open_bills() == 7595 == story.account(ORDER).balance


def test_correcting_a_bill_neither_ends_the_watch_nor_forgets_what_was_said_about_it() -> None:
    # Let the new bill fall due a month from now → this fails.
    story = billed_story().on("2010-11-10")
    story.do(call(**ILL))
    story.do(promise("2010-12-31"))
    story.on("2010-12-20").by(SUPERVISOR).because("sealed:Wrong address")
    story.do(correct(story, BillIssued, bill=NewBill(OTHER_BILL, 2010)))
    assert is_watched(story.facts(CUSTOMER, story.at), "2010-12-20")
    old, new = order(story).bills.values()
    assert (new.due_on, new.overdue_at, new.overdue_since) == (old.due_on, old.overdue_at, old.overdue_since)
    assert new.overdue_since == moment("2010-09-10", "00:00")
    assert (old.promised, new.promised) == (None, new.promises[PROMISE])
    story.on("2011-01-01").with_now(story.at).from_("tick")
    story.do(Tick(stream=ORDER))
    (broken,) = [entry.event for entry in story.entries if isinstance(entry.event, PromiseBroken)]
    assert (broken.promise, broken.subject) == (PROMISE, OTHER_BILL)
    story.by(OWNER)
    assert story.when(write_off(bill=OTHER_BILL)).decides(BillWrittenOff).good_reason == "illness"


def test_the_shipment_of_a_replaced_bill_is_corrected_with_the_new_one() -> None:
    story = by_supervisor(placed(terms="bill_after"), shipped(), billed(), number_taken())
    story.do(correct(story, BillIssued, bill=NewBill(OTHER_BILL, 2010)))
    assert story.when(correct(story, OrderShipped)).decides(ShipmentCorrected).bill == OTHER_BILL
    assert order(story).open_bills() == 0 == story.account(ORDER).balance


def test_what_is_owed_without_a_number_is_no_bill_to_replace() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    story.do(correct(story, PaymentCaptured))
    story.when(correct(story, PaymentCorrected)).refused(EntryNotCorrectable(7))


def test_a_shipment_that_charged_nothing_is_corrected_like_any_other() -> None:
    gift = OrderLine(1, "SOCK", "A sock", 1, 0, 0, 0)
    story = by_supervisor(placed(lines=(gift,), shipping=0, total=0))
    story.do(ship((1, 1)))
    story.do(correct(story, OrderShipped))
    # Whoever has such an order is still asked about: what is known of them is folded from its entries.
    assert standing(story.facts(CUSTOMER, story.at)).kind == "new"
