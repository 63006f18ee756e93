"""Money of refunds that a processor sent, and what it could not send. R-G8, R-G9, I12, I13

A part of the shop, as `tests.model.shop` says. What left has left: where the refund cannot take it, it waits
(`tests.model.unmatched`).
"""

from tests.model.orders import Order, Payment, Refund, Refused
from tests.model.shop import Shop


def due_as_money(order: Order, it: Refund) -> int:
    """What of a refund is due back as money: what is left of it. §2"""
    return min(order.left_of(it), order.cash)


def may_go_back(payment: Payment) -> int:
    """What of a payment may still go back the way it came."""
    return max(0, payment.standing - payment.went_back)


def sent(shop: Shop, name: str, refund: str, payout: str, payment: str, amount: int) -> None:
    """I13: at most what is due back, and what of the payment is still here; also while a bank asks (R-B9)."""
    order = shop.orders[name]
    it, against = order.refunds[refund], order.payments[payment]
    if amount > min(due_as_money(order, it), may_go_back(against)):
        raise Refused("I13")
    order.refunded += amount
    it.paid += amount
    it.bills_then[payout] = len(order.bills)
    against.went_back += amount


def told(shop: Shop, name: str, refund: str, payout: str, payment: str, amount: int) -> None:
    """I12: it left, or it is what somebody said had left, under no reference until now; or some of that."""
    it = shop.orders[name].refunds[refund]
    known = it.by_hand
    try:
        sent(shop, name, refund, payout, payment, amount)
    except Refused:
        same = [each for each, said in known.items() if said == (payment, amount)]
        more = [each for each, said in known.items() if said[0] == payment and said[1] > amount]
        if same:
            del known[same[0]]
        elif more:
            known[more[0]] = payment, known[more[0]][1] - amount
            it.parts[more[0]] += amount
        else:
            raise


def failed(shop: Shop, name: str, refund: str, payment: str) -> None:
    """R-G8: nothing left, and another way may be taken. What is not due, or failed before, cannot fail."""
    order = shop.orders[name]
    it = order.refunds[refund]
    broken = set[str]()
    if not due_as_money(order, it):
        broken.add("I13")
    on_the_card = {each for each, known in order.payments.items() if known.by_card}
    closed = it.failed | (on_the_card if it.failed & on_the_card else set())
    if payment in closed or not may_go_back(order.payments[payment]):
        broken.add("R-G8")
    if broken:
        raise Refused(*broken)
    it.came_back = True
    it.failed.add(payment)
