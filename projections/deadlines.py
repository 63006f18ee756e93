"""What time will decide by itself, and when: rows only nominate a stream, the decision reads it again.

One row per order and thing that will come by itself, gone once it came or no longer can. Source: §3
"""

from domain.entry import Entry, Minor
from domain.moments import Moment
from domain.order_events import BillBecameOverdue, BillIssued, BillShare, PaymentCaptured, RefundGranted
from projections.projection import Key, Place, Projection, Row, events_of

BearsOnBills = BillIssued | PaymentCaptured | RefundGranted | BillBecameOverdue

OVERDUE = "bill_overdue"


class Nomination(Row):
    """A moment at which a stream has to be looked at."""

    stream: str
    kind: str
    subject: str
    """The bill."""
    due: Moment = 0
    open: Minor = 0
    """What is still to be paid, in minor units of the bill's currency."""
    last_position: Place = 0


class Deadlines(Projection[Nomination, BearsOnBills]):
    """Which streams has time something to decide in, and when?"""

    name = "deadlines"
    version = 1
    row = Nomination
    handles = events_of(BearsOnBills)
    key = ("stream", "kind", "subject")
    group_key = ("stream",)
    found_by = "stream"
    indexes = (("due", "stream"),)

    def group(self, it: BearsOnBills, entry: Entry) -> Key | None:
        return None if it.order is None else (it.order,)

    def fold(self, rows: dict[Key, Nomination], group: Key, it: BearsOnBills, entry: Entry) -> None:
        match it:
            case BillIssued():
                for deadline in it.deadlines:
                    rows[it.order, deadline.kind, it.bill] = Nomination(
                        it.order, deadline.kind, it.bill, deadline.due, it.amount, entry.position
                    )
            case PaymentCaptured():
                _settle(rows, it.order, it.bills, entry)
            case RefundGranted():
                _settle(rows, it.order or "", it.cleared, entry)
            case BillBecameOverdue():
                rows.pop((it.order, OVERDUE, it.bill), None)


def _settle(rows: dict[Key, Nomination], order: str, shares: tuple[BillShare, ...], entry: Entry) -> None:
    for share in shares:
        key = (order, OVERDUE, share.bill)
        row = rows.get(key)
        if row is not None:
            row.open -= share.amount
            row.last_position = entry.position
            if row.open == 0:
                del rows[key]


NOMINATED = """
SELECT DISTINCT due, stream FROM held WHERE due <= %s ORDER BY due, stream"""
"""What time has decided by a moment, in the order of its moments, over the rows `held`."""
