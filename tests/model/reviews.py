"""Orders of customers who owe: the owner lets them ship, or asks for payment first. R-B2

A part of the shop; what it changes for a hold stands in `tests.model.holds`.
"""

from tests.model.orders import Order, Refused
from tests.model.shop import Shop


def may_bill(order: Order) -> bool:
    """R-B1, R-B2: what ships may be billed, by its terms or by a release, unless payment was asked first."""
    return (order.terms == "bill_after" or order.released) and not order.pays_first


def review(shop: Shop, name: str, role: str, *, pays_first: bool, reason: bool) -> None:
    """Payment first takes a reason and a customer who owes now; the owner's `ship` ends a wait on bill."""
    order = shop.orders[name]
    broken = set[str]()
    if role != "owner":
        broken.add("H-authority")
    is_left = any(unit.state == "to_ship" for line in order.lines for unit in line)
    asks_rightly = reason and shop.watched(order.customer)
    if not order.was_watched or not is_left or (pays_first and not asks_rightly):
        broken.add("R-B2")
    if broken:
        raise Refused(*broken)
    order.pays_first = pays_first
    if order.hold is not None:
        order.hold.left_to_a_person = False  # it is decided anew
        if may_bill(order):
            order.hold = None
