"""What was refunded, unit by unit: one row per part of a grant, the ground of the reports by age and month.

Source: R-G2, R-G3, §4
"""

from domain.corrections.correction_events import RefundCorrected
from domain.entry import Entry, Minor
from domain.moments import Day
from domain.refunds.refund_events import RefundGranted
from projections.projection import Key, Place, Projection, Row, events_of


class RefundedUnitsRow(Row):
    """Units refunded together; amounts in minor units of `currency`."""

    customer: str
    refund: str
    part: int
    """1, 2, … within the grant."""
    order: str = ""
    """Empty where unverified."""
    line: int | None = None
    sku: str | None = None
    """Named only where there is no line."""
    currency: str = ""
    units: int = 0
    amount: Minor = 0
    """Goods and tax."""
    label: str | None = None
    days_since_delivery: int | None = None
    external_ref: str | None = None
    """The credit note from elsewhere."""
    note_line: int | None = None
    note_amount: Minor | None = None
    """What that note names for them."""
    granted_on: Day = ""
    last_position: Place = 0


class RefundedUnits(Projection[RefundedUnitsRow, RefundGranted | RefundCorrected]):
    """Which units were refunded, how old, and at what amount?"""

    name = "refunded_units"
    version = 1
    row = RefundedUnitsRow
    handles = events_of(RefundGranted | RefundCorrected)
    key = ("customer", "refund", "part")
    group_key = ("customer", "refund")
    own_id = "refund"
    found_by = "customer"
    indexes = (("granted_on",),)

    def group(self, it: RefundGranted | RefundCorrected, entry: Entry) -> Key:
        return it.customer, it.refund

    def fold(
        self,
        rows: dict[Key, RefundedUnitsRow],
        group: Key,
        it: RefundGranted | RefundCorrected,
        entry: Entry,
    ) -> None:
        if isinstance(it, RefundCorrected):
            rows.clear()  # it was none
            return
        for number, part in enumerate(it.parts, start=1):
            rows[it.customer, it.refund, number] = RefundedUnitsRow(
                customer=it.customer,
                refund=it.refund,
                part=number,
                order=it.order or "",
                line=part.line,
                sku=part.sku,
                currency=it.currency,
                units=part.quantity,
                amount=part.goods + part.tax,
                label=part.label,
                days_since_delivery=part.days_since_delivery,
                external_ref=None if it.ask is None else it.ask.external_ref,
                note_line=part.note_line,
                note_amount=part.note_amount,
                granted_on=it.granted_on,
                last_position=entry.position,
            )


REPORT = """
SELECT left(granted_on, 7) AS month, currency,
       "order" <> '' AS verified, coalesce(label, '') AS label, count(*)::bigint AS parts,
       count(DISTINCT refund)::bigint AS refunds, sum(units)::bigint AS units,
       sum(amount) AS amount, coalesce(sum(note_amount), 0) AS note_amount,
       max(last_position) AS last_position
FROM held GROUP BY 1, 2, 3, 4"""
"""What was refunded by month, over the rows `held`."""
