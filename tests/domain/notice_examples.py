"""What processors tell as tests name it: a notice, its money, and what is said of money without a place."""

from typing import Any

from domain.inbound.assigning import AssignMoney
from domain.inbound.notice_events import NoticeReceived
from domain.inbound.notices import MovedMoney, ReceiveNotice
from domain.inbound.returning import ReturnMoney
from domain.inbound.unmatched_events import (
    CameFor,
    UnmatchedPayout,
    UnmatchedReceipt,
    UnmatchedReceiptAssigned,
)
from tests.domain.examples import CUSTOMER, ORDER, PAYMENT, capture, customer_registered, id_of, placed
from tests.domain.specification import NOON, Story, given

MONEY, OTHER_MONEY, PAYOUT, SETTLEMENT = id_of("unm"), id_of("unm", 2), id_of("pot"), id_of("stl")


def money(**other: Any) -> MovedMoney:
    """The price of the order came."""
    said = {
        "unmatched": MONEY,
        "direction": "receipt",
        "amount": 7595,
        "currency": "USD",
        "reference": "ch_1",
    }
    return MovedMoney(**{**said, **other})


def notice(**other: Any) -> ReceiveNotice:
    """The processor tells that the price of the order was charged."""
    said = {
        "processor": "acme",
        "notice": "evt_1",
        "kind": "charge.succeeded",
        "happened_at": NOON,
        "body": "sealed:{}",
        "customer": CUSTOMER,
        "order": ORDER,
        "fact": capture(),
        "money": money(),
    }
    return ReceiveNotice(**{**said, **other})


def received(**other: Any) -> NoticeReceived:
    """The notice is kept."""
    said = {
        "processor": "acme",
        "notice": "evt_1",
        "kind": "charge.succeeded",
        "happened_at": NOON,
        "body": "sealed:{}",
        "result": "recorded",
        "customer": CUSTOMER,
        "order": ORDER,
        "why": None,
    }
    return NoticeReceived(**{**said, **other})


def unmatched(**other: Any) -> UnmatchedReceipt:
    """The price of the order came and could not be placed."""
    said = {
        "unmatched": MONEY,
        "customer": CUSTOMER,
        "order": ORDER,
        "currency": "USD",
        "amount": 7595,
        "processor": "acme",
        "reference": "ch_1",
        "why": "capture-exceeds-price",
    }
    return UnmatchedReceipt(**{**said, **other})


def left(**other: Any) -> UnmatchedPayout:
    """The price of the order left us and could not be placed."""
    return UnmatchedPayout(
        **{name: getattr(unmatched(**other), name) for name in unmatched().__struct_fields__}
    )


def assign(**other: Any) -> AssignMoney:
    """The money was a payment of the order."""
    return AssignMoney(**{"unmatched": MONEY, "customer": CUSTOMER, "fact": capture(), **other})


def assigned(**other: Any) -> UnmatchedReceiptAssigned:
    """The money is assigned to the order."""
    said = {
        "unmatched": MONEY,
        "customer": CUSTOMER,
        "order": ORDER,
        "counts_as": "payment",
        "subject": PAYMENT,
        "currency": "USD",
        "amount": 7595,
        "came_for": CameFor(ORDER, CUSTOMER),
    }
    return UnmatchedReceiptAssigned(**{**said, **other})


def give_back(**other: Any) -> ReturnMoney:
    """The money went back."""
    asked = {"unmatched": MONEY, "settlement": SETTLEMENT, "amount": 7595, "currency": "USD"}
    named = {"order": ORDER, "customer": CUSTOMER, "reference": f"re_{other.get('settlement', SETTLEMENT)}"}
    return ReturnMoney(**{**asked, **named, **other})


def told(*events: Any) -> Story:
    """An order, and a processor that tells."""
    return given(customer_registered(), placed(), *events).from_("provider")
