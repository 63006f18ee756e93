"""Finding customers: exactly by what they say, by a word of a caller, or all of them."""

from typing import Literal

import msgspec
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.call import Call
from api.grammars import TEXT, At, Channel, Reference
from api.lists import ListQuery, item_of, list_of, list_of_entries
from api.permissions import Permission
from api.replies import Reply
from domain.entry import Entry, Sealed
from domain.moments import Moment
from ledger.projecting.conditions import Condition, Either, Where
from ledger.projecting.decoding import names_of
from ledger.projecting.listing import Listing
from projections.customers import LISTED, Customers

AT_ONCE = 1_000
"""Entries of one customer read at a time."""


class CustomerItem(msgspec.Struct, frozen=True):
    """A customer in a list; the customer itself has contact points and cards."""

    id: str
    name: Sealed | None
    channel: str
    external_ref: str | None
    registered_at: Moment
    active_at: Moment
    contact_points: int
    payment_methods: int
    orders: int
    last_order: str | None
    last_position: int


CustomerItemAnswer = item_of(CustomerItem)
CUSTOMERS = Listing(projection=Customers(), item=CustomerItem, answer=LISTED, key=("id",), group=("id",))
TELL_OF_THEM = frozenset(names_of(CUSTOMERS.projection.handles))


class CustomersQuery(ListQuery):
    """Which customers; at most one of email, phone and external_ref, and none named, all."""

    email: str | None = Field(default=None, max_length=300, description="Exactly theirs, never behind.")
    phone: str | None = Field(
        default=None,
        max_length=60,
        description="Exactly theirs, never behind; in the international form, as +49 30 123456, if they gave "
        "it so: a national way of writing it is another number.",
    )
    external_ref: Reference | None = Field(default=None, description="The one of the channel, never behind.")
    channel: Channel | None = Field(default=None, description="With external_ref: `api` if left out.")
    registered_from: At | None = None
    registered_before: At | None = None
    search: str | None = Field(
        default=None,
        max_length=200,
        pattern=TEXT,
        description="Begins the external reference, or is an id, or a whole name, email or phone "
        "(the latter for callers with `read_personal`).",
    )
    sort: Literal["registered_at", "-registered_at", "active_at", "-active_at", "orders", "-orders"] = Field(
        default="registered_at", description="`active_at`: when they last ordered, or else were registered."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "CustomersQuery":
        if sum(way is not None for way in (self.email, self.phone, self.external_ref)) > 1:
            raise PydanticCustomError("one_way", "Should be one of email, phone and external_ref")
        return self


async def customers_found(call: Call, query: CustomersQuery) -> Reply:
    """A page of the customers asked for. Raises: NotPermitted, Invalid, LedgerError."""
    where = await _conditions(call, query)
    head = await call.book.head()
    exactly = await _exactly(call, query)
    if exactly is None:
        return await list_of(call, CUSTOMERS, query, sort=query.sort, where=where)
    entries = [entry for customer in exactly for entry in await _entries_about(call, customer)]
    return await list_of_entries(call, CUSTOMERS, query, entries, head, sort=query.sort, where=where)


async def _exactly(call: Call, query: CustomersQuery) -> list[str] | None:
    """The customers whom a reference, email or phone names in the record; None if none is given."""
    if query.external_ref is not None:
        holder = await call.book.claimed("customer_ref", f"{query.channel or 'api'}/{query.external_ref}")
        return [] if holder is None else [holder]
    for kind, text in (("email", query.email), ("phone", query.phone)):
        if text is not None:
            call.caller.require(Permission.READ_PERSONAL)
            return await call.book.customers_by(kind, call.sealer.digest(kind, _meant(kind, text)))
    return None


async def _entries_about(call: Call, customer: str) -> list[Entry]:
    found: list[Entry] = []
    while True:
        after = found[-1].position if found else 0
        more = await call.book.page(after, AT_ONCE, types=TELL_OF_THEM, customer=customer)
        found += more
        if len(more) < AT_ONCE:
            return found


async def _conditions(call: Call, query: CustomersQuery) -> tuple[Condition, ...]:
    where: list[Condition] = []
    if query.channel is not None:
        where.append(Where("channel", "=", query.channel))
    if query.registered_from is not None:
        where.append(Where("registered_at", ">=", query.registered_from))
    if query.registered_before is not None:
        where.append(Where("registered_at", "<", query.registered_before))
    if query.search is not None:
        customers = [query.search, *await customers_called(call, query.search)]
        where.append(Either((Where("id", "in", customers), Where("external_ref", "^@", query.search))))
    return tuple(where)


async def customers_called(call: Call, text: str) -> list[str]:
    """The customers whose whole name, email or phone that is; none for a caller who may not see them."""
    if Permission.READ_PERSONAL not in call.caller.granted:
        return []
    found: list[str] = []
    for kind in ("email", "phone", "name"):
        found += await call.book.customers_by(kind, call.sealer.digest(kind, _meant(kind, text)))
    return found


def _meant(kind: str, text: str) -> str:
    """The text with the plus that a query string turns into a blank where it is not encoded: before a phone
    number, and within an email address, no blank is ever meant.
    """
    match kind:
        case "phone" if text.startswith(" "):
            return f"+{text.lstrip(' +')}"
        case "email":
            return text.strip().replace(" ", "+")
        case _:
            return text
