"""What people have to do about refunds: decide them, pay them out, look at a signal.

Source: R-G8, R-G11, R-G12
"""

from domain.entry import Entry
from domain.orders.order_events import Deadline
from domain.payments.payment_events import CreditSetAside
from domain.refunds.refund_events import (
    FraudSignalDismissed,
    FraudSignalRaised,
    RefundDueChanged,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundRequested,
    RefundReturned,
    RefundWithdrawn,
)

BearsOnRefunds = (
    RefundRequested
    | RefundEscalated
    | RefundWithdrawn
    | RefundGranted
    | RefundPaid
    | RefundPaymentFailed
    | RefundReturned
    | RefundDueChanged
    | CreditSetAside
    | FraudSignalRaised
    | FraudSignalDismissed
)

KINDS = frozenset({"refund_decision", "refund_payout", "fraud_signal"})


def about_refund(it: BearsOnRefunds, entry: Entry) -> str | None:
    """The refund an entry of its stream is about; None where it is about none, or told elsewhere too."""
    if isinstance(it, CreditSetAside):
        is_twin = it.order is not None and entry.stream != it.order
        return None if it.source != "refund" or is_twin else it.subject
    return it.refund


def done_by(it: BearsOnRefunds) -> tuple[str, ...]:
    """The kinds of task about its refund that an event ends."""
    match it:
        case RefundGranted() | RefundWithdrawn() | RefundRequested() | RefundEscalated():
            return ("refund_decision",)
        case RefundPaid() | CreditSetAside() if it.left == 0:
            return ("refund_payout",)
        case RefundDueChanged() if it.due == 0:
            return ("refund_payout",)
        case FraudSignalDismissed():
            return ("fraud_signal",)
        case _:
            return ()


def begun_by(it: BearsOnRefunds) -> tuple[tuple[Deadline, ...], str | None]:
    """The deadlines an event starts, and the role whose task it is."""
    match it:
        case RefundEscalated():
            return it.deadlines, it.to_role
        case FraudSignalRaised():
            return it.deadlines, "supervisor"
        case RefundRequested() | RefundGranted() | RefundPaymentFailed():
            return it.deadlines, None
        case RefundReturned() | RefundDueChanged():
            return it.deadlines, None
        case _:
            return (), None
