"""A granted refund and what it belongs to: an order, or its customer. Source: R-G9, H-known"""

from dataclasses import dataclass

from domain.customers.registering import Customer
from domain.decision import Given
from domain.orders.order import Placed
from domain.refunds.refund import Refund, RefundUnknown
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class RefundNotGranted(Refusal):
    """This refund was asked for and nobody has granted it yet; money leaves us after the grant."""

    rule = "R-G9"
    way_out = "Approve the refund first."

    refund: str


def refund_of(stream: str, refund: str, given: Given) -> tuple[Placed | Customer, Refund]:
    """A granted refund and what it belongs to. Raises: RefundUnknown, RefundNotGranted."""
    state = given.states[stream]
    if not isinstance(state, Placed | Customer):
        raise RefundUnknown(refund)
    known = state.refunds.get(refund)
    if known is None:
        if refund in state.refund_requests:
            raise RefundNotGranted(refund)
        raise RefundUnknown(refund)
    return state, known
