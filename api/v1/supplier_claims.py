"""Claims on suppliers, and what we still answer for: guarantees, exposure, return rates."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.answers import Receipt
from api.call import Call, asked
from api.grammars import ClaimInPath, CustomerId, OrderId, RefundId, RefundInPath, Sku
from api.lists import ListQuery, RowsPage, asked_at, item_of, list_of, named_by
from api.permissions import Permission
from api.problems import Fault, Invalid, NotFound
from api.section import Section
from api.v1.goods_return_bodies import (
    FileSupplierClaimBody,
    RefuseSupplierClaimBody,
    SettleSupplierClaimBody,
    WaiveSupplierClaimBody,
    WaiveSupplierClaimsBody,
)
from api.v1.holders import decided_in, holder_of
from api.v1.order_bodies import parts_of
from domain.entry import Minor
from domain.moments import Day, Moment
from domain.orders.order import Placed
from domain.refunds.refund import REFUND
from domain.suppliers.claim_answers import RefuseSupplierClaim, SettleSupplierClaim, WaiveSupplierClaim
from domain.suppliers.claiming import FileSupplierClaim
from domain.suppliers.supplier_claim import SUPPLIER_CLAIM
from ledger.identity import mint
from ledger.projecting.conditions import Where
from ledger.projecting.listing import Listing
from projections import guarantees as exposure
from projections import supplier_claims as claims
from projections.guarantees import Guarantees
from projections.supplier_claims import SupplierClaims

suppliers = Section(
    "suppliers",
    "What suppliers answer for inside their window, what they were asked for, and what is ours to bear.",
)


class SupplierClaimItem(msgspec.Struct, frozen=True):
    """A claim on a supplier."""

    id: str
    order: str
    customer: str
    refund: str
    supplier: str | None
    status: str
    currency: str
    claimed: Minor
    recovered: Minor
    units: int
    until: Day | None
    filed_on: Day | None
    sends_goods: bool
    filed_at: Moment | None
    answered_at: Moment | None
    reference: str | None
    last_position: int


class GuaranteeItem(msgspec.Struct, frozen=True):
    """Units of a line delivered together: their windows, what was refunded, and what may be asked back."""

    order: str
    line: int
    delivery: str
    customer: str
    sku: str
    ordered_on: Day
    delivered_on: Day
    guarantee_until: Day
    supplier_until: Day
    delivered: int
    refunded: int
    refunded_before: int
    open: int
    currency: str
    exposure: Minor
    refunded_amount: Minor
    last_position: int


class ReturnRateItem(msgspec.Struct, frozen=True):
    """How many of a sku's units were refunded at an age, or came back, and of how many."""

    sku: str
    age: str
    """Days since their delivery; `all`: of those that arrived."""
    units: int
    measured_by: str
    """`delivered` or `shipped`."""
    of_units: int
    basis_points: int
    last_position: int


CLAIMS = Listing(
    projection=SupplierClaims(), item=SupplierClaimItem, answer=claims.LISTED, key=("id",), group=("order",)
)
GUARANTEES = Listing(
    projection=Guarantees(),
    item=GuaranteeItem,
    answer=exposure.LISTED,
    key=("order", "line", "delivery"),
    group=("order",),
)
RATES = Listing(
    projection=Guarantees(),
    item=ReturnRateItem,
    answer=exposure.RATES,
    key=("sku", "age"),
    summed_by=("sku",),
)

Age = Literal["all", "before_delivery", "0-30", "31-90", "91-180", "181-365", "later", "came_back"]


class SupplierClaimsQuery(ListQuery):
    """Which claims; none named, all."""

    status: Literal["filed", "part_settled", "settled", "refused", "waived"] | None = None
    order: OrderId | None = None
    refund: RefundId | None = None
    customer: CustomerId | None = None
    sort: Literal["id", "-id", "filed_at", "-filed_at", "until", "-until"] = "id"


class GuaranteesQuery(ListQuery):
    """Which deliveries; none named, all."""

    open: bool = Field(
        default=False, description="Only what may be asked back under our guarantee at `as_of`, or now."
    )
    order: OrderId | None = None
    customer: CustomerId | None = None
    sku: Sku | None = None
    sort: Literal["guarantee_until", "-guarantee_until", "exposure", "-exposure"] = "guarantee_until"


class ReturnRatesQuery(ListQuery):
    """Which products, at which age."""

    sku: Sku | None = None
    age: Age | None = None
    sort: Literal["sku", "basis_points", "-basis_points", "units", "-units"] = "sku"


@suppliers.decision(
    "/v1/refunds/{refund}/supplier-claims", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def file_supplier_claim(call: Call, refund: RefundInPath, body: FileSupplierClaimBody) -> Response:
    """Claim refunded goods from their supplier

    Inside the supplier's window, and never for a wrong item. What is asked for is their cost to us, unless an
    amount is said.
    """
    order, state, customer = await _order_of(call, REFUND, refund)
    amount = body.amount
    if amount is not None and amount.currency != state.placed.currency:
        raise Invalid(faults=(Fault("/amount/currency", "Should be the currency of the order"),))
    products = await call.book.holders("sku", [line.line.sku for line in state.lines])
    command = asked(
        FileSupplierClaim,
        order=order,
        refund=refund,
        claim=mint("clm"),
        parts=parts_of(body.parts),
        amount=None if amount is None else amount.amount,
        products=tuple(products.values()),
        supplier=body.supplier,
        sends_goods=body.sends_goods,
    )
    return await decided_in(call, command, body, order, customer)


@suppliers.decision(
    "/v1/refunds/{refund}/supplier-claims/waiver",
    Permission.SERVE_CUSTOMERS,
    answers=Receipt,
    conditional=True,
)
async def waive_supplier_claims(call: Call, refund: RefundInPath, body: WaiveSupplierClaimsBody) -> Response:
    """Give up what was never claimed of a refund

    At any time, with a reason: too small, too late, a supplier who is kept in good humour.
    """
    order, _, customer = await _order_of(call, REFUND, refund)
    command = asked(
        WaiveSupplierClaim, order=order, claim=mint("clm"), refund=refund, parts=parts_of(body.parts)
    )
    return await decided_in(call, command, body, order, customer)


@suppliers.decision(
    "/v1/supplier-claims/{claim}/settlement", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def settle_supplier_claim(call: Call, claim: ClaimInPath, body: SettleSupplierClaimBody) -> Response:
    """Record what a supplier paid

    All of it or a part, whatever they said before. More than what is left of the claim takes a `reason`.
    """
    order, _, customer = await _order_of(call, SUPPLIER_CLAIM, claim)
    command = asked(
        SettleSupplierClaim,
        order=order,
        claim=claim,
        recovery=mint("rcv"),
        amount=body.amount.amount,
        currency=body.amount.currency,
        reference=body.reference,
    )
    return await decided_in(call, command, body, order, customer)


@suppliers.decision(
    "/v1/supplier-claims/{claim}/refusal", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def refuse_supplier_claim(call: Call, claim: ClaimInPath, body: RefuseSupplierClaimBody) -> Response:
    """Record that a supplier does not pay"""
    order, _, customer = await _order_of(call, SUPPLIER_CLAIM, claim)
    note = None if body.note is None else await call.seal_about(customer, "note", body.note)
    command = asked(RefuseSupplierClaim, order=order, claim=claim, note=note)
    return await decided_in(call, command, body, order, customer)


@suppliers.decision(
    "/v1/supplier-claims/{claim}/waiver", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def waive_supplier_claim(call: Call, claim: ClaimInPath, body: WaiveSupplierClaimBody) -> Response:
    """Give up a claim that was filed"""
    order, _, customer = await _order_of(call, SUPPLIER_CLAIM, claim)
    command = asked(WaiveSupplierClaim, order=order, claim=claim)
    return await decided_in(call, command, body, order, customer)


@suppliers.question(
    "/v1/supplier-claims", Permission.READ, answers=RowsPage[item_of(SupplierClaimItem)], lists_rows=True
)
async def list_supplier_claims(call: Call, query: Annotated[SupplierClaimsQuery, Query()]) -> Response:
    """List what suppliers were asked for, and what came of it"""
    where = named_by(query, "status", "order", "refund", "customer")
    return await list_of(call, CLAIMS, query, sort=query.sort, where=where)


@suppliers.question(
    "/v1/guarantees", Permission.READ, answers=RowsPage[item_of(GuaranteeItem)], lists_rows=True
)
async def list_guarantees(call: Call, query: Annotated[GuaranteesQuery, Query()]) -> Response:
    """List what we still answer for, line by line and delivery by delivery

    Both windows, what was refunded, and what of the price may still be asked back. Whoever asks later gets
    their money too: the window only says what was promised.
    """
    where = named_by(query, "order", "customer", "sku")
    if query.open:
        _, today = await asked_at(call, query)
        where += (
            Where("guarantee_until", ">=", today),
            Where("open", ">", 0),
        )
    return await list_of(call, GUARANTEES, query, sort=query.sort, where=where)


@suppliers.question(
    "/v1/return-rates", Permission.READ, answers=RowsPage[item_of(ReturnRateItem)], lists_rows=True
)
async def list_return_rates(call: Call, query: Annotated[ReturnRatesQuery, Query()]) -> Response:
    """List how many units were refunded, by product and age, or came back, and of how many

    `units` were refunded so many days after their delivery, or before it, whether they arrived since or not;
    or, in the row `came_back`, sent back to us. `of_units` is what they are measured by: the units delivered;
    for `before_delivery` and `came_back` all that shipped.
    """
    held = () if query.sku is None else (Where("sku", "=", query.sku),)
    where = () if query.age is None else (Where("age", "=", query.age),)
    return await list_of(call, RATES, query, sort=query.sort, held=held, where=where)


async def _order_of(call: Call, kind: str, name: str) -> tuple[str, Placed, str]:
    """The order in which it lives. Raises: NotFound, also where it belongs to no order."""
    stream, state, customer = await holder_of(call, kind, name)
    if not isinstance(state, Placed):
        raise NotFound
    return stream, state, customer
