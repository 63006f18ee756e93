"""What becomes of the order of a watched customer: events in the stream of the order. Source: R-B2"""

from typing import Literal

from domain.entry import Event, Minor
from domain.moments import Day
from domain.orders.order_events import Deadline

WatchDecision = Literal["ship", "payment_first"]


class WatchedOrderReviewed(Event, frozen=True, kw_only=True):
    """The owner looked at an order of a watched customer: it ships as agreed, or payment is asked first.

    Why, its entry says. Payment first ends with the payment, the owner's `ship`, or the customer's own
    cancellation, never by itself. Source: R-B2
    """

    order: str
    customer: str
    decision: WatchDecision
    until: Day | None
    """The day on which the owner is asked again; None where it ships."""
    currency: str
    missing: Minor
    """What the units still to ship cost beyond the deposit, which is to be paid first; 0 where it ships."""
    deadlines: tuple[Deadline, ...] = ()
    """Asking the owner again; or shipping it, where payment had been asked first."""
