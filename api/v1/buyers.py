"""Who buys: a customer named by id, the one whose external reference is claimed, or a new one registered with
the order.

Never matched by email or name: two people may share both, and a wrong match would show one the other's
orders.
"""

from collections.abc import Callable

import msgspec
from starlette.responses import Response

from api.bodies import Writing
from api.call import Call
from api.v1.customers import NewCustomer, registration
from api.v1.order_bodies import BuyerBody
from domain.command import Command
from domain.customers.registering import RegisterCustomer
from ledger.errors import ClaimTaken
from ledger.identity import mint
from ledger.record.submission import Lookup


class Buyer(msgspec.Struct, frozen=True):
    """Who buys, and the registration to record with the order if they are new."""

    customer: str
    register: RegisterCustomer | None = None
    lookups: tuple[Lookup, ...] = ()


async def buyer_of(call: Call, body: BuyerBody, channel: str, holder: str | None) -> Buyer:
    """The buyer a body names. `holder`: who was found to hold the external reference given inline."""
    if body.customer_id is not None:
        return Buyer(body.customer_id)
    new = body.customer or NewCustomer()
    if holder is None and new.external_ref is not None:
        holder = call.book.held("customer_ref", f"{channel}/{new.external_ref}")
    if holder is not None:
        return Buyer(holder)
    customer = mint("cus")
    call.seal_under_new_key(customer)
    command, lookups = await registration(call, customer, new, channel)
    return Buyer(customer, command, lookups)


async def decide_for_buyer(
    call: Call,
    body: Writing,
    buyer: BuyerBody,
    channel: str,
    command_for: Callable[[Buyer], Command],
    *,
    stream: str | None = None,
) -> Response:
    """Have the book decide the command that `command_for` makes for the buyer.

    A reference not met lately is taken to be new; the append finds who holds it, if anybody does. Asking the
    record beforehand would cost every new customer's order a query, and still leave the race.
    """

    async def decided(holder: str | None) -> Response:
        found = await buyer_of(call, buyer, channel, holder)
        return await call.decide(
            command_for(found),
            body,
            subject="ord",
            of=found.customer,
            stream=stream,
            place="/v1/orders/",
            lookups=found.lookups,
        )

    try:
        return await decided(None)
    except ClaimTaken as taken:
        if taken.kind != "customer_ref":
            raise
        call.new_subject = None
        return await decided(taken.holder)
