"""Every refund, from asking to the money being at the customer's: who, why, under what, and what it came to;
what became of the goods, and what their supplier bore.

One row per refund. Where its money went adds up at every position:

    granted = cleared + paid + set aside + still due + away, none of them below 0

    cleared  of bills, with the grant and since; but for the charged fee by which a cancellation settled one
             beside what it granted
    due      as RefundDueChanged, the grant or the last payout says; of two refunds until one is paid, where
             less is there than both grant
    away     a bank took it, it never came, or it covers units still to ship

What is odd about one is computed from its row (`ANOMALIES`) and refuses nothing. Source: R-G2 … R-G12, §4
"""

from typing import Literal, assert_never

from domain.bills.bill_events import BillShare
from domain.corrections.correction_events import RefundCorrected
from domain.entry import Entry, Minor
from domain.moments import Day, Moment
from domain.payments.payment_events import CreditSetAside
from domain.refunds.payout_events import PayoutAsked, PayoutNamed
from domain.refunds.refund_events import (
    FraudSignalRaised,
    PayoutUnmatched,
    RefundDueChanged,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundRequested,
    RefundReturned,
    RefundWithdrawn,
)
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    KeepOrReturn,
    ReturnLabelSent,
)
from domain.suppliers.supplier_events import (
    SupplierClaimFiled,
    SupplierClaimRefused,
    SupplierClaimSettled,
    SupplierClaimWaived,
)
from projections.projection import Key, Place, Row, RowPerGroup, events_of

TellsOfGoods = GoodsReturnRequested | GoodsLeftWithCustomer | ReturnLabelSent | GoodsReturned
TellsOfASupplier = SupplierClaimFiled | SupplierClaimSettled | SupplierClaimRefused | SupplierClaimWaived
TellsOfARefund = (
    RefundRequested
    | RefundEscalated
    | RefundWithdrawn
    | RefundGranted
    | RefundPaid
    | RefundPaymentFailed
    | RefundReturned
    | RefundDueChanged
    | PayoutUnmatched
    | PayoutAsked
    | PayoutNamed
    | RefundCorrected
    | CreditSetAside
    | FraudSignalRaised
    | TellsOfGoods
    | TellsOfASupplier
)

RefundStage = Literal["requested", "escalated", "withdrawn", "granted", "settled", "corrected"]
"""granted: something of it is to be paid. settled: nothing is; it left, settled a bill, covers units still to
ship, or a bank took it.
"""
LABELS = ("supplier", "guarantee", "beyond_guarantee")
"""From the youngest to the oldest."""
MINUTE = 60_000_000


class RefundRow(Row):
    """A refund and what became of it; amounts in minor units of `currency`."""

    customer: str
    refund: str
    order: str = ""
    """Empty where it belongs to no order."""
    currency: str = ""
    stage: RefundStage = "requested"
    requested_at: Moment | None = None
    """When the customer asked, or it was taken down; None where we offered it."""
    requested_by: str | None = None
    escalated_to: str | None = None
    granted_at: Moment | None = None
    granted_on: Day | None = None
    year: int | None = None
    number: int | None = None
    external_ref: str | None = None
    basis: str = ""
    verified: bool = False
    """Whether it is of units that an order shows."""
    observed_problem: str | None = None
    proactive: bool = False
    label: str | None = None
    """Of its oldest part."""
    days_since_delivery: int | None = None
    days_since_order: int | None = None
    units: int = 0
    parts: int = 0
    requested: Minor = 0
    """What it came to when it was asked for, or granted at once."""
    granted: Minor = 0
    credited: Minor = 0
    against_limits: Minor = 0
    """What of it the limits were compared with when it was decided, whatever became of it since."""
    cleared: Minor = 0
    """Bills settled, with the grant and since, what was written off included; not what is due back after all.
    """
    paid: Minor = 0
    """Money that left us, less what came back."""
    without_reference: Minor = 0
    """What of it left, and nobody has said under which reference; also what came back of that."""
    set_aside: Minor = 0
    method: str | None = None
    """Of the last payout."""
    failed_payouts: int = 0
    returned_payouts: int = 0
    unmatched_payouts: int = 0
    """Left us, and it could take them no longer: their money waits until somebody says what it was."""
    first_contact_at: Moment | None = None
    paid_at: Moment | None = None
    """When money first left us, or it was kept as credit."""
    minutes_from_contact: int | None = None
    """From the first contact to then."""
    decided_by: str | None = None
    decided_as: str | None = None
    limit: Minor | None = None
    edition: int | None = None
    origin: str = ""
    """Where it was asked for, then where it was granted."""
    signals: int = 0
    goods_value: Minor = 0
    """Of the goods it was decided about: the price paid; the list price where they were not ordered."""
    asked_back: int = 0
    """Units the customer was asked to send back."""
    kept: int = 0
    """Units that stay with the customer, at once or because they did not come."""
    did_not_come: int = 0
    """Of those kept: what the customer had been asked to send back."""
    labels_sent: int = 0
    returned_unused: int = 0
    returned_used: int = 0
    returned_empty: int = 0
    return_cost_avoided: Minor = 0
    overridden: bool = False
    """Whether a person decided otherwise about the goods than the rule."""
    recoverable: int = 0
    """Units their supplier answered for when they were asked for."""
    claims: int = 0
    """On suppliers."""
    claims_settled: int = 0
    """Paid in full."""
    claims_refused: int = 0
    claims_waived: int = 0
    """Given up, filed before or not."""
    claimed: Minor = 0
    recovered: Minor = 0
    net_cost: Minor = 0
    """credited − recovered. What a return costs is policy's estimate, not money that moved: it is not in it.
    """
    entries: str = ""
    """Positions of what says so, in order, with blanks between."""
    last_position: Place = 0


class RefundAudit(RowPerGroup[RefundRow, TellsOfARefund]):
    """Which refunds were there: who, why, under what, and where did the money go?"""

    name = "refund_audit"
    version = 8
    row = RefundRow
    handles = events_of(TellsOfARefund)
    key = ("customer", "refund")
    group_key = key
    own_id = "refund"
    found_by = "customer"
    indexes = (("refund",), ("granted_at",), ("stage", "granted_at"))

    def group(self, it: TellsOfARefund, entry: Entry) -> Key | None:
        if isinstance(it, CreditSetAside):
            is_twin = it.order is not None and entry.stream != it.order
            return None if it.source != "refund" or is_twin else (it.customer, it.subject)
        return it.customer, it.refund

    def change(self, row: RefundRow, it: TellsOfARefund, entry: Entry) -> None:
        match it:
            case RefundRequested():
                _request(row, it, entry)
            case RefundEscalated():
                row.stage, row.escalated_to = "escalated", it.to_role
            case RefundWithdrawn():
                row.stage = "withdrawn"
            case RefundGranted():
                _grant(row, it, entry)
            case RefundPaid():
                row.paid += it.amount
                row.method = it.method
                if it.reference is None:
                    row.without_reference += it.amount
                _settle(row, it.left, entry)
            case CreditSetAside():
                row.set_aside += it.amount
                if row.paid == 0:  # what stands beside money is not its way
                    row.method = "store_credit"
                _settle(row, it.left, entry)
            case RefundPaymentFailed():
                row.failed_payouts += 1
            case RefundReturned():
                row.paid -= it.amount
                row.returned_payouts += 1
                row.stage = "granted" if it.left else "settled"
            case RefundDueChanged():
                row.stage = "granted" if it.due else "settled"
                row.cleared += it.cleared_late
            case PayoutUnmatched():
                row.unmatched_payouts += 1
            case PayoutNamed():
                row.without_reference -= it.amount
            case PayoutAsked():
                pass  # what left says so itself
            case RefundCorrected():
                row.stage = "corrected"  # it was none, and what it credited is owed again
                row.granted -= it.granted
                row.credited -= it.credit_amount
                row.cleared = row.units = row.parts = 0
                row.recoverable = 0
            case FraudSignalRaised():
                row.signals += 1
            case GoodsReturnRequested() | GoodsLeftWithCustomer() | ReturnLabelSent() | GoodsReturned():
                _follow_goods(row, it)
            case (
                SupplierClaimFiled() | SupplierClaimSettled() | SupplierClaimRefused() | SupplierClaimWaived()
            ):
                _follow_claim(row, it)
            case _:
                assert_never(it)
        row.net_cost = row.credited - row.recovered
        row.entries = f"{row.entries} {entry.position}".lstrip()
        row.last_position = entry.position


def _request(row: RefundRow, it: RefundRequested, entry: Entry) -> None:
    row.order, row.currency = it.order or "", it.currency
    row.basis, row.verified = it.basis, it.order is not None
    row.requested_at = entry.effective_at if it.ask.asked_at is None else it.ask.asked_at
    row.requested_by = it.requested_by
    row.observed_problem, row.proactive = it.ask.observed_problem, it.ask.proactive
    row.first_contact_at = it.ask.first_contact_at
    row.external_ref = it.ask.external_ref
    row.requested, row.edition, row.origin = it.amount, entry.meta.edition, entry.meta.origin
    asked = (*it.ask.units, *it.ask.claims)
    row.units, row.parts = sum([each.quantity for each in asked]), len(asked)


def _grant(row: RefundRow, it: RefundGranted, entry: Entry) -> None:
    row.order, row.currency = it.order or "", it.currency
    row.granted_on = it.granted_on
    row.stage = "granted" if it.left else "settled"
    row.granted_at, row.basis = entry.effective_at, it.basis
    row.verified = it.order is not None
    row.year, row.number = it.year, it.number
    row.granted, row.credited, row.against_limits = it.granted, it.credit_amount, it.against_limits
    row.cleared = _sum(it.cleared) + _sum(it.write_offs_cleared)
    if row.requested_by is None:
        row.requested = it.granted
    row.units, row.parts = sum([part.quantity for part in it.parts]), len(it.parts)
    labels = [part.label for part in it.parts if part.label is not None]
    row.label = max(labels, key=LABELS.index, default=None)
    delivered = [part.days_since_delivery for part in it.parts if part.days_since_delivery is not None]
    ordered = [part.days_since_order for part in it.parts if part.days_since_order is not None]
    row.days_since_delivery = max(delivered, default=None)
    row.days_since_order = max(ordered, default=None)
    if it.observed_problem != "wrong_item":
        row.recoverable = sum([part.quantity for part in it.parts if part.label == "supplier"])
    row.decided_by, row.decided_as, row.limit = it.decided_by, it.decided_as, it.limit
    row.edition, row.origin = entry.meta.edition, entry.meta.origin
    if it.ask is not None:
        row.observed_problem, row.proactive = it.ask.observed_problem, it.ask.proactive
        row.external_ref, row.first_contact_at = it.ask.external_ref, it.ask.first_contact_at
        if row.requested_at is None and not it.ask.proactive:
            row.requested_at = entry.effective_at if it.ask.asked_at is None else it.ask.asked_at


def _follow_goods(row: RefundRow, it: TellsOfGoods) -> None:
    """What becomes of the goods. Source: R-G5, R-G7"""
    match it:
        case GoodsReturnRequested():
            _weigh(row, it.weighed)
            row.asked_back += sum([goods.quantity for goods in it.goods])
        case GoodsLeftWithCustomer():
            units = sum([goods.quantity for goods in it.goods])
            if it.weighed is None:
                row.did_not_come += units
            else:
                _weigh(row, it.weighed)
            row.kept += units
            row.return_cost_avoided += it.avoided
        case ReturnLabelSent():
            row.labels_sent += 1
        case GoodsReturned():
            for goods in it.goods:
                match goods.condition:
                    case "unused":
                        row.returned_unused += goods.quantity
                    case "used":
                        row.returned_used += goods.quantity
                    case "empty":
                        row.returned_empty += goods.quantity


def _weigh(row: RefundRow, weighed: KeepOrReturn) -> None:
    row.goods_value += weighed.value
    row.overridden = row.overridden or weighed.decided != weighed.by_rule


def _follow_claim(row: RefundRow, it: TellsOfASupplier) -> None:
    """What its supplier was asked for and bore. Source: R-G2"""
    match it:
        case SupplierClaimFiled():
            row.claims += 1
            row.claimed += it.amount
        case SupplierClaimSettled():
            row.claims_settled += it.in_full
            row.recovered += it.amount
        case SupplierClaimRefused():
            row.claims_refused += 1
        case SupplierClaimWaived():
            row.claims_waived += 1


def _settle(row: RefundRow, left: int, entry: Entry) -> None:
    row.stage = "granted" if left else "settled"
    if row.paid_at is None:
        row.paid_at = entry.effective_at
        if row.first_contact_at is not None:
            row.minutes_from_contact = (entry.effective_at - row.first_contact_at) // MINUTE


def _sum(shares: tuple[BillShare, ...]) -> int:
    return sum([share.amount for share in shares])


ANOMALIES = """
concat_ws(' ',
    CASE WHEN decided_as IS NOT NULL AND "limit" IS NOT NULL AND against_limits > "limit"
        THEN 'above_limit' END,
    CASE WHEN requested_by IS NOT NULL AND requested_by = decided_by AND escalated_to IS NOT NULL
        THEN 'approved_by_requester' END,
    CASE WHEN paid + set_aside > granted THEN 'paid_more_than_granted' END,
    CASE WHEN stage <> 'requested' AND NOT verified AND basis IN ('full_list_price', 'stated')
        THEN 'unverified' END,
    CASE WHEN failed_payouts > 0 THEN 'payout_failed' END,
    CASE WHEN returned_payouts > 0 THEN 'payout_returned' END,
    CASE WHEN unmatched_payouts > 0 THEN 'payout_unmatched' END,
    CASE WHEN without_reference > 0 THEN 'payout_without_reference' END,
    CASE WHEN signals > 0 THEN 'signal' END,
    CASE WHEN overridden THEN 'goods_against_rule' END,
    CASE WHEN did_not_come > 0 THEN 'goods_did_not_come' END,
    CASE WHEN claims_refused > 0 AND recovered < claimed THEN 'supplier_refused' END,
    CASE WHEN claims_waived > 0 THEN 'supplier_waived' END,
    CASE WHEN recovered > claimed THEN 'recovered_more_than_claimed' END,
    CASE WHEN recovered > credited THEN 'recovered_more_than_credited' END,
    CASE WHEN stage = 'corrected' AND (asked_back, kept, claims) <> (0, 0, 0)
        THEN 'corrected_after_goods' END)"""
"""What is odd about a refund, as words with blanks between; empty where nothing is."""

GOODS = """
CASE WHEN asked_back = 0 AND kept > 0 THEN 'kept'
     WHEN asked_back = 0 THEN ''
     WHEN returned_unused + returned_used + returned_empty >= asked_back THEN 'returned'
     WHEN did_not_come > 0 THEN 'left'
     WHEN returned_unused + returned_used + returned_empty > 0 THEN 'part_returned'
     WHEN labels_sent > 0 THEN 'label_sent' ELSE 'requested' END"""
"""What became of the goods, in a word; empty where nothing was decided about them."""

LISTED = f"""
SELECT refund AS id, customer, "order", currency, stage, basis, verified, requested, requested_at,
       requested_by, escalated_to, granted_at, granted_on, year, number, external_ref, observed_problem,
       proactive, label, days_since_delivery, days_since_order, units, parts, granted, credited,
       against_limits, cleared, paid, without_reference, set_aside, method, first_contact_at, paid_at,
       minutes_from_contact, decided_by, decided_as, "limit", edition, origin, failed_payouts,
       returned_payouts, unmatched_payouts, signals,
       {GOODS} AS goods, goods_value, asked_back, kept, did_not_come, labels_sent, returned_unused,
       returned_used, returned_empty, return_cost_avoided, overridden, recoverable, claims, claims_settled,
       claims_refused, claims_waived, claimed, recovered, net_cost, {ANOMALIES} AS anomalies, entries,
       last_position
FROM held"""
"""The refunds with what is odd about them, over the rows `held`."""
