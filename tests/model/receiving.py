"""Money that comes for orders and bills, and credit that is used for them. R-B6, R-B9, I9, I12, I15

A part of the shop, as `tests.model.shop` says.
"""

from collections.abc import Iterable

from tests.model import debts, kept, promises
from tests.model.orders import Bill, Kept, Order, Payment, Pile, Refused, Share
from tests.model.shop import Shop


def capture(shop: Shop, name: str, payment: str, amount: int, *, by_card: bool = False) -> None:
    """I12: the units not yet covered first, then the open bills, oldest first."""
    order = shop.orders[name]
    not_covered = order.to_ship - order.deposit
    if amount > not_covered + order.open:
        raise Refused("I12")
    shares = pay_oldest(shop, order, amount - min(amount, not_covered), payment)
    order.received += amount
    kept.has_money(shop, order)
    order.payments[payment] = Payment(amount, by_card, paid=shares)


def pay_bill(shop: Shop, name: str, bill: str, payment: str, amount: int) -> int:
    """R-B6, I9: a write-off is undone by what comes, then it pays; the excess becomes credit.

    Where a correction left something open beside it, that is paid first, as by what is reinstated (R-B9).
    """
    order = shop.orders[name]
    paid = order.bills[bill]
    debts.expect_valid(paid)
    was_open = paid.open
    undone = min(max(0, amount - paid.open), paid.written_off)
    debts.undo_write_off(order, paid, undone, by_refund=False)
    share = min(amount, paid.open)
    order.received += amount
    kept.has_money(shop, order)
    order.payments[payment] = Payment(
        amount,
        paid=[pay(shop, paid, share, payment if was_open else None)],
        undone=[Share(bill, undone)],
        set_aside=amount - share,
    )
    excess = Kept(name, payment)
    set_aside(shop, order, [(excess, amount - share)], gift=0)
    return amount - share


def use_credit(shop: Shop, name: str, use: str, amount: int) -> None:
    """I12, I15: as a capture, with what the customer has."""
    order = shop.orders[name]
    not_covered = order.to_ship - order.deposit
    broken = set[str]()
    if amount > not_covered + order.open:
        broken.add("I12")
    credit = shop.credit(order.customer, order.currency)
    if amount > credit.available:
        broken.add("I15")
    if broken:
        raise Refused(*broken)
    pay_oldest(shop, order, amount - min(amount, not_covered), use)
    order.credit_used += amount
    kept.has_money(shop, order)
    credit.used += amount
    gift = min(amount, credit.gifts)
    credit.gifts -= gift
    order.gift += gift
    kept.put(order.pile, kept.take(credit.pile, amount - gift))


def grant_credit(shop: Shop, customer: str, currency: str, amount: int) -> bool:
    """§2: new money from us."""
    day = (customer, shop.today, currency)
    shop.gestures[day] = shop.gestures.get(day, 0) + amount
    shop.credit(customer, currency).granted += amount
    shop.credit(customer, currency).gifts += amount
    return True


def pay_oldest(shop: Shop, order: Order, amount: int, by: str) -> list[Share]:
    """Open bills of the order, one after the other."""
    return pay_in_turn(shop, order.bills.values(), amount, by)


def pay_in_turn(shop: Shop, bills: Iterable[Bill], amount: int, by: str) -> list[Share]:
    """Those bills, one after the other."""
    shares: list[Share] = []
    for bill in bills:
        share = min(amount, bill.open)
        shares.append(pay(shop, bill, share, by))
        amount -= share
    return shares


def pay_again(shop: Shop, order: Order, amount: int, by: str, *, bills_then: int) -> int:
    """R-B9, R-G9: money that had gone, when there were so many bills, and comes to us again. It would have
    lowered what was left owed without a number since: open first, then written off. What is left of it.
    """
    rows = [bill for bill in list(order.bills.values())[bills_then:] if bill.shipment is None]
    open_rows = {row.name for row in rows if row.open}
    beyond = max(0, amount - sum(row.open for row in rows))
    for row in rows:
        undone = min(beyond, row.written_off)
        debts.undo_write_off(order, row, undone, by_refund=False)
        beyond -= undone
    for row in rows:
        amount -= pay(shop, row, min(amount, row.open), by if row.name in open_rows else None).amount
    return amount


def pay(shop: Shop, bill: Bill, amount: int, by: str | None) -> Share:
    """At most what is open; by something that may keep a promise."""
    released = bill.settle(amount)
    shop.given_up -= released
    bill.paid += amount
    if amount and by is not None:
        promises.kept(bill, by)
    return Share(bill.name, amount, released)


def set_aside(shop: Shop, order: Order, own: Pile, gift: int) -> None:
    """Money of an order becomes its customer's credit; so much beside it as a gift again."""
    credit = shop.credit(order.customer, order.currency)
    amount = sum(share for _, share in own) + gift
    order.set_aside += amount
    order.gift -= gift
    credit.set_aside += amount
    credit.gifts += gift
    kept.put(credit.pile, own)
