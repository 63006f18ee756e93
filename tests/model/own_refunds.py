"""Refunds that belong to no order: of what nobody can verify, and of credit asked back. R-G4, R-G10, I13, I15

A part of the shop, as `tests.model.shop` says.
"""

from tests.model import kept
from tests.model.limits import Worth
from tests.model.orders import Kept, OwnRefund, Pile, Refused
from tests.model.shop import Shop


def unverified(shop: Shop, name: str, customer: str, currency: str, units: int, stated: int | None) -> bool:
    """R-G4: the full price as listed today, or what a person states."""
    amount = worth_of(shop, currency, units, stated).given
    shop.own_refunds[name] = OwnRefund(customer, currency, granted=amount, credit_amount=amount)
    return True


def worth_of(shop: Shop, currency: str, units: int, stated: int | None) -> Worth:
    """R-G4. Raises: Refused, where the product is listed in another currency."""
    if stated is None and currency != "USD":
        raise Refused("R-G4")
    return Worth(currency, units * shop.list_price if stated is None else stated, has_limit=True)


def ask_credit_back(shop: Shop, name: str, customer: str, currency: str, amount: int) -> None:
    """I15: what was set aside, and was not spent or asked back; gifts are spent first, and never paid out."""
    credit = shop.credit(customer, currency)
    _, backed = kept.split(credit.pile, kept.lacks(shop, customer, currency))
    if amount > sum(there for _, there in backed):
        raise Refused("I15")
    credit.paid_out += amount
    asked = kept.take(backed, amount)
    kept.remove(credit.pile, asked)
    shop.own_refunds[name] = OwnRefund(
        customer, currency, granted=amount, credit_amount=0, is_credit=True, pile=asked
    )


def pay_out(shop: Shop, name: str, payout: str, cash: int, credit: int) -> None:
    """I13, R-G8: something, at most what was granted; credit asked back becomes credit again only as far as
    no money backs it any more. R-B9: it may wait while a bank asks.
    """
    it = shop.own_refunds[name]
    if it.corrected:
        raise Refused("H-correct")
    stays = _stays(shop, it) if it.is_credit else []
    leaves = it.left - sum(amount for _, amount in stays)
    if not cash + credit:
        raise Refused("I13", "R-G8", *(["R-B9"] if it.is_credit and disputed(shop, it) else []))
    if cash + credit > it.left or (it.is_credit and (cash > leaves or credit > it.left - leaves)):
        raise Refused("I13", "R-G8")
    if cash:
        _leaves(shop, it, payout, cash)
    it.set_aside += credit
    shop.credit(it.customer, it.currency).set_aside += credit
    if not it.is_credit:
        kept.put(shop.credit(it.customer, it.currency).pile, [(Kept(), credit)])
    elif credit:
        assert credit == sum(amount for _, amount in stays), "what lacks its money, and no less"
        kept.put(shop.credit(it.customer, it.currency).pile, stays)
        kept.remove(it.pile, stays)


def disputed(shop: Shop, it: OwnRefund) -> bool:
    """Whether a bank asks about money of the customer's."""
    return any(None in order.disputes.values() for order in shop.orders_of(it.customer, it.currency))


def _stays(shop: Shop, it: OwnRefund) -> Pile:
    """What of credit given as money lacks its money, beyond what is still credit, or was given besides."""
    missing = kept.lacks(shop, it.customer, it.currency)
    credit = shop.credit(it.customer, it.currency)
    others = [each for each in shop.own_refunds_of(it.customer, it.currency) if each is not it and each.left]
    for order in missing:
        missing[order] -= kept.of_order(credit.pile, order)
        missing[order] = max(0, missing[order])
        missing[order] -= sum(kept.of_order(each.pile, order) for each in others)
    return kept.split(it.pile, {order: max(0, amount) for order, amount in missing.items()})[0]


def told(shop: Shop, name: str, payout: str, amount: int) -> None:
    """I13: at most what is left of it, whatever a bank took."""
    it = shop.own_refunds[name]
    if amount > it.left:
        raise Refused("I13")
    _leaves(shop, it, payout, amount)


def _leaves(shop: Shop, it: OwnRefund, payout: str, amount: int) -> None:
    """R-G8: what has its money leaves first, and of the rest what became credit last."""
    without = _stays(shop, it)
    it.paid += amount
    if not it.is_credit:
        return
    backed = list(it.pile)
    kept.remove(backed, without)
    parts = kept.take(backed, amount)
    rest = amount - sum(there for _, there in parts)
    kept.put(parts, kept.take(without[::-1], rest))
    kept.remove(it.pile, parts)
    it.went[payout] = parts


def return_payout(shop: Shop, name: str, payout: str, amount: int) -> None:
    """Owed again."""
    it = shop.own_refunds[name]
    it.paid -= amount
    kept.put(it.pile, it.went.pop(payout, []))


def correct(shop: Shop, name: str) -> None:
    """H-correct: none of it left or became credit."""
    it = shop.own_refunds[name]
    if it.paid + it.set_aside:
        raise Refused("H-correct")
    it.corrected = True
    if it.is_credit:
        shop.credit(it.customer, it.currency).paid_out -= it.granted
        kept.put(shop.credit(it.customer, it.currency).pile, it.pile)
