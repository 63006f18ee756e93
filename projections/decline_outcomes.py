"""What came of shipping without payment: one row per order released so; the answer sums them by outcome."""

from collections.abc import Iterable
from typing import assert_never

from domain.bills.bill_events import (
    BillIssued,
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
    CollectionCallMade,
    WriteOffReversed,
)
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ReopenedShare,
    ShipmentCorrected,
)
from domain.declines.decline_events import ShipmentReleasedWithoutPayment
from domain.entry import Entry, Minor
from domain.moments import Moment
from domain.orders.order_events import OrderShipped
from domain.payments.payment_events import CreditUsed, PaymentCaptured, PaymentReinstated, PaymentReversed
from domain.refunds.refund_events import RefundGranted
from projections.projection import Key, Place, Projection, Row, events_of

BearsOnOutcomes = (
    ShipmentReleasedWithoutPayment
    | OrderShipped
    | BillIssued
    | PaymentReversed
    | PaymentCaptured
    | BillPaymentReceived
    | PaymentReinstated
    | CreditUsed
    | RefundGranted
    | CollectionCallMade
    | BillWrittenOff
    | WriteOffReversed
    | PaymentCorrected
    | ShipmentCorrected
    | BillCorrected
    | RefundCorrected
)


class ReleasedOrder(Row):
    """An order that shipped unpaid, and what its bills came to; amounts in minor units of `currency`."""

    order: str
    customer: str = ""
    by_rule: bool = False
    released_at: Moment = 0
    currency: str = ""
    charged: Minor = 0
    """By its shipments since: the revenue that would not have been."""
    billed: Minor = 0
    """By bills since, and what a reversed payment left owed."""
    paid: Minor = 0
    paid_after_call: Minor = 0
    """What of it came after somebody reached the customer by telephone."""
    cleared: Minor = 0
    """By refunds."""
    written_off: Minor = 0
    called: Place = 0
    """Position of the first call in which they were reached; 0 before."""
    last_position: Place = 0


class DeclineOutcomes(Projection[ReleasedOrder, BearsOnOutcomes]):
    """Of what shipped unpaid, how much was paid later, after a call, or never?"""

    name = "decline_outcomes"
    version = 1
    row = ReleasedOrder
    handles = events_of(BearsOnOutcomes)
    key = ("order",)
    group_key = key
    found_by = "stream"
    indexes = ()

    def group(self, it: BearsOnOutcomes, entry: Entry) -> Key | None:
        return (entry.stream,) if entry.stream == it.order else None

    def fold(self, rows: dict[Key, ReleasedOrder], group: Key, it: BearsOnOutcomes, entry: Entry) -> None:
        if isinstance(it, ShipmentReleasedWithoutPayment):
            rows[group] = ReleasedOrder(it.order, it.customer, it.by_rule, entry.effective_at)
        row = rows.get(group)
        if row is not None:
            _change(row, it, entry)
            row.last_position = entry.position


def _change(row: ReleasedOrder, it: BearsOnOutcomes, entry: Entry) -> None:
    match it:
        case ShipmentReleasedWithoutPayment():
            pass
        case OrderShipped():
            row.currency = it.currency
            row.charged += it.charge
        case BillIssued():
            row.billed += it.amount
        case PaymentReversed():
            row.billed += it.opened
        case PaymentCaptured() | BillPaymentReceived() | PaymentReinstated() | CreditUsed():
            paid = _sum(it.bills)
            row.paid += paid
            row.paid_after_call += paid if row.called else 0
        case RefundGranted():
            row.cleared += _sum((*it.cleared, *it.write_offs_cleared))
        case CollectionCallMade():
            if it.outcome != "not_reached":
                row.called = row.called or entry.position
        case BillWrittenOff():
            row.written_off += it.amount
        case WriteOffReversed():
            row.written_off -= it.amount
        case PaymentCorrected() | ShipmentCorrected() | BillCorrected() | RefundCorrected():
            _correct(row, it)
        case _:
            assert_never(it)


def _correct(
    row: ReleasedOrder, it: PaymentCorrected | ShipmentCorrected | BillCorrected | RefundCorrected
) -> None:
    """Take back what an entry recorded by mistake had said."""
    match it:
        case PaymentCorrected():
            paid = _sum(it.reopened)
            row.paid -= paid
            row.paid_after_call -= paid if 0 < row.called < it.corrects else 0
            row.written_off += _sum(it.written_off)
            row.cleared += _sum(it.cleared)
            row.billed += it.opened
        case ShipmentCorrected():
            row.charged -= it.charge
            row.billed -= it.billed
            row.cleared += _sum(it.cleared)
        case BillCorrected():
            row.billed -= it.amount
        case RefundCorrected():
            row.cleared -= _sum(it.reopened)
            row.written_off += _sum(it.written_off)


def _sum(shares: Iterable[BillShare | ReopenedShare]) -> int:
    return sum([share.amount for share in shares])


BY_OUTCOME = """
SELECT currency, outcome, count(*)::bigint AS orders,
       (count(*) * 10000 / sum(count(*)) OVER (PARTITION BY currency))::bigint AS share,
       sum(charged) AS revenue, sum(billed) AS billed, sum(paid) AS paid,
       sum(paid_after_call) AS paid_after_call, sum(written_off) AS written_off,
       sum(billed - paid - cleared - written_off) AS open
FROM (
  SELECT *, CASE
    WHEN billed = 0 THEN 'nothing_billed'
    WHEN written_off > 0 THEN 'written_off'
    WHEN paid + cleared < billed THEN 'open'
    WHEN paid_after_call > 0 THEN 'paid_after_call'
    WHEN paid > 0 THEN 'paid_later'
    ELSE 'cleared'
  END AS outcome
  FROM held WHERE currency <> ''
) AS told
GROUP BY currency, outcome"""
"""Released orders by what came of them, over the rows `held`; a share is in basis points of its currency."""
