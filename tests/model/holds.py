"""Orders that wait for money: declined, held, searched for cards, called about, released or given up.

A part of the shop; written from R-D1 … R-D7, I3, I4 alone.
"""

from datetime import timedelta

from tests.model import goods, unmatched
from tests.model.orders import Hold, Order, Refused
from tests.model.reviews import may_bill
from tests.model.shop import Shop

ATTEMPTS, DAYS, UNPAID_AFTER = 5, 14, 4


def not_covered(order: Order) -> int:
    """What the units still to ship need beyond the deposit."""
    return order.to_ship - order.deposit


def decline(shop: Shop, name: str, amount: int, *, fraud: bool) -> None:
    """R-D2, R-D3, I12: while money is missing, and the order may not ship without, it waits."""
    if amount > not_covered(shop.orders[name]) + shop.orders[name].open:
        raise Refused("I12")
    declined(shop, name, fraud=fraud)


def declined(shop: Shop, name: str, *, fraud: bool) -> None:
    """The same, of a charge that was attempted: it has happened, whatever the order needs by now."""
    order = shop.orders[name]
    order.was_fraud = order.was_fraud or fraud
    _wait(order)
    if order.hold is not None and order.hold.declined_on is None:
        order.hold.declined_on, order.hold.attempts = shop.today, []


def cover_lost(
    shop: Shop, name: str, *, charged_back: bool = False, undone: frozenset[int] = frozenset()
) -> None:
    """R-B2: what covered it is gone, so it waits. H-correct: where that had helped to end a hold, it goes on.

    `undone`: the steps that are taken back.
    """
    order = shop.orders[name]
    if order.hold is None:
        ended, by = order.ended_hold, order.ended_by
        _wait(order)
        if order.hold is not None and ended is not None and any(ended.began < each <= by for each in undone):
            order.hold, order.closed = ended, False
            return
        if order.hold is not None:
            order.hold.charged_back = charged_back


def search(shop: Shop, name: str) -> None:
    """R-D3: the older cards on file; nobody here has any."""
    _held(shop.orders[name]).searched = True


def contact(shop: Shop, name: str, point: str | None, *, reached: bool) -> None:
    """R-D2, R-D3: an attempt to reach the customer, also when the order no longer waits."""
    order = shop.orders[name]
    if not order.was_held:
        raise Refused("R-D2")
    order.reached = order.reached or reached
    hold = order.hold or order.ended_hold
    if hold is not None:
        hold.attempts.append(point)


def release(shop: Shop, name: str, role: str, *, reason: bool) -> None:
    """I3, R-D7: the owner, with a reason."""
    order = shop.orders[name]
    if order.hold is None and order.released_by_owner and not _waits(order):
        return
    if _waits(order) and order.pays_first:
        raise Refused("R-B2")
    _held(order)
    if role != "owner" or not reason:
        raise Refused("I3", "R-D7", "H-authority")
    order.hold, order.pays_first = None, False
    order.released = order.released_by_owner = True


def close_undelivered(shop: Shop, name: str, refund: str, on_file: set[str], step: int) -> None:
    """R-D1, R-D2, I4: new, never reached, five times over fourteen days, by every way on file; and R-D4:
    while nobody knows of a charge, or money that came for it waits, they may have paid.
    """
    order = shop.orders[name]
    if order.closed and order.hold is None:
        return
    hold = _held(order)
    broken = set[str]()
    if hold.declined_on is None:
        broken |= {"R-D1", "I4"}
    if order.standing == "existing":
        broken |= {"R-D3", "I4"}
    if (
        order.reached
        or len(hold.attempts) < ATTEMPTS
        or on_file - set(hold.attempts)
        or shop.today < (hold.declined_on or shop.today) + timedelta(days=DAYS)
    ):
        broken.add("I4")
    if order.under_way is not None or unmatched.any_waits(shop, name):
        broken.add("R-D4")
    if broken:
        raise Refused(*broken)
    order.ended_hold, order.ended_by, order.hold, order.closed = hold, step, None, True
    goods.cancel(shop, name, refund, None)


def money_settles(order: Order, step: int) -> None:
    """R-D2: what is covered waits for nothing any more, through that step."""
    if order.hold is None:
        return
    order.hold.began = order.hold.began or step
    if not_covered(order) == 0:
        order.ended_hold, order.ended_by, order.hold = order.hold, step, None


def time_decides(shop: Shop) -> None:
    """R-D3, R-D6, R-D7, I3: some days after a decline an existing customer's order ships unpaid. Where a bank
    took a payment back or suspects fraud, or where the customer is watched then, a person decides.
    """
    for order in shop.orders.values():
        hold = order.hold
        if (
            hold is None
            or hold.declined_on is None
            or hold.left_to_a_person
            or order.pays_first
            or hold.charged_back
            or order.standing == "new"
            or order.was_fraud
            or not hold.searched
            or not hold.attempts
            or shop.today < hold.declined_on + timedelta(days=UNPAID_AFTER)
        ):
            continue
        if shop.watched(order.customer):
            hold.left_to_a_person = True
        else:
            order.hold, order.released, order.released_by_owner = None, True, False


def _waits(order: Order) -> bool:
    """Whether it may not ship as it is, and nothing says so yet."""
    return order.hold is None and not_covered(order) > 0 and not may_bill(order)


def _wait(order: Order) -> None:
    if _waits(order):
        order.hold, order.ended_hold = Hold(), None
        order.was_held = True


def _held(order: Order) -> Hold:
    if order.hold is None:
        raise Refused("R-D2")
    return order.hold
