"""Money that had gone from an order and comes to us again: reinstated by a bank, or a payout that came back.

Had it been here all the time, what was taken from us since would have found it among the order's funds, and
left so much less owed without a number. So it pays that first: what is open, then what was written off. Only
the rest is the order's money again, or due back again.

    75.95 refunded and paid out, then charged back → 75.95 owed without a number
    then the cheque comes back undelivered         → nothing is owed, and nothing is due back

Source: R-B9, R-G9, §2 Money
"""

import msgspec

from domain.bills.bill import Bill, Bills, in_turn, with_written_off
from domain.bills.bill_events import BillShare, ReopenedBy, WriteOffReversed
from domain.bills.writing_off import write_off_reversed
from domain.orders.order import Placed


class PaidAgain(msgspec.Struct, frozen=True):
    """What such money pays, and what of that counts as open again first."""

    reopened: tuple[WriteOffReversed, ...]
    """Recorded in the same append, before it."""
    shares: tuple[BillShare, ...]


def paid_again(state: Placed, amount: int, *, since: int, because: ReopenedBy, by: str) -> PaidAgain:
    """What so much, which had gone at that position, pays of what was left owed without a number since.

    Source: R-B9, R-G9
    """
    rows = _owed_since(state.bills, since)
    left = max(0, amount - sum([row.open for row in rows]))
    reopened: list[WriteOffReversed] = []
    bills = state.bills
    for row in rows:
        if share := min(left, row.written_off):
            reopened.append(write_off_reversed(state, row, share, because, by))
            bills = with_written_off(bills, row.bill, -share)
            left -= share
    return PaidAgain(tuple(reopened), in_turn(_owed_since(bills, since), amount))


def _owed_since(bills: Bills, position: int) -> list[Bill]:
    return [bill for bill in bills.values() if not bill.is_numbered and bill.position >= position]
