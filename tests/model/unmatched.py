"""Money that moved and that no rule could place, until somebody says what it was. I12, §2

A part of the shop, as `tests.model.shop` says. What would break a rule is refused as a command; told by a
processor it has happened, and waits.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.model import holds
from tests.model.orders import Refused
from tests.model.shop import Shop


@dataclass
class Return:
    """So much went back; `here` once it did not arrive, or was said by mistake."""

    settlement: str
    amount: int
    here: bool = False


@dataclass
class Unmatched:
    """Money of which `left` is for nothing yet; else it left us."""

    order: str
    """For which it came or left, by what was told."""
    currency: str
    left: int
    came: bool
    parts: dict[str, int] = field(default_factory=dict[str, int])
    """What of it was assigned, by the payment it is recorded as."""
    returns: dict[str, Return] = field(default_factory=dict[str, Return])
    """What of it went back, by the name it left under: the last under each."""


def told(shop: Shop, name: str, money: Unmatched, record: Callable[[], None]) -> None:
    """I12: recorded as what it is; where that is refused, it waits."""
    try:
        record()
    except Refused:
        shop.unmatched[name] = money


def assign(
    shop: Shop, name: str, currency: str, amount: int, payment: str, record: Callable[[], None]
) -> None:
    """I12: at most what is left, in its currency, by the rules of what it was."""
    money = shop.unmatched[name]
    broken = set[str]()
    if currency != money.currency:
        broken.add("I1")
    if amount > money.left:
        broken.add("I12")
    if broken:
        raise Refused(*broken)
    record()
    money.left -= amount
    money.parts[payment] = amount


def assigned(shop: Shop, name: str) -> None:
    """What follows by itself once some of it is assigned: an order that it came for waits, as below."""
    _lacks(shop, shop.unmatched[name].order)


def give_back(shop: Shop, name: str, back: Return, under: str) -> None:
    """It went back. I12: once under one name, but for what a person took back. R-B2: an order that it came
    for waits, unless what is left of all that came would do.
    """
    money, known = shop.unmatched[name], shop.unmatched[name].returns.get(under)
    if known is not None and not known.here:
        if known.amount != back.amount:
            raise Refused("I12")
        return
    if back.amount > money.left:
        raise Refused("I12")
    money.left -= back.amount
    money.returns[under] = back
    if money.came:
        _lacks(shop, money.order)


def came_again(shop: Shop, name: str, under: str) -> None:
    """I12: what went back did not arrive: once."""
    back = shop.unmatched[name].returns[under]
    if not back.here:
        back.here = True
        shop.unmatched[name].left += back.amount


def waiting_for(shop: Shop, order: str) -> int:
    """What of all that came for an order waits, in its currency."""
    currency = shop.orders[order].currency
    return sum(
        it.left for it in shop.unmatched.values() if it.came and (it.order, it.currency) == (order, currency)
    )


def any_waits(shop: Shop, order: str) -> bool:
    """Whether any of all that came for an order waits, in whatever currency: the customer may have paid."""
    return any(it.left for it in shop.unmatched.values() if it.came and it.order == order)


def kept_for(shop: Shop, order: str) -> tuple[str, ...]:
    """All that ever came for an order and had no place."""
    return tuple(name for name, it in shop.unmatched.items() if it.came and it.order == order)


def _lacks(shop: Shop, order: str) -> None:
    if holds.not_covered(shop.orders[order]) > waiting_for(shop, order):
        holds.cover_lost(shop, order)


def waits_again(shop: Shop, payment: str) -> None:
    """H-correct: what came was not for that, and is for nothing yet."""
    for money in shop.unmatched.values():
        money.left += money.parts.pop(payment, 0)


def unapplied(shop: Shop, currency: str) -> int:
    """What waits: what came less what left."""
    waiting = [it for it in shop.unmatched.values() if it.currency == currency]
    return sum(it.left if it.came else -it.left for it in waiting)
