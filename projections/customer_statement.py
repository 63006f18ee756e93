"""How a customer's balance came about: a line for each entry that moved it."""

from collections.abc import Iterable
from typing import assert_never

from domain.bills.bill_events import BillPaymentReceived, BillShare, BillWrittenOff, WriteOffReversed
from domain.corrections.correction_events import PaymentCorrected, RefundCorrected, ShipmentCorrected
from domain.entry import Entry, Minor
from domain.moments import Moment
from domain.orders.order_events import OrderShipped
from domain.payments.payment_events import (
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
    StoreCreditGranted,
)
from domain.refunds.refund_events import RefundGranted, RefundPaid, RefundReturned
from projections.projection import LinesPerEntry, Place, Row, events_of

MovesBalance = (
    OrderShipped
    | PaymentCaptured
    | BillPaymentReceived
    | PaymentReversed
    | PaymentReinstated
    | BillWrittenOff
    | WriteOffReversed
    | StoreCreditGranted
    | RefundGranted
    | RefundPaid
    | RefundReturned
    | PaymentCorrected
    | ShipmentCorrected
    | RefundCorrected
)


class StatementLine(Row):
    """What one entry added to what a customer owes (plus) or took from it (minus)."""

    customer: str
    position: Place
    currency: str
    order: str
    """Empty for what belongs to no order."""
    effective_at: Moment
    event: str
    """`shipped`, `paid`, `credited`, …: the names in `moved`."""
    reference: str
    """The shipment, the payment, the bill, the refund or the credit."""
    plus: Minor
    minus: Minor


class CustomerStatement(LinesPerEntry[StatementLine, MovesBalance]):
    """How did a customer's balance come about?"""

    name = "customer_statement"
    version = 2
    row = StatementLine
    handles = events_of(MovesBalance)
    key = ("customer", "position")
    group_key = key
    found_by = "customer"

    def lines(self, it: MovesBalance, entry: Entry) -> Iterable[StatementLine]:
        event, reference, amount = moved(it)
        # A payment corrected is told in the customer's stream too, where it takes credit.
        if amount == 0 or (isinstance(it, PaymentCorrected) and entry.stream != it.order):
            return ()
        order = None if isinstance(it, StoreCreditGranted) else it.order
        plus, minus = max(amount, 0), max(-amount, 0)
        at = entry.effective_at
        return (
            StatementLine(
                it.customer, entry.position, it.currency, order or "", at, event, reference, plus, minus
            ),
        )


def moved(it: MovesBalance) -> tuple[str, str, int]:
    """What an event is called on a statement, what it is about, and how it moves the balance. Source: §2"""
    match it:
        case OrderShipped():
            return "shipped", it.shipment, it.charge
        case PaymentCaptured() | BillPaymentReceived():
            return "paid", it.payment, -it.amount
        case PaymentReversed():
            return "payment_reversed", it.payment, it.amount
        case PaymentReinstated():
            return "payment_reinstated", it.payment, -it.amount
        case BillWrittenOff():
            return "written_off", it.bill, -it.amount
        case WriteOffReversed():
            return "write_off_reversed", it.bill, it.amount
        case StoreCreditGranted():
            return "store_credit", it.credit, -it.amount
        case RefundGranted():
            return "credited", it.refund, -it.credit_amount
        case RefundPaid():
            return "refund_paid", it.refund, it.amount
        case RefundReturned():
            return "refund_returned", it.refund, -it.amount
        case PaymentCorrected():
            return "payment_corrected", it.payment, it.amount - _sum(it.written_off)
        case ShipmentCorrected():
            return "shipment_corrected", it.shipment, -it.charge
        case RefundCorrected():
            return "refund_corrected", it.refund, it.credit_amount - _sum(it.written_off)
        case _:
            assert_never(it)


def _sum(shares: Iterable[BillShare]) -> int:
    return sum([share.amount for share in shares])


ANSWER = """
SELECT held.*, sum(plus - minus) OVER (PARTITION BY customer, currency ORDER BY position) AS balance
FROM held ORDER BY position"""
"""The lines with the running balance, over the rows `held`."""
