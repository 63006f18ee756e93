"""Who owes is watched: by last days and what is open, not by what was recorded about it. R-B2, R-B7"""

from typing import Any

import pytest

from domain.bills.bill_events import (
    BillBecameOverdue,
    BillMarkedUncollectible,
    BillShare,
    BillWrittenOff,
    WriteOffReversed,
)
from domain.bills.watching import is_watched, overdue_on
from domain.entry import Event
from domain.orders.order_events import OrderPlaced, OverdueBill
from domain.payments.payment_events import PaymentReinstated, PaymentReversed
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_PAYMENT,
    PAYMENT,
    billed,
    captured,
    customer_registered,
    id_of,
    place,
    placed,
    refund_granted,
    shipped,
)
from tests.domain.specification import Story

UNPAID = (customer_registered(), placed(terms="bill_after"), shipped(), billed())
"""Billed on 10 August 2010, to be paid by 9 September."""
LAST_DAY, DAY_AFTER = "2010-09-09", "2010-09-10"
ABOUT: dict[str, Any] = {"order": ORDER, "customer": CUSTOMER, "bill": BILL, "currency": "USD"}


def watched(day: str, *events: Event) -> bool:
    story = Story(*UNPAID, *events)
    return is_watched(story.facts(CUSTOMER, story.at), day)


def paid(amount: int) -> Event:
    return captured(amount=amount, bills=(BillShare(BILL, amount),))


def test_from_the_day_after_the_last_day_on() -> None:
    assert not watched(LAST_DAY)
    assert watched(DAY_AFTER)
    assert watched("2030-01-01")


def test_somebody_without_bills_is_not_watched() -> None:
    assert not is_watched(None, DAY_AFTER)
    assert overdue_on(None, DAY_AFTER) == ()
    story = Story(customer_registered(), placed(), captured(), shipped())
    assert not is_watched(story.facts(CUSTOMER, story.at), DAY_AFTER)


def test_until_the_last_cent_is_paid() -> None:
    assert watched(DAY_AFTER, paid(7594))
    assert not watched(DAY_AFTER, paid(7595))


def test_what_is_recorded_as_overdue_says_nothing() -> None:
    # Ask for BillBecameOverdue instead of the last day → this fails.
    overdue = BillBecameOverdue(**ABOUT, open=7595, due_on=LAST_DAY)
    assert not watched(DAY_AFTER, overdue, paid(7595))
    assert not watched(LAST_DAY, overdue)


def test_an_uncollectible_bill_keeps_the_watch_and_a_write_off_ends_it() -> None:
    assert watched(DAY_AFTER, BillMarkedUncollectible(**ABOUT, amount=7595))
    off = BillWrittenOff(**ABOUT, amount=7595, uncollectible=0, good_reason="illness", call=1)
    assert not watched(DAY_AFTER, off)
    back = WriteOffReversed(**ABOUT, amount=7595, because="payment", by=PAYMENT)
    assert not watched(DAY_AFTER, off, back, paid(7595))


@pytest.mark.parametrize(("cleared", "still"), [(7594, True), (7595, False)])
def test_what_a_refund_clears_is_no_longer_owed(cleared: int, still: bool) -> None:
    refund = refund_granted(basis="price_paid", credit_amount=cleared, cleared=(BillShare(BILL, cleared),))
    assert watched(DAY_AFTER, refund) is still


def test_a_payment_taken_back_is_owed_from_the_day_after() -> None:
    story = Story(customer_registered(), placed(), captured(), shipped())
    charged_back = PaymentReversed(
        order=ORDER,
        customer=CUSTOMER,
        reversal=id_of("rev"),
        payment=PAYMENT,
        kind="chargeback",
        dispute=None,
        reference=None,
        currency="USD",
        amount=7595,
        bill=OTHER_BILL,
        opened=7595,
        due_on="2010-08-10",
    )
    story.record(charged_back)
    assert not is_watched(story.facts(CUSTOMER, story.at), "2010-08-10")
    assert is_watched(story.facts(CUSTOMER, story.at), "2010-08-11")
    story.record(
        PaymentReinstated(
            order=ORDER,
            customer=CUSTOMER,
            reversal=id_of("rev"),
            reinstatement=id_of("rin"),
            payment=PAYMENT,
            currency="USD",
            amount=7595,
            reference="dp_1",
            bills=(BillShare(OTHER_BILL, 7595),),
        )
    )
    assert not is_watched(story.facts(CUSTOMER, story.at), "2010-08-11")


def test_a_new_order_freezes_what_was_overdue_and_is_not_refused() -> None:
    # Refuse an order of a watched customer → this fails, and so it should.
    story = Story(*UNPAID)
    second = place(order=OTHER_ORDER)
    assert story.on(LAST_DAY).when(second).decides(OrderPlaced).watched_for == ()
    story = Story(*UNPAID, paid(95)).on(DAY_AFTER)
    owed = (OverdueBill(BILL, ORDER, "USD", 7500),)
    assert story.when(second).decides(OrderPlaced).watched_for == owed


def test_every_overdue_bill_is_named_with_its_own_currency() -> None:
    elsewhere = {"order": OTHER_ORDER, "currency": "EUR"}
    story = Story(
        *UNPAID,
        placed(**elsewhere, terms="bill_after"),
        shipped(**elsewhere, shipment=id_of("shp", 2)),
        billed(**elsewhere, bill=OTHER_BILL, shipment=id_of("shp", 2)),
        captured(**elsewhere, payment=OTHER_PAYMENT, amount=1, bills=(BillShare(OTHER_BILL, 1),)),
    )
    assert overdue_on(story.facts(CUSTOMER, story.at), DAY_AFTER) == (
        OverdueBill(BILL, ORDER, "USD", 7595),
        OverdueBill(OTHER_BILL, OTHER_ORDER, "EUR", 7594),
    )
