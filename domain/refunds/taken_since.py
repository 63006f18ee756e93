"""What banks took back of an order's payments after a moment: what left us by then left all the same.

Source: R-B9, H-time
"""

from collections import Counter
from collections.abc import Mapping

from domain.moments import Moment
from domain.orders.order import Placed


def taken_since(state: Placed, at: Moment) -> Mapping[str, int]:
    """By payment, minor units that were taken back later than that and did not come again."""
    taken = Counter[str]()
    for reversal in state.reversals.values():
        if reversal.at > at:
            taken[reversal.it.payment] += reversal.it.amount - reversal.reinstated
    return taken
