"""Corrections as tests name them: an entry by its kind, and the stories in which a supervisor corrects."""

from typing import Any

from domain.bills.bill_payments import ReceiveBillPayment
from domain.corrections.correcting import CorrectEntry
from domain.corrections.correction_events import PaymentCorrected
from domain.entry import Event
from domain.orders.order import Placed
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    ORDER,
    PAYMENT,
    billed,
    customer_registered,
    id_of,
    placed,
    shipped,
)
from tests.domain.specification import SUPERVISOR, Story, given

OWED = id_of("bil", 9)
CREDIT, PROMISE = id_of("crd"), id_of("prm")


def entry_of(story: Story, kind: type[Event], nth: int = 1) -> int:
    """The position of the nth entry of that kind."""
    return [entry.position for entry in story.entries if isinstance(entry.event, kind)][nth - 1]


def correct(story: Story, kind: type[Event], nth: int = 1, **other: Any) -> CorrectEntry:
    """Correct the nth entry of that kind."""
    asked = {"stream": ORDER, "customer": CUSTOMER, "position": entry_of(story, kind, nth), "owed": OWED}
    return CorrectEntry(**{**asked, **other})


def by_supervisor(*events: Event) -> Story:
    """A book in which these events are recorded and a supervisor says why they correct."""
    return given(customer_registered(), *events).by(SUPERVISOR).because("sealed:typed wrongly")


def payment_corrected(**other: Any) -> PaymentCorrected:
    """The capture of the order's price is corrected."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "payment": PAYMENT,
        "corrects": 5,
        "currency": "USD",
        "amount": 7595,
        "reopened": (),
        "written_off": (),
        "credit": None,
        "set_aside": 0,
        "cleared": (),
        "bill": None,
        "opened": 0,
        "due_on": None,
    }
    return PaymentCorrected(**{**said, **other})


def receive(amount: int, **other: Any) -> ReceiveBillPayment:
    """Receive a payment of the bill."""
    asked = {
        "order": ORDER,
        "customer": CUSTOMER,
        "bill": BILL,
        "payment": PAYMENT,
        "credit": CREDIT,
        "amount": amount,
        "currency": "USD",
        "method": "cheque",
    }
    return ReceiveBillPayment(**{**asked, **other})


def on_bill(*events: Event) -> Story:
    """Both dresses shipped on bill."""
    return by_supervisor(placed(terms="bill_after"), shipped(), billed(), *events)


def order(story: Story) -> Placed:
    state = story.state(ORDER)
    assert isinstance(state, Placed)
    return state
