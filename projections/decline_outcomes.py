"""What came of shipping without payment: how much of it was paid, cleared, let off, or is open.

Beside the row of a released order stands one for each of its bills since, and one for each payment of them.
What a bank takes back of such a payment was not paid after all; what it takes beyond that had been paid
before it shipped, and is shipped unpaid from then on. So all that was billed is paid, cleared, written off or
open, at any moment, whatever was corrected. Source: R-D3, R-B4, R-B6, R-B9
"""

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
from domain.payments.payment_events import CreditUsed, PaymentCaptured, PaymentReinstated, PaymentReversed
from domain.refunds.refund_events import RefundGranted, RefundReturned
from projections.projection import Key, Place, Projection, Row, events_of

Pays = PaymentCaptured | BillPaymentReceived | PaymentReinstated | RefundReturned | CreditUsed
Corrects = PaymentCorrected | ShipmentCorrected | BillCorrected | RefundCorrected
BearsOnOutcomes = (
    ShipmentReleasedWithoutPayment
    | BillIssued
    | PaymentReversed
    | PaymentCaptured
    | BillPaymentReceived
    | PaymentReinstated
    | RefundReturned
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


class ShippedUnpaid(Row):
    """A released order, a bill of it, or a payment of those; amounts in minor units of `currency`."""

    order: str
    subject: str
    """The bill, payment, reinstatement, returned payout or use of credit; empty for the order itself."""
    currency: str = ""
    called_at: Moment | None = None
    """Of the order: when somebody first reached the customer by telephone about a bill of it."""
    amount: Minor = 0
    """Of a bill: what shipped unpaid by it."""
    is_numbered: bool = False
    """Whether it is a bill; else it is owed without one."""
    cleared: Minor = 0
    """Of a bill, by refunds."""
    written_off: Minor = 0
    """Of a bill."""
    paid: Minor = 0
    """Of a payment: what it paid of the bills, and nobody took back."""
    payment: str = ""
    """Of a payment: itself; of money of it that came again: the payment that it was."""
    paid_at: Moment | None = None
    last_position: Place = 0


Rows = dict[Key, ShippedUnpaid]


class DeclineOutcomes(Projection[ShippedUnpaid, BearsOnOutcomes]):
    """Of what shipped unpaid, how much was paid later, after a call, or never?"""

    name = "decline_outcomes"
    version = 5
    row = ShippedUnpaid
    handles = events_of(BearsOnOutcomes)
    key = ("order", "subject")
    group_key = ("order",)
    found_by = "stream"
    indexes = ()

    def group(self, it: BearsOnOutcomes, entry: Entry) -> Key | None:
        if entry.stream != it.order or (isinstance(it, Pays) and not it.bills):
            return None
        return (entry.stream,)

    def fold(self, rows: Rows, group: Key, it: BearsOnOutcomes, entry: Entry) -> None:
        order = entry.stream
        if isinstance(it, ShipmentReleasedWithoutPayment):
            rows.setdefault((order, ""), ShippedUnpaid(order, "", last_position=entry.position))
        elif (order, "") in rows:
            _change(rows, it, entry)


def _change(rows: Rows, it: BearsOnOutcomes, entry: Entry) -> None:
    match it:
        case ShipmentReleasedWithoutPayment():
            pass
        case BillIssued():
            _owe(rows, it.bill, it.currency, it.amount, entry).is_numbered = True
        case PaymentReversed():
            never_paid = _unpay(rows, it.payment, it.opened, entry)
            if it.bill is not None:
                _owe(rows, it.bill, it.currency, it.opened - never_paid, entry)
        case PaymentCaptured() | BillPaymentReceived():
            _pay(rows, it.payment, it.payment, it, entry)
        case PaymentReinstated():  # what was paid before it stays paid when it was
            _pay(rows, it.reinstatement, it.payment, it, entry)
        case RefundReturned():
            _pay(rows, it.payout, it.payout, it, entry)
        case CreditUsed():
            _pay(rows, it.use, it.use, it, entry)
        case RefundGranted():
            for bill, share in _ours(rows, (*it.cleared, *it.write_offs_cleared), entry):
                bill.cleared += share
        case CollectionCallMade():
            _call(rows, it, entry)
        case BillWrittenOff():
            for bill, share in _ours(rows, (BillShare(it.bill, it.amount),), entry):
                bill.written_off += share
        case WriteOffReversed():
            for bill, share in _ours(rows, (BillShare(it.bill, it.amount),), entry):
                bill.written_off -= share
        case PaymentCorrected() | ShipmentCorrected() | BillCorrected() | RefundCorrected():
            _correct(rows, it, entry)
        case _:
            assert_never(it)


def _owe(rows: Rows, bill: str, currency: str, amount: int, entry: Entry) -> ShippedUnpaid:
    order = entry.stream
    row = ShippedUnpaid(order, bill, currency, amount=amount, last_position=entry.position)
    rows[order, bill] = row
    return row


def _ours(
    rows: Rows, shares: Iterable[BillShare | ReopenedShare], entry: Entry
) -> Iterable[tuple[ShippedUnpaid, int]]:
    """The bills since the release among those, each with its share."""
    for share in shares:
        row = rows.get((entry.stream, share.bill))
        if row is not None:
            row.last_position = entry.position
            yield row, share.amount


def _pay(rows: Rows, subject: str, payment: str, it: Pays, entry: Entry) -> None:
    paid = sum([share for _, share in _ours(rows, it.bills, entry)])
    if paid:
        row = ShippedUnpaid(entry.stream, subject, it.currency, paid=paid, payment=payment)
        row.paid_at, row.last_position = entry.effective_at, entry.position
        rows[entry.stream, subject] = row


def _unpay(rows: Rows, payment: str, amount: int, entry: Entry) -> int:
    """Take back what that payment paid, at most so much of it, what came last first; how much that was."""
    paid_by = [row for row in rows.values() if row.payment == payment]
    left = amount
    for row in sorted(paid_by, key=_paid_at, reverse=True):
        taken = min(row.paid, left)
        row.paid -= taken
        left -= taken
        row.last_position = entry.position
    return amount - left


def _paid_at(row: ShippedUnpaid) -> tuple[Moment, str]:
    return row.paid_at or 0, row.subject


def _call(rows: Rows, it: CollectionCallMade, entry: Entry) -> None:
    row = rows[entry.stream, ""]
    if it.outcome != "not_reached" and (row.called_at is None or entry.effective_at < row.called_at):
        row.called_at, row.last_position = entry.effective_at, entry.position


def _correct(rows: Rows, it: Corrects, entry: Entry) -> None:
    """Take back what an entry recorded by mistake had said."""
    match it:
        case PaymentCorrected():
            _unpay(rows, it.payment, sum([share for _, share in _ours(rows, it.reopened, entry)]), entry)
            for bill, share in _ours(rows, it.written_off, entry):
                bill.written_off += share
            for bill, share in _ours(rows, it.cleared, entry):
                if bill.is_numbered:  # by a refund of before
                    bill.cleared += share
                else:
                    bill.amount -= share
            if it.bill is not None:
                _owe(rows, it.bill, it.currency, it.opened, entry)
        case ShipmentCorrected():
            billed = () if it.bill is None else (BillShare(it.bill, it.billed),)
            _owe_less(rows, (*billed, *it.cleared), entry)
        case BillCorrected():
            _owe_less(rows, (BillShare(it.bill, it.amount),), entry)
        case RefundCorrected():
            for bill, share in _ours(rows, it.reopened, entry):
                bill.cleared -= share
            for bill, share in _ours(rows, it.written_off, entry):
                bill.written_off += share


def _owe_less(rows: Rows, shares: Iterable[BillShare], entry: Entry) -> None:
    """What no longer counts as shipped: it never left, or what was billed for it was a mistake."""
    for bill, share in _ours(rows, shares, entry):
        bill.amount -= share


BY_OUTCOME = """
SELECT currency, outcome, orders, amount, shipped_unpaid,
       (parts + CASE WHEN place <= 10000 - sum(parts) OVER (PARTITION BY currency) THEN 1 ELSE 0 END)::bigint
         AS share
FROM (
  SELECT *, floor(amount * 10000::numeric / shipped_unpaid) AS parts,
         row_number() OVER (
           PARTITION BY currency ORDER BY mod(amount * 10000::numeric, shipped_unpaid) DESC, outcome
         ) AS place
  FROM (
    SELECT currency, outcome, count(*)::bigint AS orders, sum(amount) AS amount,
           sum(sum(amount)) OVER (PARTITION BY currency) AS shipped_unpaid
    FROM (
      SELECT it."order", it.currency, came.outcome, sum(came.amount) AS amount
      FROM held AS it
      JOIN held AS released ON released."order" = it."order" AND released.subject = ''
      CROSS JOIN LATERAL (VALUES
        ('paid_later', CASE WHEN it.paid_at >= released.called_at THEN 0 ELSE it.paid END),
        ('paid_after_call', CASE WHEN it.paid_at >= released.called_at THEN it.paid ELSE 0 END),
        ('cleared', it.cleared),
        ('written_off', it.written_off),
        ('open', it.amount - it.paid - it.cleared - it.written_off)
      ) AS came (outcome, amount)
      WHERE it.subject <> ''
      GROUP BY it."order", it.currency, came.outcome
    ) AS by_order
    WHERE amount <> 0
    GROUP BY currency, outcome
  ) AS summed
) AS placed"""
"""What shipped unpaid, by what came of it, over the rows `held`. Shares are basis points of all of it in the
currency, by largest remainder, so that they come to 10,000.
"""
