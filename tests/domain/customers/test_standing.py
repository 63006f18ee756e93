"""Who is new and who is existing, by all that a customer's orders say. Source: R-D5, R-B6"""

from typing import Any

from domain.bills.bill_events import BillIssued, BillPaymentReceived, BillShare
from domain.bills.billing import NewBill
from domain.bills.watching import is_watched
from domain.corrections.correction_events import PaymentCorrected, ShipmentCorrected
from domain.customers.standing import standing
from domain.entry import Event
from domain.orders.order_events import OrderShipped, Part
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted
from tests.domain.bill_examples import bill_paid, pay_bill, write_off_reversed, written_off
from tests.domain.correction_examples import OWED, by_supervisor, correct
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    NEW_BILL,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_SHIPMENT,
    billed,
    capture,
    captured,
    id_of,
    number_taken,
    placed,
    refund_granted,
    ship,
    shipped,
)
from tests.domain.refund_examples import deciding, grant
from tests.domain.specification import SUPERVISOR, Story

ON_BILL = (placed(terms="bill_after"), shipped(), billed(), number_taken())
LATER = "2011-08-10"


def after(*events: Event) -> Story:
    """What a supervisor sees once these events are recorded."""
    return by_supervisor(*events)


def of(story: Story) -> tuple[str, str | None, bool]:
    """New or existing, the order that rests on, and whether they are watched a year later."""
    facts = story.facts(CUSTOMER, story.at)
    found = standing(facts)
    return found.kind, found.rests_on, is_watched(facts, LATER)


NEW, OWING = ("new", None, False), ("new", None, True)


def existing(order: str = placed().order) -> tuple[str, str, bool]:
    return "existing", order, False


def test_goods_that_shipped_and_were_paid_make_an_existing_customer() -> None:
    assert of(after(placed(), captured())) == NEW
    assert of(after(placed(), captured(), shipped())) == existing()
    assert of(after(*ON_BILL)) == OWING
    assert of(after(*ON_BILL, bill_paid(7594))) == OWING
    assert of(after(*ON_BILL, bill_paid())) == existing()


def test_goods_for_nothing_are_no_proof_that_somebody_pays() -> None:
    assert of(after(placed(), shipped(goods=0, shipping=0, charge=0))) == NEW
    assert of(after(placed(), shipped(goods=1, shipping=0, charge=1))) == existing()


def cleared_by_refund(**other: Any) -> RefundGranted:
    return refund_granted(basis="price_paid", credit_amount=7595, **other)


def test_what_only_a_refund_cleared_was_not_paid() -> None:
    assert of(after(*ON_BILL, cleared_by_refund(cleared=(BillShare(BILL, 7595),)))) == NEW


def test_who_was_let_off_stays_existing_whatever_a_refund_clears_of_it() -> None:
    off = (*ON_BILL, written_off())
    assert of(after(*off)) == existing()
    reopened = write_off_reversed(7595, because="refund")
    granted = cleared_by_refund(write_offs_cleared=(BillShare(BILL, 7595),))
    assert of(after(*off, reopened, granted)) == existing()


def test_a_write_off_taken_back_for_a_payment_is_owed_until_it_is_paid() -> None:
    reopened = (*ON_BILL, written_off(), write_off_reversed(7595))
    assert of(after(*reopened)) == OWING
    assert of(after(*reopened, bill_paid())) == existing()


def elsewhere(**other: Any) -> tuple[Event, ...]:
    """Another order, paid with money that came before it shipped."""
    named = {"order": OTHER_ORDER, "shipment": OTHER_SHIPMENT}
    return (
        placed(order=OTHER_ORDER),
        captured(order=OTHER_ORDER, payment=OTHER_PAYMENT, reference="ch_9"),
        shipped(**{**named, **other}),
    )


def test_a_correction_in_one_order_leaves_what_another_says() -> None:
    story = after(*elsewhere(), placed(), captured(), shipped())
    story.do(correct(story, OrderShipped, 2))
    assert of(story) == existing(OTHER_ORDER)
    bill = after(*elsewhere(), *ON_BILL)
    bill.do(correct(bill, BillIssued, bill=NewBill(OTHER_BILL, 2010)))
    assert of(bill) == ("existing", OTHER_ORDER, True)


def test_a_shipment_that_never_was_is_neither_charged_nor_owed() -> None:
    story = after(*ON_BILL)
    story.do(correct(story, OrderShipped))
    assert of(story) == NEW


def test_what_a_shipment_never_charged_is_taken_off_what_it_had() -> None:
    # One of two shipments was none: what the other charged is enough.
    one = {"goods": 3400, "shipping": 0, "charge": 3400, "carries_fee": False}
    story = after(placed(), captured(), shipped((1, 1), goods=3400, charge=4195))
    story.record(shipped((1, 1), shipment=OTHER_SHIPMENT, **one))
    corrected = story.when(correct(story, OrderShipped, 2)).decides(ShipmentCorrected)
    assert corrected.parts == (Part(1, 1),)
    assert of(story) == existing()
    story.do(correct(story, OrderShipped, 1))
    assert of(story) == NEW


def test_a_replaced_bill_is_paid_by_paying_the_other() -> None:
    story = after(*ON_BILL)
    story.do(correct(story, BillIssued, bill=NewBill(OTHER_BILL, 2010)))
    assert of(story) == OWING
    story.do(pay_bill(bill=OTHER_BILL))
    assert of(story) == existing()


def test_a_payment_of_a_bill_that_never_came_is_owed_again() -> None:
    story = after(*ON_BILL)
    story.do(pay_bill())
    assert of(story) == existing()
    story.do(correct(story, BillPaymentReceived))
    assert of(story) == OWING


def test_of_a_bill_whose_payment_never_came_a_refund_clears_a_part_that_nobody_paid() -> None:
    # Count what it clears of a bill as paid → they are existing of half a bill, and this fails.
    story = after(placed(terms="bill_after"))
    story.do(ship(bill=NEW_BILL))
    story.do(pay_bill())
    story.do(grant((1, 1), deciding=deciding(SUPERVISOR.person)))
    cleared = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected).cleared
    assert cleared == (BillShare(BILL, 3400),)
    story.do(pay_bill(amount=4195, payment=OTHER_PAYMENT))
    assert of(story) == NEW


def test_what_was_owed_for_goods_that_never_left_is_owed_no_more_though_its_payment_never_came() -> None:
    # Let it be owed on → who pays for the goods that leave then stays new, and this fails.
    story = after(placed(), captured(), shipped())
    story.do(correct(story, PaymentCaptured))
    story.do(pay_bill(bill=OWED, payment=OTHER_PAYMENT))
    story.do(correct(story, OrderShipped))
    story.do(correct(story, BillPaymentReceived, owed=id_of("bil", 8)))
    assert of(story) == NEW
    story.do(capture(payment=id_of("pay", 3), reference="ch_3"))
    story.do(ship(shipment=OTHER_SHIPMENT))
    assert of(story) == existing()


def test_a_refund_that_was_none_owes_what_it_had_cleared_and_was_paid_by_nobody() -> None:
    story = after(*ON_BILL)
    story.do(pay_bill(amount=3595))
    story.record(refund_granted(basis="price_paid", credit_amount=4000, cleared=(BillShare(BILL, 4000),)))
    assert of(story) == NEW
    story.do(correct(story, RefundGranted))
    assert of(story) == OWING
    story.do(pay_bill(amount=4000, payment=OTHER_PAYMENT))
    assert of(story) == existing()


def test_what_a_refund_of_no_order_says_is_about_no_order() -> None:
    story = after(*elsewhere())
    story.record(refund_granted(order=None, basis="stated", credit_amount=7595))
    story.do(correct(story, RefundGranted, stream=CUSTOMER))
    assert of(story) == existing(OTHER_ORDER)
