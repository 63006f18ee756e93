"""Questions a bank asks about payments; they move nothing. R-B9

A part of the shop, as `tests.model.shop` says. While one is open, payouts of the order wait.
"""

from tests.model.orders import Refused
from tests.model.shop import Shop


def open_dispute(shop: Shop, name: str, dispute: str, payment: str, amount: int) -> None:
    """R-B9, H-correct: at most about what the payment was, and about one that came."""
    order = shop.orders[name]
    broken = set[str]()
    if order.payments[payment].corrected:
        broken.add("H-correct")
    if amount > order.payments[payment].amount:
        broken.add("R-B9")
    if broken:
        raise Refused(*broken)
    order.disputes[dispute] = None


def close_dispute(shop: Shop, name: str, dispute: str, outcome: str) -> None:
    """Won or lost, once."""
    order = shop.orders[name]
    if order.disputes[dispute] not in (None, outcome):
        raise Refused("R-B9")
    order.disputes[dispute] = outcome
