"""Finding orders: by what they are, by a word of the caller, or exactly by reference or customer."""

from typing import Literal

import msgspec
from pydantic import Field

from api.call import Call
from api.grammars import TEXT, At, Channel, Currency, CustomerId, Reference
from api.lists import ListQuery, item_of, list_of, list_of_entries
from api.replies import Reply
from api.v1.customer_list import customers_called
from domain.entry import Minor
from domain.moments import Moment
from domain.orders.order_events import StandingKind, Terms
from ledger.projecting.conditions import Condition, Either, Where
from ledger.projecting.listing import Listing
from projections.orders import PLACED, Orders, PlacedStatus, Status

AT_ONCE = 1_000
"""Orders of one customer read at a time."""


class OrderItem(msgspec.Struct, frozen=True):
    """An order in a list; the order itself has its lines, payments and shipments."""

    id: str
    customer: str
    channel: str
    external_ref: str | None
    status: Status
    terms: str
    standing: str
    currency: str
    total: Minor
    received: Minor
    charged: Minor
    billed: Minor
    units: int
    units_shipped: int
    units_delivered: int
    units_cancelled: int
    placed_at: Moment
    last_shipped_at: Moment | None
    changed_at: Moment
    last_position: int


OrderItemAnswer = item_of(OrderItem)
ORDERS = Listing(projection=Orders(), item=OrderItem, answer=PLACED, key=("id",), group=("id",))


class OrdersQuery(ListQuery):
    """Which orders; none named, all."""

    customer: CustomerId | None = Field(default=None, description="All of one customer's, never behind.")
    external_ref: Reference | None = Field(default=None, description="The one of the channel, never behind.")
    channel: Channel | None = Field(default=None, description="With external_ref: `api` if left out.")
    status: PlacedStatus | None = None
    terms: Terms | None = None
    standing: StandingKind | None = None
    currency: Currency | None = None
    placed_from: At | None = None
    placed_before: At | None = None
    search: str | None = Field(
        default=None,
        max_length=200,
        pattern=TEXT,
        description="Begins the external reference, or is an id, or a customer's whole name, email or phone "
        "(the latter for callers with `read_personal`).",
    )
    sort: Literal["placed_at", "-placed_at", "changed_at", "-changed_at", "total", "-total"] = "placed_at"


async def orders_found(call: Call, query: OrdersQuery) -> Reply:
    """A page of the orders asked for. Raises: Invalid, LedgerError."""
    where = await _conditions(call, query)
    if query.external_ref is None and query.customer is None:
        return await list_of(call, ORDERS, query, sort=query.sort, where=where)
    head = await call.book.head()
    entries = await call.book.entries_of(await _exactly(call, query))
    return await list_of_entries(call, ORDERS, query, entries, head, sort=query.sort, where=where)


async def _exactly(call: Call, query: OrdersQuery) -> list[str]:
    """The streams a reference or a customer names, as the record has them now."""
    if query.external_ref is not None:
        channel = query.channel or "api"
        holder = await call.book.claimed("order_ref", f"{channel}/{query.external_ref}")
        return [] if holder is None else [holder]
    streams: list[str] = []
    after = 0
    while True:
        placed = await call.book.page(
            after, AT_ONCE, types=frozenset({"order.placed"}), customer=query.customer
        )
        streams += [entry.stream for entry in placed]
        if len(placed) < AT_ONCE:
            return streams
        after = placed[-1].position


async def _conditions(call: Call, query: OrdersQuery) -> tuple[Condition, ...]:
    named = ("customer", "channel", "status", "terms", "standing", "currency")
    where: list[Condition] = [
        Where(name, "=", value) for name in named if (value := getattr(query, name)) is not None
    ]
    if query.placed_from is not None:
        where.append(Where("placed_at", ">=", query.placed_from))
    if query.placed_before is not None:
        where.append(Where("placed_at", "<", query.placed_before))
    if query.search is not None:
        where.append(await _search(call, query.search))
    return tuple(where)


async def _search(call: Call, text: str) -> Condition:
    customers = [text, *await customers_called(call, text)]
    return Either(
        (Where("id", "=", text), Where("external_ref", "^@", text), Where("customer", "in", customers))
    )
