"""Credit: using what a customer has for an order, and giving new credit."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.answers import Receipt
from api.bodies import Money, Writing
from api.call import Call, asked
from api.grammars import CreditInPath, Currency, CustomerId, CustomerInPath, FreeText, OrderInPath
from api.lists import ListQuery, RowsPage, item_of, list_of, named_by
from api.permissions import Permission
from api.problems import NotFound
from api.receipts import receipt
from api.replies import Reply
from api.section import Section
from api.v1.customers import PLACE as CUSTOMERS
from api.v1.orders import PLACE as ORDERS
from domain.command import Command
from domain.customers.crediting import UseCredit
from domain.customers.giving_credit import ApproveStoreCredit, GrantStoreCredit, WithdrawStoreCredit
from domain.customers.registering import Customer
from domain.entry import Minor
from domain.moments import Day, Moment
from domain.orders.order import Placed
from domain.payments.payment_events import CreditKind, StoreCreditEscalated
from ledger.identity import mint
from ledger.projecting.listing import Listing
from projections.store_credits import LISTED, REPORT, StoreCredits

credits = Section("credit", "A customer's credit: excess payments, refunds kept, and gestures in money.")


class StoreCreditItem(msgspec.Struct, frozen=True):
    """New credit: who asked for it, who gave it, under what, and what says so."""

    id: str
    customer: str
    stage: str
    kind: str
    currency: str
    asked: Minor
    granted: Minor
    requested_at: Moment | None
    requested_by: str | None
    escalated_to: str | None
    granted_at: Moment | None
    granted_on: Day | None
    decided_by: str | None
    decided_as: str | None
    limit: Minor | None
    case: str | None
    external_ref: str | None
    note_line: int | None
    note_sku: str | None
    origin: str
    last_position: int


class CreditReportItem(msgspec.Struct, frozen=True):
    """What was given in a month, by why, and by what a note from elsewhere calls it."""

    month: str
    currency: str
    kind: str
    note_sku: str
    credits: int
    amount: Minor
    last_position: int


GIVEN = Listing(projection=StoreCredits(), item=StoreCreditItem, answer=LISTED, key=("id",))
REPORTED = Listing(
    projection=StoreCredits(),
    item=CreditReportItem,
    answer=REPORT,
    key=("month", "currency", "kind", "note_sku"),
)


class StoreCreditsQuery(ListQuery):
    """Which credit; none named, all."""

    stage: Literal["escalated", "withdrawn", "granted"] | None = None
    customer: CustomerId | None = None
    currency: Currency | None = None
    kind: CreditKind | None = None
    sort: Literal["id", "-id", "last_position", "-last_position", "granted", "-granted"] = "id"


class CreditReportQuery(ListQuery):
    """Which months."""

    customer: CustomerId | None = None
    currency: Currency | None = None
    kind: CreditKind | None = None
    sort: Literal["month", "-month"] = "month"


class UseCreditBody(Writing):
    """How much of the customer's credit to use."""

    amount: Money


class GrantStoreCreditBody(Writing):
    """New money from us."""

    amount: Money
    kind: CreditKind
    note: FreeText | None = Field(default=None, description="What the customer is told. Kept sealed.")


class ApproveStoreCreditBody(Writing):
    """Nothing but when and why."""


class WithdrawStoreCreditBody(Writing):
    """Nothing but when and why."""


@credits.decision("/v1/orders/{order}/credit", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def use_credit(call: Call, order: OrderInPath, body: UseCreditBody) -> Response:
    """Use a customer's credit for their order

    It counts as a payment: it covers the units still to ship first, then pays the open bills, oldest first.
    """
    customer = (await call.found(order, Placed)).placed.customer
    command = asked(
        UseCredit,
        order=order,
        customer=customer,
        use=mint("use"),
        amount=body.amount.amount,
        currency=body.amount.currency,
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=ORDERS)


@credits.decision(
    "/v1/customers/{customer}/credit",
    Permission.SERVE_CUSTOMERS,
    answers=Receipt,
    conditional=True,
    escalates=True,
)
async def grant_store_credit(call: Call, customer: CustomerInPath, body: GrantStoreCreditBody) -> Response:
    """Give a customer credit

    New money from us, out of goodwill or to put figures right; it never comes out as cash. If it is, with
    what the customer was given that day before, above the limit for gestures of whoever gives it, it is
    escalated to the next role and answered 202.
    """
    command = asked(
        GrantStoreCredit,
        customer=customer,
        credit=mint("crd"),
        kind=body.kind,
        amount=body.amount.amount,
        currency=body.amount.currency,
        note=None if body.note is None else await _sealed_note(call, customer, body.note),
    )
    return await _decided(call, command, body, customer)


@credits.decision(
    "/v1/customers/{customer}/credit/{credit}/approval",
    Permission.SERVE_CUSTOMERS,
    answers=Receipt,
    conditional=True,
    escalates=True,
)
async def approve_store_credit(
    call: Call, customer: CustomerInPath, credit: CreditInPath, body: ApproveStoreCreditBody
) -> Response:
    """Give credit that was above somebody's limit

    By another person than asked for it, in the role it waits for or above it. Above the limit of the approver
    it goes on to the next role.
    """
    await _expect_known(call, customer, credit)
    command = asked(ApproveStoreCredit, customer=customer, credit=credit)
    return await _decided(call, command, body, customer)


@credits.decision(
    "/v1/customers/{customer}/credit/{credit}/withdrawal",
    Permission.SERVE_CUSTOMERS,
    answers=Receipt,
    conditional=True,
)
async def withdraw_store_credit(
    call: Call, customer: CustomerInPath, credit: CreditInPath, body: WithdrawStoreCreditBody
) -> Response:
    """Note that credit which waits for a decision is not to be given"""
    await _expect_known(call, customer, credit)
    command = asked(WithdrawStoreCredit, customer=customer, credit=credit)
    return await _decided(call, command, body, customer)


@credits.question(
    "/v1/store-credits", Permission.READ, answers=RowsPage[item_of(StoreCreditItem)], lists_rows=True
)
async def list_store_credits(call: Call, query: Annotated[StoreCreditsQuery, Query()]) -> Response:
    """List new credit: what waits for a decision, what was given, by whom and why"""
    where = named_by(query, "stage", "customer", "currency", "kind")
    return await list_of(call, GIVEN, query, sort=query.sort, where=where)


@credits.question(
    "/v1/store-credit-report",
    Permission.READ,
    answers=RowsPage[item_of(CreditReportItem)],
    lists_rows=True,
)
async def report_store_credits(call: Call, query: Annotated[CreditReportQuery, Query()]) -> Response:
    """Report new credit by month, by why it was given, and by what a note from elsewhere calls it"""
    held = named_by(query, "customer", "currency", "kind")
    return await list_of(call, REPORTED, query, sort=query.sort, held=held)


async def _expect_known(call: Call, customer: str, credit: str) -> None:
    """New credit of that customer, given or waiting. Raises: NotFound."""
    state = await call.found(customer, Customer)
    if credit not in state.credits and credit not in state.credit_requests:
        raise NotFound


async def _sealed_note(call: Call, customer: str, note: str) -> str:
    await call.found(customer, Customer)
    return await call.seal(customer, "note", note)


async def _decided(call: Call, command: Command, body: Writing, customer: str) -> Reply:
    """The receipt; 202 where it waits for somebody's decision."""
    outcome = await call.decided(command, body, of=customer, stream=customer)
    waits = isinstance(outcome.entries[-1].event, StoreCreditEscalated)
    status = 200 if outcome.dry_run else 202 if waits else call.status
    return await receipt(outcome, "cus", call.reading, status, CUSTOMERS)
