"""New credit, which is money from us: who asked for it, who gave it, under what, and what says so.

Source: R-G11, R-S8
"""

from typing import Literal, assert_never

from domain.entry import Entry, Minor
from domain.moments import Day, Moment
from domain.payments.payment_events import (
    StoreCreditEscalated,
    StoreCreditGranted,
    StoreCreditRequested,
    StoreCreditWithdrawn,
)
from projections.projection import Key, Place, Row, RowPerGroup, events_of

TellsOfNewCredit = StoreCreditRequested | StoreCreditEscalated | StoreCreditWithdrawn | StoreCreditGranted

CreditStage = Literal["escalated", "withdrawn", "granted"]


class StoreCreditRow(Row):
    """New credit and what became of it; amounts in minor units of `currency`."""

    customer: str
    credit: str
    stage: CreditStage = "escalated"
    kind: str = ""
    currency: str = ""
    asked: Minor = 0
    granted: Minor = 0
    requested_at: Moment | None = None
    """None where it was given at once."""
    requested_by: str | None = None
    escalated_to: str | None = None
    granted_at: Moment | None = None
    granted_on: Day | None = None
    decided_by: str | None = None
    decided_as: str | None = None
    limit: Minor | None = None
    case: str | None = None
    external_ref: str | None = None
    """The credit note from elsewhere that says so."""
    note_line: int | None = None
    note_sku: str | None = None
    """What that line names; empty of meaning where it is no goods: a discount, a correction by hand."""
    origin: str = ""
    last_position: Place = 0


class StoreCredits(RowPerGroup[StoreCreditRow, TellsOfNewCredit]):
    """Which new credit did we give, who decided it, and why?"""

    name = "store_credits"
    version = 1
    row = StoreCreditRow
    handles = events_of(TellsOfNewCredit)
    key = ("customer", "credit")
    group_key = key
    own_id = "credit"
    found_by = "customer"
    indexes = (("granted_on",), ("stage",))

    def group(self, it: TellsOfNewCredit, entry: Entry) -> Key:
        return it.customer, it.credit

    def change(self, row: StoreCreditRow, it: TellsOfNewCredit, entry: Entry) -> None:
        match it:
            case StoreCreditRequested():
                row.kind, row.currency, row.asked, row.case = it.kind, it.currency, it.amount, it.case
                row.requested_at, row.requested_by = entry.effective_at, it.requested_by
            case StoreCreditEscalated():
                row.escalated_to = it.to_role
            case StoreCreditWithdrawn():
                row.stage = "withdrawn"
            case StoreCreditGranted():
                _grant(row, it, entry)
            case _:
                assert_never(it)
        row.origin, row.last_position = entry.meta.origin, entry.position


def _grant(row: StoreCreditRow, it: StoreCreditGranted, entry: Entry) -> None:
    row.stage, row.kind, row.currency, row.case = "granted", it.kind, it.currency, it.case
    row.asked = row.granted = it.amount
    row.granted_at, row.granted_on = entry.effective_at, it.granted_on
    row.decided_by, row.decided_as, row.limit = it.decided_by, it.decided_as, it.limit
    if it.said_by is not None:
        row.external_ref, row.note_line = it.said_by.reference, it.said_by.line
        row.note_sku = it.said_by.sku


LISTED = """
SELECT credit AS id, customer, stage, kind, currency, asked, granted, requested_at, requested_by,
       escalated_to, granted_at, granted_on, decided_by, decided_as, "limit", "case", external_ref,
       note_line, note_sku, origin, last_position
FROM held"""
"""The credit given and asked for, over the rows `held`."""

REPORT = """
SELECT left(granted_on, 7) AS month, currency, kind, coalesce(note_sku, '') AS note_sku,
       count(*)::bigint AS credits, sum(granted) AS amount, max(last_position) AS last_position
FROM held WHERE stage = 'granted' GROUP BY 1, 2, 3, 4"""
"""What was given by month, by why, and by what a note from elsewhere calls it, over the rows `held`."""
