"""Steps of reviewing the orders of customers who owe."""

from collections.abc import Mapping

from domain.bills.reviewing import ReviewWatchedOrder
from tests.domain.specification import AGENT, OWNER
from tests.model import reviews
from tests.model.choices import Take, order_of
from tests.model.twins import Twins


def review(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    if order is None:
        return
    actor = AGENT if much % 16 == 15 else OWNER
    reason = None if much % 8 == 7 else "sealed:Owes for long"
    pays_first = much % 3 != 2
    command = ReviewWatchedOrder(
        order=order.name, customer=order.customer, decision="payment_first" if pays_first else "ship"
    )

    def reviewed() -> None:
        reviews.review(twins.shop, order.name, actor.role, pays_first=pays_first, reason=reason is not None)

    twins.ask(command, reviewed, actor, reason)


REVIEWS: Mapping[str, tuple[int, Take]] = {"review": (2, review)}
"""How often it is tried, and how."""
