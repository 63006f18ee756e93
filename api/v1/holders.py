"""In which stream something named in an address lives, and deciding about it: a refund, a return, a claim."""

from api.bodies import Writing
from api.call import Call
from api.problems import NotFound
from api.replies import Reply
from domain.command import Command
from domain.customers.registering import Customer
from domain.orders.order import Placed


async def holder_of(call: Call, kind: str, name: str) -> tuple[str, Placed | Customer, str]:
    """The stream that holds what is claimed under that kind and name, its state, and its customer.

    Raises: NotFound.
    """
    stream = call.book.held(kind, name) or await call.book.claimed(kind, name)
    state = None if stream is None else await call.book.state(stream)
    match state:
        case Placed():
            return state.placed.order, state, state.placed.customer
        case Customer():
            return state.registered.customer, state, state.registered.customer
        case _:
            raise NotFound


async def decided_in(call: Call, command: Command, body: Writing, stream: str, customer: str) -> Reply:
    """The receipt of a decision about what lives in that stream: an order, or the customer themselves."""
    place = place_of(stream, customer)
    return await call.decide(command, body, subject=stream[:3], of=customer, stream=stream, place=place)


def place_of(stream: str, customer: str) -> str:
    """Where to look at what lives in that stream."""
    return "/v1/customers/" if stream == customer else "/v1/orders/"
