"""Cards that are charged: what becomes of a charge is known only later, whatever was done meanwhile.

A part of the shop, as `tests.model.shop` says. R-D2, R-D4, I12
"""

from datetime import timedelta

from tests.model import holds, receiving, unmatched
from tests.model.orders import Refused
from tests.model.shop import Shop
from tests.model.unmatched import Unmatched

TRIES, DAYS = 3, 7


def attempt(shop: Shop, name: str, charge: str, amount: int) -> None:
    """I12: at most what the order still needs; R-D4: never while nobody knows of another, nor while money
    that came for it waits; and R-D6: no more once a bank said never, or three times in seven days that not
    now.
    """
    order = shop.orders[name]
    broken = set[str]()
    if order.under_way is not None or unmatched.any_waits(shop, name):
        broken.add("R-D4")
    if not 0 < amount <= holds.not_covered(order) + order.open:
        broken.add("I12")
    lately = sum(day > shop.today - timedelta(days=DAYS) for day in shop.card_declines)
    lately += sum(other.under_way is not None for other in shop.orders.values())  # they may be declined yet
    if shop.card_is_dead or lately >= TRIES:
        broken.add("R-D6")
    if broken:
        raise Refused(*broken)
    order.under_way = charge, amount


def let_through(shop: Shop, name: str, money: str, amount: int, step: int) -> None:
    """I12: captured where the order needs it still, else it waits. R-D2: less than was asked for leaves the
    rest to be asked for.
    """
    order = shop.orders[name]
    assert order.under_way is not None
    (charge, asked), order.under_way = order.under_way, None
    came = Unmatched(name, order.currency, amount, came=True)
    unmatched.told(shop, money, came, lambda: receiving.capture(shop, name, charge, amount, by_card=True))
    if charge in order.payments:
        order.payments[charge].came_with = step
        if amount < asked:
            holds.cover_lost(shop, name)


def refused(shop: Shop, name: str, *, for_good: bool, fraud: bool) -> None:
    """R-D2, R-D6: as any decline, and remembered of the card."""
    shop.orders[name].under_way = None
    holds.declined(shop, name, fraud=fraud)
    if for_good:
        shop.card_is_dead = True
    else:
        shop.card_declines.append(shop.today)


def abandoned(shop: Shop, name: str) -> None:
    """R-D4: the processor was never asked for it, so that nothing was tried."""
    shop.orders[name].under_way = None
