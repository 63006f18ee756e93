"""How a customer's balance came about: a line for each entry that moved it."""

from collections.abc import Iterable
from typing import assert_never

from domain.entry import Entry, Minor
from domain.moments import Moment
from domain.order_events import OrderShipped, PaymentCaptured, RefundGranted
from projections.projection import LinesPerEntry, Place, Row, events_of

MovesBalance = PaymentCaptured | OrderShipped | RefundGranted


class StatementLine(Row):
    """What one entry added to what a customer owes (plus) or took from it (minus)."""

    customer: str
    position: Place
    currency: str
    order: str
    """Empty for what belongs to no order."""
    effective_at: Moment
    event: str
    """`shipped`, `paid`, `credited`."""
    reference: str
    """The shipment, the payment or the refund."""
    plus: Minor
    minus: Minor


class CustomerStatement(LinesPerEntry[StatementLine, MovesBalance]):
    """How did a customer's balance come about?"""

    name = "customer_statement"
    version = 1
    row = StatementLine
    handles = events_of(MovesBalance)
    key = ("customer", "position")
    group_key = key
    found_by = "customer"

    def lines(self, it: MovesBalance, entry: Entry) -> Iterable[StatementLine]:
        match it:
            case OrderShipped():
                event, reference, moved = "shipped", it.shipment, it.charge
            case PaymentCaptured():
                event, reference, moved = "paid", it.payment, -it.amount
            case RefundGranted():
                event, reference, moved = "credited", it.refund, -it.credit_amount
            case _:
                assert_never(it)
        if moved == 0:
            return ()
        plus, minus = max(moved, 0), max(-moved, 0)
        at = entry.effective_at
        return (
            StatementLine(
                it.customer, entry.position, it.currency, it.order or "", at, event, reference, plus, minus
            ),
        )


ANSWER = """
SELECT held.*, sum(plus - minus) OVER (PARTITION BY customer, currency ORDER BY position)::bigint AS balance
FROM held ORDER BY position"""
"""The lines with the running balance, over the rows `held`."""
