"""In which stream something named in an address lives: a refund, a return, a claim on a supplier."""

from api.call import Call
from api.problems import NotFound
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
