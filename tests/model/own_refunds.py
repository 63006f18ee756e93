"""Refunds that belong to no order: of what nobody can verify, and of credit asked back. R-G4, R-G10, I13, I15

A part of the shop, as `tests.model.shop` says.
"""

from tests.model.limits import Worth
from tests.model.orders import OwnRefund, Refused
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
    if amount > max(0, credit.payable - shop.unbacked(customer, currency)):
        raise Refused("I15")
    credit.paid_out += amount
    shop.own_refunds[name] = OwnRefund(customer, currency, granted=amount, credit_amount=0, is_credit=True)


def pay_out(shop: Shop, name: str, cash: int, credit: int) -> None:
    """I13, R-G8: something, at most what was granted; credit asked back becomes credit again only as far as
    no money backs it any more. R-B9: it may wait while a bank asks.
    """
    it = shop.own_refunds[name]
    if it.corrected:
        raise Refused("H-correct")
    own = shop.own_refunds_of(it.customer, it.currency)
    asked_back = sum(each.left for each in own if each.is_credit and not each.corrected)
    short = max(0, shop.unbacked(it.customer, it.currency) - shop.credit(it.customer, it.currency).payable)
    leaves = max(0, min(it.left, asked_back - short))
    disputed = any(None in order.disputes.values() for order in shop.orders_of(it.customer, it.currency))
    if not cash + credit:
        raise Refused("I13", "R-G8", *(["R-B9"] if it.is_credit and disputed else []))
    if cash + credit > it.left or (it.is_credit and (cash > leaves or credit > it.left - leaves)):
        raise Refused("I13", "R-G8")
    it.paid += cash
    it.set_aside += credit
    shop.credit(it.customer, it.currency).set_aside += credit


def return_payout(shop: Shop, name: str, amount: int) -> None:
    """Owed again."""
    shop.own_refunds[name].paid -= amount


def correct(shop: Shop, name: str) -> None:
    """H-correct: none of it left or became credit."""
    it = shop.own_refunds[name]
    if it.paid + it.set_aside:
        raise Refused("H-correct")
    it.corrected = True
    if it.is_credit:
        shop.credit(it.customer, it.currency).paid_out -= it.granted
