"""Money that moved and waits for somebody to say what it was for: one row per receipt or payout."""

from typing import Literal, assert_never

from domain.entry import Entry, Minor
from domain.inbound.unmatched_events import (
    UnmatchedMoneyEvent,
    UnmatchedPayout,
    UnmatchedPayoutAssigned,
    UnmatchedPayoutReturned,
    UnmatchedReceipt,
    UnmatchedReceiptAssigned,
    UnmatchedReceiptCameAgain,
    UnmatchedReceiptReopened,
    UnmatchedReceiptReturned,
)
from domain.moments import Moment
from projections.projection import Key, Place, Row, RowPerGroup, events_of

Direction = Literal["receipt", "payout"]


class UnmatchedRow(Row):
    """Money without a place; amounts in minor units of `currency`."""

    unmatched: str
    direction: Direction = "receipt"
    customer: str | None = None
    """Whose it seems to be; once nothing is left to assign, whose the last of it was."""
    order: str | None = None
    """The order it named; once nothing is left to assign, the one the last of it was for."""
    named_customer: str | None = None
    named_order: str | None = None
    """What it named when it moved: what waits of it waits for that."""
    currency: str = ""
    amount: Minor = 0
    assigned: Minor = 0
    returned: Minor = 0
    left: Minor = 0
    processor: str = ""
    reference: str = ""
    why: str = ""
    """The refusal that kept it from its order; `unknown` where it named none."""
    since: Moment = 0
    settled_at: Moment | None = None
    last_position: Place = 0


class Unmatched(RowPerGroup[UnmatchedRow, UnmatchedMoneyEvent]):
    """Which money came or left that no rule could place, and what became of it?"""

    name = "unmatched"
    version = 4
    row = UnmatchedRow
    handles = events_of(UnmatchedMoneyEvent)
    key = ("unmatched",)
    group_key = key
    indexes = (("since",), ("customer", "since"))

    def group(self, it: UnmatchedMoneyEvent, entry: Entry) -> Key:
        return (it.unmatched,)

    def change(self, row: UnmatchedRow, it: UnmatchedMoneyEvent, entry: Entry) -> None:
        match it:
            case UnmatchedReceipt() | UnmatchedPayout():
                _begin(row, it, entry)
            case UnmatchedReceiptAssigned() | UnmatchedPayoutAssigned():
                row.assigned += it.amount
            case UnmatchedReceiptReopened():
                row.assigned -= it.amount
            case UnmatchedReceiptCameAgain():
                row.returned -= it.amount
            case UnmatchedReceiptReturned() | UnmatchedPayoutReturned():
                row.returned += it.amount
            case _:
                assert_never(it)
        row.left = row.amount - row.assigned - row.returned
        row.settled_at = None if row.left else entry.effective_at
        row.customer, row.order = row.named_customer, row.named_order
        if not row.left and isinstance(it, UnmatchedReceiptAssigned | UnmatchedPayoutAssigned):
            row.customer, row.order = it.customer, it.order
        row.last_position = entry.position


def _begin(row: UnmatchedRow, it: UnmatchedReceipt | UnmatchedPayout, entry: Entry) -> None:
    row.direction = "receipt" if isinstance(it, UnmatchedReceipt) else "payout"
    row.named_customer, row.named_order = it.customer, it.order
    row.currency, row.amount = it.currency, it.amount
    row.processor, row.reference, row.why = it.processor, it.reference, it.why
    row.since = entry.effective_at


LISTED = """
SELECT unmatched AS id, direction, customer, "order", currency, amount, assigned, returned, "left", processor,
       reference, why, since, settled_at, last_position
FROM held"""
"""All of it, settled or not, over the rows `held`."""
