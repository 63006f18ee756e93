"""What suppliers were asked for and what they paid: one row per claim. Source: R-G2"""

from typing import assert_never

from domain.entry import Entry, Minor
from domain.moments import Day, Moment
from domain.suppliers.supplier_events import (
    SupplierClaimFiled,
    SupplierClaimRefused,
    SupplierClaimSettled,
    SupplierClaimWaived,
)
from projections.projection import Key, Place, Row, RowPerGroup, events_of

BearsOnClaims = SupplierClaimFiled | SupplierClaimSettled | SupplierClaimRefused | SupplierClaimWaived


class SupplierClaimRow(Row):
    """A claim; amounts in minor units of `currency`."""

    order: str
    claim: str
    customer: str = ""
    refund: str = ""
    supplier: str | None = None
    status: str = "filed"
    """`filed`, `part_settled`, `settled`, `refused`, `waived`: what was said last."""
    currency: str = ""
    """Empty where nothing was ever asked for."""
    claimed: Minor = 0
    recovered: Minor = 0
    units: int = 0
    until: Day | None = None
    """The first of the last days of its units' windows."""
    filed_on: Day | None = None
    """None where it was given up before."""
    sends_goods: bool = False
    filed_at: Moment | None = None
    answered_at: Moment | None = None
    reference: str | None = None
    """Of what was paid last."""
    last_position: Place = 0


class SupplierClaims(RowPerGroup[SupplierClaimRow, BearsOnClaims]):
    """What were suppliers asked for, and what came of it?"""

    name = "supplier_claims"
    version = 2
    row = SupplierClaimRow
    handles = events_of(BearsOnClaims)
    key = ("order", "claim")
    group_key = key
    own_id = "claim"
    found_by = "stream"
    indexes = (("status",), ("refund",))

    def group(self, it: BearsOnClaims, entry: Entry) -> Key:
        return it.order, it.claim

    def change(self, row: SupplierClaimRow, it: BearsOnClaims, entry: Entry) -> None:
        row.customer, row.refund, row.last_position = it.customer, it.refund, entry.position
        if not isinstance(it, SupplierClaimFiled):
            row.answered_at = entry.effective_at
        match it:
            case SupplierClaimFiled():
                row.supplier, row.currency, row.claimed = it.supplier, it.currency, it.amount
                row.filed_on, row.filed_at = it.filed_on, entry.effective_at
                row.sends_goods = it.sends_goods
                row.units = sum([unit.quantity for unit in it.units])
                row.until = min([unit.until for unit in it.units])
            case SupplierClaimSettled():
                row.recovered += it.amount
                row.status = "settled" if row.recovered >= row.claimed else "part_settled"
                row.reference = it.reference
            case SupplierClaimRefused():
                row.status = "refused"
            case SupplierClaimWaived():
                row.status = "waived"
                if it.units:
                    row.units = sum([unit.quantity for unit in it.units])
                    row.until = min([unit.until for unit in it.units])
            case _:
                assert_never(it)


LISTED = """
SELECT claim AS id, "order", customer, refund, supplier, status, currency, claimed, recovered, units, until,
       filed_on, sends_goods, filed_at, answered_at, reference, last_position
FROM held"""
"""The claims, over the rows `held`."""
