"""Money that has moved, as commands record it: what each counts as, and whether it came or left."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from domain.bills.bill_payments import ReceiveBillPayment, receive_bill_payment
from domain.decision import Decision, Given
from domain.inbound.returning import ReturnMoney, return_money
from domain.inbound.unmatched_events import CountsAs, Direction
from domain.payments.capturing import CapturePayment, capture_payment
from domain.payments.reversing import ReinstatePayment, ReversePayment, reinstate_payment, reverse_payment
from domain.refunds.paying_out import RecordPayout, record_told_payout

MoneyFact = (
    CapturePayment | ReceiveBillPayment | ReinstatePayment | RecordPayout | ReversePayment | ReturnMoney
)
"""A command that records that money came or left."""


class FactKind(msgspec.Struct, frozen=True):
    """What a kind of fact counts as, which way its money moved, and what decides it."""

    counts_as: CountsAs
    direction: Direction
    subject: str
    """The field of the command that names what is recorded."""
    about: str | None
    """The one that names what of: a bill, a refund, a payment, a reversal, money. None: of the order."""
    decide: Callable[[Any, Given], Decision]


MONEY_FACTS: Final[Mapping[type[MoneyFact], FactKind]] = {
    CapturePayment: FactKind("payment", "receipt", "payment", None, capture_payment),
    ReceiveBillPayment: FactKind("bill_payment", "receipt", "payment", "bill", receive_bill_payment),
    ReinstatePayment: FactKind("reinstatement", "receipt", "reinstatement", "reversal", reinstate_payment),
    RecordPayout: FactKind("refund", "payout", "payout", "refund", record_told_payout),
    ReversePayment: FactKind("reversal", "payout", "reversal", "payment", reverse_payment),
    ReturnMoney: FactKind("return", "payout", "settlement", "unmatched", return_money),
}
