"""The watchlist: who owes what and what to do about it, how old it is, and orders of customers who owe."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.answers import Receipt
from api.bodies import Writing
from api.call import Call, asked
from api.grammars import Currency, CustomerId, OrderId, OrderInPath
from api.lists import ListQuery, RowsPage, asked_at, item_of, list_of, named_by
from api.permissions import Permission
from api.section import Section
from api.v1.orders import PLACE, customer_of
from domain.bills.reviewing import ReviewWatchedOrder
from domain.bills.watch_events import WatchDecision
from domain.entry import Minor
from domain.moments import Day, Moment
from ledger.projecting.conditions import Where
from ledger.projecting.listing import Listing
from projections.unpaid_bills import AFTER_WRITE_OFF, AGING, WATCHLIST, UnpaidBills
from projections.watched_orders import LISTED, WatchedOrders

watchlist = Section(
    "watchlist", "Whom to watch, whom to call. Watching never blocks: it tells people, and people decide."
)

DEBTS = UnpaidBills()

Stage = Literal["open", "watched", "call_due", "called", "will_pay", "closed"]


class UnpaidBillItem(msgspec.Struct, frozen=True):
    """A bill on the watchlist; stage, days and what comes next are as of the moment asked about."""

    bill: str
    order: str
    customer: str
    why: str
    year: int | None
    number: int | None
    currency: str
    issued_on: Day
    issued_at: Moment
    due_on: Day
    amount: Minor
    paid: Minor
    cleared: Minor
    written_off: Minor
    open: Minor
    uncollectible: Minor
    stage: Stage
    days_overdue: int
    reminders: int
    calls: int
    last_call_at: Moment | None
    last_result: str | None
    next_action: str | None
    next_due: Moment | None
    orders_since: int
    earlier_write_offs: int
    closed_as: str | None
    closed_at: Moment | None
    last_position: int


class WatchedOrderItem(msgspec.Struct, frozen=True):
    """An order of a customer who owed when they placed it."""

    order: str
    customer: str
    currency: str
    total: Minor
    placed_at: Moment
    bills_then: int
    open_then: Minor
    bills_now: int
    open_now: Minor
    units_left: int
    to_review: bool
    decision: str | None
    reviewed_by: str | None
    reviewed_at: Moment | None
    ask_again_on: Day | None
    last_position: int


class AgingItem(msgspec.Struct, frozen=True):
    """What is open in one currency, by whole days since the bills were issued."""

    currency: str
    bills: int
    open: Minor
    up_to_30: Minor
    from_31_to_60: Minor
    from_61_to_90: Minor
    over_90: Minor
    overdue: Minor
    uncollectible: Minor
    last_position: int


class WriteOffItem(msgspec.Struct, frozen=True):
    """A customer who was let off, and what they bought since: charged less refunded."""

    customer: str
    currency: str
    bills: int
    let_off: Minor
    written_off: Minor
    since: Moment
    orders: int
    revenue: Minor
    last_position: int


UNPAID = Listing(
    projection=DEBTS, item=UnpaidBillItem, answer=WATCHLIST, key=("order", "bill"), group=("order",)
)
WATCHED = Listing(
    projection=WatchedOrders(), item=WatchedOrderItem, answer=LISTED, key=("order",), group=("order",)
)
AGES = Listing(projection=DEBTS, item=AgingItem, answer=AGING, key=("currency",))
WRITE_OFFS = Listing(
    projection=DEBTS, item=WriteOffItem, answer=AFTER_WRITE_OFF, key=("customer", "currency")
)


class UnpaidBillsQuery(ListQuery):
    """Which bills; none named, all that are not closed."""

    stage: Stage | None = Field(default=None, description="Left out: every stage but `closed`.")
    customer: CustomerId | None = None
    order: OrderId | None = None
    currency: Currency | None = None
    sort: Literal["due_on", "-due_on", "issued_at", "-issued_at", "open", "-open"] = "due_on"


class WatchedOrdersQuery(ListQuery):
    """Which orders; none named, all that wait for the owner or were decided."""

    customer: CustomerId | None = None
    decision: WatchDecision | None = None
    to_review: bool | None = Field(
        default=None, description="Only those the owner is to look at, or only others."
    )
    sort: Literal["placed_at", "-placed_at"] = "placed_at"


class AgingQuery(ListQuery):
    """Which currency."""

    currency: Currency | None = None


class WriteOffsQuery(ListQuery):
    """Whose write-offs."""

    customer: CustomerId | None = None
    currency: Currency | None = None
    sort: Literal["since", "-since", "revenue", "-revenue"] = "since"


class ReviewWatchedOrderBody(Writing):
    """What the owner decides; payment first needs a reason."""

    decision: WatchDecision
    days: int | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="For how many days payment is asked first; left out, as long as the policy allows.",
    )


@watchlist.question(
    "/v1/unpaid-bills", Permission.READ, answers=RowsPage[item_of(UnpaidBillItem)], lists_rows=True
)
async def list_unpaid_bills(call: Call, query: Annotated[UnpaidBillsQuery, Query()]) -> Response:
    """List the watchlist: every bill that is not settled, its stage, and what comes next

    Part payments, uncollectible bills and what reversed payments left owed are in it. A promise to pay pauses
    the call until its day is over. `orders_since` counts what the customer ordered after the bill was issued.
    """
    where = named_by(query, "stage", "customer", "order", "currency")
    if query.stage is None:
        where += (Where("stage", "<>", "closed"),)
    return await list_of(call, UNPAID, query, sort=query.sort, where=where, said=await asked_at(call, query))


@watchlist.question(
    "/v1/watched-orders", Permission.READ, answers=RowsPage[item_of(WatchedOrderItem)], lists_rows=True
)
async def list_watched_orders(call: Call, query: Annotated[WatchedOrdersQuery, Query()]) -> Response:
    """List new orders of customers who owed when they placed them

    `open_then` and `open_now` count overdue bills in the order's currency, `bills_then` and `bills_now` all.
    An order goes its way until the owner says otherwise, and need not be reviewed once nothing is overdue;
    one that is to be paid first waits until it is paid, the owner lets it ship, or the customer cancels it,
    and is to be reviewed again from `ask_again_on` on.
    """
    where = named_by(query, "customer", "decision", "to_review")
    _, today = await asked_at(call, query)
    return await list_of(call, WATCHED, query, sort=query.sort, where=where, said=(today,))


@watchlist.decision(
    "/v1/watched-orders/{order}/review", Permission.KEEP_BOOKS, answers=Receipt, conditional=True
)
async def review_watched_order(call: Call, order: OrderInPath, body: ReviewWatchedOrderBody) -> Response:
    """Decide on the order of a watched customer

    It ships as agreed, or payment is asked first, with a reason and for some days; then the owner is asked
    again. Payment first ends with the payment, with `ship`, or with the customer's own cancellation.
    """
    customer = customer_of(await call.found_order(order))
    command = asked(
        ReviewWatchedOrder, order=order, customer=customer, decision=body.decision, days=body.days
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@watchlist.question("/v1/aging", Permission.READ, answers=RowsPage[item_of(AgingItem)], lists_rows=True)
async def show_aging(call: Call, query: Annotated[AgingQuery, Query()]) -> Response:
    """Show how old is what customers owe, by days since issue

    One item per currency. A bill is due 30 days after its issue by default, so the first column is what is
    not yet late.
    """
    where = () if query.currency is None else (Where("currency", "=", query.currency),)
    _, today = await asked_at(call, query)
    return await list_of(call, AGES, query, sort="currency", where=where, said=(today,))


@watchlist.question(
    "/v1/write-offs", Permission.READ, answers=RowsPage[item_of(WriteOffItem)], lists_rows=True
)
async def list_write_offs(call: Call, query: Annotated[WriteOffsQuery, Query()]) -> Response:
    """List who was let off, and the revenue they brought since

    Revenue is what was charged less what was refunded, of orders placed after the first write-off.
    """
    where = named_by(query, "customer", "currency")
    return await list_of(call, WRITE_OFFS, query, sort=query.sort, where=where)
