"""Refunds: granting or escalating, approving, settling; and the audit of all of them."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.bodies import Writing, one_currency
from api.call import Call, asked
from api.grammars import Currency, CustomerId, CustomerInPath, OrderId, OrderInPath, RefundInPath
from api.lists import ListQuery, RowsPage, item_of, list_of, named_by
from api.permissions import Permission
from api.problems import Fault, Invalid, NotFound
from api.receipts import receipt
from api.replies import Reply
from api.section import Section
from api.v1.holders import holder_of
from api.v1.purchases import purchases_of
from api.v1.refund_bodies import (
    ApproveRefundBody,
    AskBody,
    DismissSignalBody,
    FailedPayoutBody,
    GrantCustomerRefundBody,
    GrantRefundBody,
    ReturnedPayoutBody,
    SettleRefundBody,
    WithdrawRefundBody,
)
from api.v1.refund_previews import RefundReceipt, preview_of
from domain.book.policy import Policy
from domain.command import Command
from domain.customers.registering import Customer
from domain.entry import Minor
from domain.moments import Day, Moment, day_of, plus_days
from domain.orders.order import Placed
from domain.refunds.approving import ApproveRefund, WithdrawRefund
from domain.refunds.granting import GrantRefund
from domain.refunds.granting_unverified import GrantUnverifiedRefund, PayOutCredit
from domain.refunds.limits import Deciding, limits_of
from domain.refunds.payout_failures import RecordFailedPayout, RecordReturnedPayout
from domain.refunds.refund import REFUND
from domain.refunds.refund_events import (
    AskedUnits,
    ClaimedUnits,
    RefundAsk,
    RefundEscalated,
    RefundGranted,
    RefundRequested,
)
from domain.refunds.refund_signals import DismissFraudSignal
from domain.refunds.settling import SettleRefund
from ledger.identity import mint
from ledger.projecting.conditions import Condition, Where
from ledger.projecting.listing import Listing
from ledger.record.submission import Outcome
from projections.refund_audit import LISTED, RefundAudit
from projections.refunded_units import REPORT, RefundedUnits

refunds = Section(
    "refunds",
    "Whoever asks for a refund of something bought from us gets it; a limit escalates, never refuses.",
)

ORDERS, CUSTOMERS = "/v1/orders/", "/v1/customers/"


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
    granted: Minor
    credited: Minor
    against_limits: Minor
    cleared: Minor
    paid: Minor
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
    sort: Literal["id", "-id", "last_position", "-last_position", "granted", "-granted"] = "id"


class AuditQuery(RefundsQuery):
    """Which refunds of the audit."""

    odd: bool = Field(default=False, description="Only those with anomalies.")


class ReportQuery(ListQuery):
    """Which months."""

    currency: Currency | None = None
    customer: CustomerId | None = None
    sort: Literal["month", "-month"] = "month"


@refunds.decision(
    "/v1/orders/{order}/refunds",
    Permission.SERVE_CUSTOMERS,
    answers=RefundReceipt,
    conditional=True,
    escalates=True,
)
async def grant_refund(call: Call, order: OrderInPath, body: GrantRefundBody) -> Response:
    """Grant a refund of an order

    Units at the price paid, with their share of discount and tax; those not yet shipped are cancelled. Above
    the limit of whoever asks it is escalated to the next role and answered 202.
    """
    state = await call.found_order(order)
    customer = state.placed.customer if isinstance(state, Placed) else state.cart.customer
    if customer is None:
        raise NotFound
    ask = RefundAsk(
        units=tuple([AskedUnits(part.line, part.quantity) for part in body.parts]),
        observed_problem=body.observed_problem,
        proactive=body.proactive,
        first_contact_at=body.first_contact_at,
        asked_at=body.asked_at,
        note=await _sealed_note(call, customer, body),
    )
    command = asked(
        GrantRefund,
        order=order,
        customer=customer,
        refund=mint("ref"),
        ask=ask,
        deciding=await deciding_now(call),
        only_request=body.only_request,
    )
    return await _decided(call, command, body, order, customer)


@refunds.decision(
    "/v1/customers/{customer}/refunds",
    Permission.SERVE_CUSTOMERS,
    answers=RefundReceipt,
    conditional=True,
    escalates=True,
)
async def grant_customer_refund(
    call: Call, customer: CustomerInPath, body: GrantCustomerRefundBody
) -> Response:
    """Grant a refund that belongs to no order

    If there is any question whether it was bought from us, the full current list price; where there is none,
    a person states the amount. Or money we keep for the customer. What a search for the purchase shows is
    kept with it.
    """
    await call.found(customer, Customer)
    ask = RefundAsk(
        proactive=body.proactive,
        first_contact_at=body.first_contact_at,
        asked_at=body.asked_at,
        note=await _sealed_note(call, customer, body),
    )
    deciding = await deciding_now(call)
    if body.credit is not None:
        command = asked(
            PayOutCredit,
            customer=customer,
            refund=mint("ref"),
            currency=body.credit.currency,
            ask=msgspec.structs.replace(ask, credit=body.credit.amount),
            deciding=deciding,
        )
        return await _decided(call, command, body, customer, customer)
    skus = [claim.sku for claim in body.claims]
    claims = tuple(
        [
            ClaimedUnits(
                claim.quantity,
                claim.sku,
                None if claim.amount is not None else await call.book.claimed("sku", claim.sku),
                None if claim.amount is None else claim.amount.amount,
            )
            for claim in body.claims
        ]
    )
    command = asked(
        GrantUnverifiedRefund,
        customer=customer,
        refund=mint("ref"),
        currency=_currency_of(body),
        ask=msgspec.structs.replace(
            ask, claims=claims, searched=await purchases_of(call, customer, frozenset(skus))
        ),
        deciding=deciding,
        only_request=body.only_request,
    )
    return await _decided(call, command, body, customer, customer)


@refunds.decision(
    "/v1/refunds/{refund}/approval",
    Permission.SERVE_CUSTOMERS,
    answers=RefundReceipt,
    conditional=True,
    escalates=True,
)
async def approve_refund(call: Call, refund: RefundInPath, body: ApproveRefundBody) -> Response:
    """Grant a refund that was asked for before

    What was above the limit of whoever asked is approved by another person. Above the limit of the approver
    it goes on to the next role.
    """
    stream, state, customer = await holder_of(call, REFUND, refund)
    request = state.refund_requests.get(refund)
    claims = () if request is None else request.requested.ask.claims
    command = asked(
        ApproveRefund,
        stream=stream,
        customer=customer,
        refund=refund,
        deciding=await deciding_now(call),
        products=tuple(sorted({claim.product for claim in claims if claim.product is not None})),
    )
    return await _decided(call, command, body, stream, customer)


@refunds.decision(
    "/v1/refunds/{refund}/withdrawal", Permission.SERVE_CUSTOMERS, answers=RefundReceipt, conditional=True
)
async def withdraw_refund(call: Call, refund: RefundInPath, body: WithdrawRefundBody) -> Response:
    """Note that a refund is no longer wanted, before it is granted"""
    stream, _, customer = await holder_of(call, REFUND, refund)
    command = asked(WithdrawRefund, stream=stream, refund=refund)
    return await _decided(call, command, body, stream, customer)


@refunds.decision(
    "/v1/refunds/{refund}/settlement", Permission.SERVE_CUSTOMERS, answers=RefundReceipt, conditional=True
)
async def settle_refund(call: Call, refund: RefundInPath, body: SettleRefundBody) -> Response:
    """Pay out what is due back of a refund

    Computed anew now. Money goes back the way it came; what was paid with credit is kept as credit. What came
    through a processor that is connected is sent back by itself: here only with the reference of one made
    elsewhere. A cheque or another card is as you say.
    """
    stream, state, customer = await holder_of(call, REFUND, refund)
    payments = len(state.payments) if isinstance(state, Placed) else 0
    command = asked(
        SettleRefund,
        stream=stream,
        customer=customer,
        refund=refund,
        payouts=tuple([mint("pot") for _ in range(max(1, payments))]),
        credit=mint("crd"),
        method=body.method,
        payment_method=body.payment_method,
        reference=body.reference,
        processor=None if call.book.gateway is None else call.book.gateway.processor,
    )
    return await _decided(call, command, body, stream, customer)


@refunds.decision(
    "/v1/refunds/{refund}/payment-failure",
    Permission.SERVE_CUSTOMERS,
    answers=RefundReceipt,
    conditional=True,
)
async def record_failed_payout(call: Call, refund: RefundInPath, body: FailedPayoutBody) -> Response:
    """Record that the money could not be paid out on a way

    Nothing left us, it stays owed, and the next way is open.
    """
    stream, _, customer = await holder_of(call, REFUND, refund)
    command = asked(
        RecordFailedPayout,
        stream=stream,
        customer=customer,
        refund=refund,
        payout=mint("pot"),
        method=body.method,
        payment=body.payment,
        payment_method=body.payment_method,
        why=body.why,
    )
    return await _decided(call, command, body, stream, customer)


@refunds.decision(
    "/v1/refunds/{refund}/return", Permission.SERVE_CUSTOMERS, answers=RefundReceipt, conditional=True
)
async def record_returned_payout(call: Call, refund: RefundInPath, body: ReturnedPayoutBody) -> Response:
    """Record that the money of a payout came back: it is owed again"""
    stream, _, customer = await holder_of(call, REFUND, refund)
    command = asked(RecordReturnedPayout, stream=stream, refund=refund, payout=body.payout, why=body.why)
    return await _decided(call, command, body, stream, customer)


@refunds.decision(
    "/v1/customers/{customer}/fraud-signals/dismissal",
    Permission.REVIEW_SIGNALS,
    answers=RefundReceipt,
    conditional=True,
)
async def dismiss_fraud_signal(call: Call, customer: CustomerInPath, body: DismissSignalBody) -> Response:
    """Note that somebody looked at a signal and found nothing to do

    A supervisor or the owner. Signals inform; nothing is refused for them.
    """
    await call.found(customer, Customer)
    note = None if body.note is None else await call.seal_about(customer, "note", body.note)
    command = asked(DismissFraudSignal, customer=customer, refund=body.refund, kind=body.kind, note=note)
    return await _decided(call, command, body, customer, customer)


@refunds.question(
    "/v1/orders/{order}/refunds", Permission.READ, answers=RowsPage[item_of(RefundItem)], lists_rows=True
)
async def list_order_refunds(
    call: Call, order: OrderInPath, query: Annotated[ListQuery, Query()]
) -> Response:
    """List the refunds of an order"""
    await call.found(order, Placed)
    return await list_of(call, REFUNDS, query, sort="id", held=(Where("order", "=", order),))


@refunds.question(
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


@refunds.question("/v1/refunds", Permission.READ, answers=RowsPage[item_of(RefundItem)], lists_rows=True)
async def list_refunds(call: Call, query: Annotated[RefundsQuery, Query()]) -> Response:
    """List refunds: what waits for a decision, what was granted, what was paid"""
    return await list_of(call, REFUNDS, query, sort=query.sort, where=_conditions(query))


@refunds.question("/v1/refund-audit", Permission.READ, answers=RowsPage[item_of(RefundItem)], lists_rows=True)
async def audit_refunds(call: Call, query: Annotated[AuditQuery, Query()]) -> Response:
    """Audit refunds: who, why, under what, where the money went, and what is odd

    `entries` names the positions that say so. An anomaly informs; it refuses nothing.
    """
    odd = (Where("anomalies", "<>", ""),) if query.odd else ()
    return await list_of(call, REFUNDS, query, sort=query.sort, where=(*_conditions(query), *odd))


@refunds.question(
    "/v1/refund-report", Permission.READ, answers=RowsPage[item_of(RefundReportItem)], lists_rows=True
)
async def report_refunds(call: Call, query: Annotated[ReportQuery, Query()]) -> Response:
    """Report refunds by month, by whether they were verified, and by age"""
    held = named_by(query, "currency", "customer")
    return await list_of(call, REPORTED, query, sort=query.sort, held=held)


def _conditions(query: RefundsQuery) -> tuple[Condition, ...]:
    return named_by(query, "stage", "order", "customer", "currency", "basis", "label")


async def deciding_now(call: Call) -> Deciding:
    """Who decides, on the book's today; with as many of their days before as signals look back."""
    actor = call.caller.actor
    register = await call.book_register()
    policy = await call.found("policy", Policy)
    now = call.book.clock()
    today, edition = day_of(now, register.zone), policy.in_force(now)
    days = 1 if limits_of(edition, actor.role) is None else edition.signal_days
    return Deciding(actor.who, today, plus_days(today, 1 - days))


async def _sealed_note(call: Call, customer: str, body: AskBody) -> str | None:
    return None if body.note is None else await call.seal_about(customer, "note", body.note)


def _currency_of(body: GrantCustomerRefundBody) -> str:
    amounts = [claim.amount for claim in body.claims if claim.amount is not None]
    if amounts:
        return one_currency(amounts, (f"/claims/{index}/amount" for index in range(len(amounts))))
    if body.currency is None:
        raise Invalid(faults=(Fault("/currency", "Should be given where the list price counts"),))
    return body.currency


async def _decided(call: Call, command: Command, body: Writing, stream: str, customer: str) -> Reply:
    """The receipt; 202 where it waits for somebody's decision, and a preview where nothing was recorded."""
    outcome = await call.decided(command, body, of=customer, stream=stream)
    last = _last_of_refund(outcome)
    waits = isinstance(last, RefundRequested | RefundEscalated)
    status = 200 if outcome.dry_run else 202 if waits else call.status
    preview = await preview_of(call, command, body, outcome, stream) if outcome.dry_run else None
    place = (CUSTOMERS if stream == customer else ORDERS) if stream.startswith(("cus", "ord")) else None
    return await receipt(outcome, stream[:3], call.reading, status, place, {"preview": preview})


def _last_of_refund(outcome: Outcome) -> object | None:
    """The last entry about asking or granting."""
    kinds = (RefundRequested, RefundEscalated, RefundGranted)
    found = [entry.event for entry in outcome.entries if isinstance(entry.event, kinds)]
    return found[-1] if found else None
