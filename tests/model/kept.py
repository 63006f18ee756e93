"""Whose money a customer's credit is: what was kept together stays a thing of its own wherever it goes. I15

A part of the shop, as `tests.model.shop` says. What an order lacks is looked for until nothing changes any
more, where the domain follows each loss.
"""

from collections.abc import Iterable, Mapping

from tests.model.orders import Kept, Order, Pile
from tests.model.shop import Shop


def take(pile: Pile, amount: int) -> Pile:
    """So much of what lies there, the first first."""
    taken: Pile = []
    for place, (kept, there) in enumerate(pile):
        share = min(amount, there)
        pile[place] = kept, there - share
        taken.append((kept, share))
        amount -= share
    pile[:] = [it for it in pile if it[1]]
    return [it for it in taken if it[1]]


def first(pile: Pile, amount: int) -> Pile:
    """So much of it, and all stays where it is."""
    return take(list(pile), amount)


def put(pile: Pile, parts: Iterable[tuple[Kept, int]]) -> None:
    """Beside what is left of the same; else behind the rest."""
    for kept, amount in parts:
        there = [place for place, (other, _) in enumerate(pile) if other is kept]
        if there:
            pile[there[0]] = kept, pile[there[0]][1] + amount
        elif amount:
            pile.append((kept, amount))


def remove(pile: Pile, parts: Iterable[tuple[Kept, int]]) -> None:
    """What is not there any more."""
    put(pile, [(kept, -amount) for kept, amount in parts])
    pile[:] = [it for it in pile if it[1]]


def of_order(pile: Pile, order: str | None) -> int:
    return sum(amount for kept, amount in pile if kept.order == order)


def lacks(shop: Shop, customer: str, currency: str) -> dict[str | None, int]:
    """R-G8, R-B9: what the credit left of each order, asked back or not, lacks in money that is here.

    What an order lacks beyond that was spent, and is missing where it was.
    """
    orders = shop.orders_of(customer, currency)
    credit = shop.credit(customer, currency)
    asked = [it for each in shop.own_refunds_of(customer, currency) if each.left for it in each.pile]
    kept = {it.name: of_order(credit.pile, it.name) + of_order(asked, it.name) for it in orders}
    missing = {it.name: it.gift - it.money_here for it in orders}
    short = missing
    while True:
        lost = dict.fromkeys(kept, 0)
        for order in orders:
            rest = max(0, short[order.name] - kept[order.name])
            for other in sorted(orders, key=lambda it: it.money_since):
                share = min(rest, of_order(other.pile, order.name)) if other is not order else 0
                lost[other.name] += share
                rest -= share
        found = {name: missing[name] + lost[name] for name in missing}
        if found == short:
            return {name: max(0, min(short[name], kept[name])) for name in kept}
        short = found


def split(pile: Pile, missing: Mapping[str | None, int]) -> tuple[Pile, Pile]:
    """What lacks its money, and what does not."""
    without: Pile = []
    rest = dict(missing)
    for kept, amount in pile:
        share = min(amount, rest.get(kept.order, 0))
        rest[kept.order] = rest.get(kept.order, 0) - share
        without.append((kept, share))
    backed = [(kept, amount - share) for (kept, amount), (_, share) in zip(pile, without, strict=True)]
    return [it for it in without if it[1]], [it for it in backed if it[1]]


def has_money(shop: Shop, order: Order) -> None:
    """It comes for it, for the first time or again."""
    if not order.money_since:
        order.money_since = 1 + max(it.money_since for it in shop.orders.values())
