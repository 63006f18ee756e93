"""Captures: retry by payment and by reference, I12, and where the money goes."""

from typing import Any

import pytest

from domain.bills.bill_events import BillShare
from domain.bills.owing import CurrencyOfOrderDiffers
from domain.customers.cards_on_file import PaymentMethodUnknown
from domain.decision import Claim
from domain.decisions import decide
from domain.money import Money
from domain.orders.order_events import OrderUnitsCancelled
from domain.payments.capturing import (
    CaptureExceedsPrice,
    ReferenceCapturedOtherwise,
)
from domain.payments.payment_events import PaymentCaptured
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.correction_examples import entry_of
from tests.domain.examples import (
    BILL,
    CARD,
    CUSTOMER,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_BILL,
    OTHER_CUSTOMER,
    OTHER_PAYMENT,
    OTHER_SHIPMENT,
    PAYMENT,
    billed,
    cancelled,
    capture,
    captured,
    card_stored,
    customer_registered,
    placed,
    refund_granted,
    shipped,
    usd,
)
from tests.domain.specification import Story, given


def test_a_capture_is_recorded_and_its_reference_claimed() -> None:
    story = given(customer_registered(), placed())
    assert decide(capture(), story.given(capture())).claims == (Claim("processor_ref", "acme/ch_1"),)
    story.when(capture()).then(captured())
    assert story.account(ORDER).balance == -7595


@pytest.mark.parametrize(
    "other", [{"amount": 7594}, {"currency": "EUR"}, {"reference": "ch_2"}, {"processor": "other"}]
)
def test_the_same_payment_with_other_content_is_refused(other: dict[str, Any]) -> None:
    story = given(customer_registered(), placed(), captured())
    story.when(capture()).nothing()
    story.when(capture(**other)).refused(AlreadyRecordedOtherwise(PAYMENT))


def test_the_same_reference_again_is_a_no_op_and_with_another_amount_refused() -> None:
    story = given(customer_registered(), placed(), captured(amount=4000))
    story.when(capture(payment=OTHER_PAYMENT, amount=4000)).nothing()
    story.when(capture(payment=OTHER_PAYMENT, amount=3595)).refused(
        ReferenceCapturedOtherwise(PAYMENT, entry_of(story, PaymentCaptured), usd(4000), usd(3595))
    )
    story.when(capture(payment=OTHER_PAYMENT, amount=3595, processor="other")).then(
        captured(payment=OTHER_PAYMENT, amount=3595, processor="other")
    )


def test_a_second_notice_of_the_same_capture_need_not_name_the_card() -> None:
    # Compare the card too where a reference is found → this fails. I12 refuses another amount, nothing else.
    story = given(customer_registered(), placed(), card_stored(), captured(payment_method=CARD))
    story.when(capture(payment=OTHER_PAYMENT)).nothing()
    story.when(capture(payment=OTHER_PAYMENT, currency="EUR")).refused(
        ReferenceCapturedOtherwise(PAYMENT, entry_of(story, PaymentCaptured), usd(7595), Money(7595, "EUR"))
    )


def test_a_retry_is_found_before_the_limit_is_asked() -> None:
    # Check the amount before the retry in `capture_payment` → this fails: nothing is left to cover.
    given(customer_registered(), placed(), captured(), shipped()).when(capture()).nothing()


def test_a_capture_is_at_most_what_the_units_to_ship_cost_with_the_fee() -> None:
    story = given(customer_registered(), placed())
    story.when(capture(amount=7596)).refused(CaptureExceedsPrice(ORDER, usd(7596), usd(7595)))
    story.when(capture(amount=1)).then(captured(amount=1))
    second: dict[str, Any] = {"payment": OTHER_PAYMENT, "reference": "ch_2"}
    story.when(capture(**second, amount=7595)).refused(CaptureExceedsPrice(ORDER, usd(7595), usd(7594)))
    story.when(capture(**second, amount=7594)).then(captured(**second, amount=7594))


def test_cancelled_units_need_no_money() -> None:
    one_left = cancelled((1, 1))
    assert isinstance(one_left, OrderUnitsCancelled)
    story = given(customer_registered(), placed(), one_left)
    story.when(capture(amount=4196)).refused(CaptureExceedsPrice(ORDER, usd(4196), usd(4195)))
    story.when(capture(amount=4195)).then(captured(amount=4195))


def test_an_order_of_which_nothing_is_left_takes_no_money_not_even_for_the_fee() -> None:
    story = given(customer_registered(), placed(), cancelled((1, 2)))
    story.when(capture(amount=1)).refused(CaptureExceedsPrice(ORDER, usd(1), usd(0)))


def test_the_fee_is_covered_once() -> None:
    story = given(
        customer_registered(), placed(), captured(amount=4195), shipped((1, 1), **ONE_DRESS_WITH_FEE)
    )
    second: dict[str, Any] = {"payment": OTHER_PAYMENT, "reference": "ch_2"}
    story.when(capture(**second, amount=3401)).refused(CaptureExceedsPrice(ORDER, usd(3401), usd(3400)))
    story.when(capture(**second, amount=3400)).then(captured(**second, amount=3400))


def billed_once() -> Story:
    """One dress shipped on bill with the fee; the other still to ship."""
    return given(
        customer_registered(),
        placed(terms="bill_after"),
        shipped((1, 1), **ONE_DRESS_WITH_FEE),
        billed(amount=4195),
    )


def test_money_covers_the_units_still_to_ship_before_it_pays_a_bill() -> None:
    story = billed_once()
    story.when(capture(amount=3400)).then(captured(amount=3400))
    assert story.state(ORDER).open_bills() == 4195
    assert story.state(ORDER).purse().deposit == 3400


def test_what_exceeds_the_units_pays_the_open_bill() -> None:
    story = billed_once()
    story.when(capture(amount=3401)).then(captured(amount=3401, bills=(BillShare(BILL, 1),)))
    assert story.state(ORDER).open_bills() == 4194


def test_bills_and_units_together_are_the_most() -> None:
    story = billed_once()
    story.when(capture(amount=7596)).refused(CaptureExceedsPrice(ORDER, usd(7596), usd(7595)))
    story.when(capture(amount=7595)).then(captured(amount=7595, bills=(BillShare(BILL, 4195),)))
    assert story.account(ORDER).balance == -3400


def test_open_bills_are_paid_oldest_first() -> None:
    story = billed_once().record(
        shipped(
            (1, 1),
            shipment=OTHER_SHIPMENT,
            goods=3400,
            shipping=0,
            charge=3400,
            carries_fee=False,
        ),
        billed(bill=OTHER_BILL, number=2, shipment=OTHER_SHIPMENT, amount=3400),
    )
    both = (BillShare(BILL, 4195), BillShare(OTHER_BILL, 5))
    story.when(capture(amount=4200)).then(captured(amount=4200, bills=both))


def test_what_is_due_back_covers_nothing_new() -> None:
    # A cancelled, paid unit's money is due back; it neither covers other units nor lets more in.
    story = given(
        customer_registered(), placed(), captured(), cancelled((1, 1)), refund_granted(granted=3400)
    )
    second: dict[str, Any] = {"payment": OTHER_PAYMENT, "reference": "ch_2"}
    story.when(capture(**second, amount=1)).refused(CaptureExceedsPrice(ORDER, usd(1), usd(0)))


def test_a_payment_is_in_the_orders_currency() -> None:
    story = given(customer_registered(), placed())
    story.when(capture(currency="EUR")).refused(CurrencyOfOrderDiffers(ORDER, "USD", "EUR"))


def test_a_card_on_file_is_the_customers_own() -> None:
    mine: dict[str, Any] = {"payment_method": CARD, "customer": CUSTOMER}
    known = (customer_registered(), placed(), card_stored())
    given(*known).when(capture(**mine)).then(captured(payment_method=CARD))
    given(*known[:2]).when(capture(**mine)).refused(PaymentMethodUnknown(ORDER, CARD))
    theirs = {**mine, "customer": OTHER_CUSTOMER}
    others = (customer_registered(customer=OTHER_CUSTOMER), card_stored(customer=OTHER_CUSTOMER))
    given(*known[:2], *others).when(capture(**theirs)).refused(PaymentMethodUnknown(ORDER, CARD))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 0),
        ("amount", 2**53 + 1),
        ("payment", ORDER),
        ("processor", ""),
        ("processor", "a/b"),
        ("reference", "x" * 101),
        ("payment_method", CARD),
        ("customer", CUSTOMER),
    ],
)
def test_a_payment_out_of_range_cannot_be_asked(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{field}|expected the id"):
        capture(**{field: value})
