"""Lists of refunds: what waits and was paid, the audit of all of them, and what was refunded by month."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.call import Call
from api.grammars import Currency, CustomerId, CustomerInPath, OrderId, OrderInPath
from api.lists import ListQuery, RowsPage, item_of, list_of, named_by
from api.permissions import Permission
from api.section import Section
from domain.customers.registering import Customer
from domain.entry import Minor
from domain.moments import Day, Moment
from domain.orders.order import Placed
from ledger.projecting.conditions import Condition, Where
from ledger.projecting.listing import Listing
from projections.refund_audit import LISTED, RefundAudit
from projections.refunded_units import REPORT, RefundedUnits

refund_lists = Section("refund lists", "Every refund: who, why, under what, and where the money went.")


class RefundItem(msgspec.Struct, frozen=True):
    """A refund, and what is odd about it."""

    id: str
    customer: str
    order: str
    currency: str
    stage: str
    basis: str
    verified: bool
    requested_at: Moment | None
    requested_by: str | None
    escalated_to: str | None
    granted_at: Moment | None
    granted_on: Day | None
    year: int | None
    number: int | None
    external_ref: str | None
    observed_problem: str | None
    proactive: bool
    label: str | None
    days_since_delivery: int | None
    days_since_order: int | None
    units: int
    parts: int
    requested: Minor
    granted: Minor
    credited: Minor
    against_limits: Minor
    cleared: Minor
    paid: Minor
    without_reference: Minor
    set_aside: Minor
    method: str | None
    first_contact_at: Moment | None
    paid_at: Moment | None
    minutes_from_contact: int | None
    decided_by: str | None
    decided_as: str | None
    limit: Minor | None
    edition: int | None
    origin: str
    failed_payouts: int
    returned_payouts: int
    unmatched_payouts: int
    signals: int
    goods: str
    goods_value: Minor
    asked_back: int
    kept: int
    did_not_come: int
    labels_sent: int
    returned_unused: int
    returned_used: int
    returned_empty: int
    return_cost_avoided: Minor
    overridden: bool
    recoverable: int
    claims: int
    claims_settled: int
    claims_refused: int
    claims_waived: int
    claimed: Minor
    recovered: Minor
    net_cost: Minor
    anomalies: str
    entries: str
    last_position: int


class RefundReportItem(msgspec.Struct, frozen=True):
    """What was refunded in a month, by whether it was verified and by age."""

    month: str
    currency: str
    verified: bool
    label: str
    parts: int
    refunds: int
    units: int
    amount: Minor
    note_amount: Minor
    last_position: int


REFUNDS = Listing(projection=RefundAudit(), item=RefundItem, answer=LISTED, key=("id",))
REPORTED = Listing(
    projection=RefundedUnits(),
    item=RefundReportItem,
    answer=REPORT,
    key=("month", "currency", "verified", "label"),
)


class RefundsQuery(ListQuery):
    """Which refunds; none named, all."""

    stage: Literal["requested", "escalated", "withdrawn", "granted", "settled", "corrected"] | None = None
    order: OrderId | None = None
    customer: CustomerId | None = None
    currency: Currency | None = None
    basis: (
        Literal["price_paid", "original_charges", "full_list_price", "stated", "credit", "undelivered"] | None
    ) = None
    label: Literal["supplier", "guarantee", "beyond_guarantee"] | None = None
    sort: Literal[
        "id", "-id", "last_position", "-last_position", "requested", "-requested", "granted", "-granted"
    ] = "id"


class AuditQuery(RefundsQuery):
    """Which refunds of the audit."""

    odd: bool = Field(default=False, description="Only those with anomalies.")


class ReportQuery(ListQuery):
    """Which months."""

    currency: Currency | None = None
    customer: CustomerId | None = None
    sort: Literal["month", "-month"] = "month"


@refund_lists.question(
    "/v1/orders/{order}/refunds", Permission.READ, answers=RowsPage[item_of(RefundItem)], lists_rows=True
)
async def list_order_refunds(
    call: Call, order: OrderInPath, query: Annotated[ListQuery, Query()]
) -> Response:
    """List the refunds of an order"""
    await call.found(order, Placed)
    return await list_of(call, REFUNDS, query, sort="id", held=(Where("order", "=", order),))


@refund_lists.question(
    "/v1/customers/{customer}/refunds",
    Permission.READ,
    answers=RowsPage[item_of(RefundItem)],
    lists_rows=True,
)
async def list_customer_refunds(
    call: Call, customer: CustomerInPath, query: Annotated[ListQuery, Query()]
) -> Response:
    """List the refunds of a customer, of their orders and others"""
    await call.found(customer, Customer)
    return await list_of(call, REFUNDS, query, sort="id", prefix=(customer,))


@refund_lists.question("/v1/refunds", Permission.READ, answers=RowsPage[item_of(RefundItem)], lists_rows=True)
async def list_refunds(call: Call, query: Annotated[RefundsQuery, Query()]) -> Response:
    """List refunds: what waits for a decision, what was granted, what was paid

    `requested` is what it came to when it was asked for. While it is `granted` something of it is to be paid;
    once it is `settled` nothing is: it left, settled a bill, covers units still to ship, or a bank took it.
    """
    return await list_of(call, REFUNDS, query, sort=query.sort, where=_conditions(query))


@refund_lists.question(
    "/v1/refund-audit", Permission.READ, answers=RowsPage[item_of(RefundItem)], lists_rows=True
)
async def audit_refunds(call: Call, query: Annotated[AuditQuery, Query()]) -> Response:
    """Audit refunds: who, why, under what, where the money went, and what is odd

    `entries` names the positions that say so. An anomaly informs; it refuses nothing.
    """
    odd = (Where("anomalies", "<>", ""),) if query.odd else ()
    return await list_of(call, REFUNDS, query, sort=query.sort, where=(*_conditions(query), *odd))


@refund_lists.question(
    "/v1/refund-report", Permission.READ, answers=RowsPage[item_of(RefundReportItem)], lists_rows=True
)
async def report_refunds(call: Call, query: Annotated[ReportQuery, Query()]) -> Response:
    """Report refunds by month, by whether they were verified, and by age

    The month is that of the grant, also where it was entered late; refunds taken back are left out. It says
    what was refunded, as known today. What the books said when a month was closed is `/v1/period-report`.
    """
    held = named_by(query, "currency", "customer")
    return await list_of(call, REPORTED, query, sort=query.sort, held=held)


def _conditions(query: RefundsQuery) -> tuple[Condition, ...]:
    return named_by(query, "stage", "order", "customer", "currency", "basis", "label")
