"""What people have to do about refunds: decide them, pay them out, look at a signal.

While a dispute of its order is open a payout waits: nobody is asked for it, and no day of the wait counts.
Source: R-B9, R-G8, R-G11, R-G12
"""

from domain.entry import Entry
from domain.orders.order_events import Deadline, DeadlineKind
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
from projections.bill_tasks import CONTEST, Rows

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

PAYOUT: DeadlineKind = "refund_payout"
KINDS = frozenset({"refund_decision", PAYOUT, "fraud_signal"})


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


def wait_for_disputes(rows: Rows, entry: Entry) -> None:
    """The payouts of an order wait from this entry on while a dispute of it is open, and go on with its end.

    Source: R-B9
    """
    is_disputed = any(kind == CONTEST for _, kind, _ in rows)
    for row in rows.values():
        if row.kind != PAYOUT:
            continue
        if is_disputed and row.waits_since is None:
            row.waits_since, row.last_position = entry.effective_at, entry.position
        elif not is_disputed and row.waits_since is not None and row.due is not None:
            if row.missed_from is not None:
                row.missed_from += max(0, entry.effective_at - row.waits_since)
            row.due = max(row.due, entry.effective_at)
            row.waits_since, row.last_position = None, entry.position
