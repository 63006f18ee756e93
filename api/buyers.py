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
from api.customers import NewCustomer, registration
from api.order_bodies import BuyerBody
from domain.customers import RegisterCustomer
from domain.decision import Command
from ledger.errors import ClaimTaken
from ledger.identity import mint
from ledger.submission import Lookup

TRIES = 3
"""How often the claimed reference is looked up again after losing the race for it."""


class Buyer(msgspec.Struct, frozen=True):
    """Who buys, and the registration to record with the order if they are new."""

    customer: str
    register: RegisterCustomer | None = None
    lookups: tuple[Lookup, ...] = ()


async def buyer_of(call: Call, body: BuyerBody, channel: str) -> Buyer:
    """The buyer a body names, as far as this book knows them now."""
    if body.customer_id is not None:
        return Buyer(body.customer_id)
    new = body.customer or NewCustomer()
    if new.external_ref is not None:
        known = await call.book.claimed("customer_ref", f"{channel}/{new.external_ref}")
        if known is not None:
            return Buyer(known)
    customer = mint("cus")
    call.registers(customer)
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

    If somebody else registers the same external reference meanwhile, the customer is theirs after all.
    """
    for attempt in range(1, TRIES + 1):
        found = await buyer_of(call, buyer, channel)
        try:
            return await call.decide(
                command_for(found),
                body,
                subject="ord",
                of=found.customer,
                stream=stream,
                place="/v1/orders/",
                lookups=found.lookups,
            )
        except ClaimTaken as taken:
            if taken.kind != "customer_ref" or attempt == TRIES:
                raise
            call.registers(None)
    raise AssertionError("the last attempt returns or raises")
