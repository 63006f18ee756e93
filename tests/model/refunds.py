"""Units asked back, and the money of it that leaves. R-G3, R-G6 … R-G10, I13

A part of the shop, as `tests.model.shop` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tests.model import debts, goods, kept, receiving
from tests.model.limits import Worth
from tests.model.orders import Kept, Order, Refund, Refused, Share, Unit, Window
from tests.model.prices import price_of
from tests.model.shop import Shop


@dataclass(frozen=True)
class Wanted:
    """Units of an order asked back, by line; and whether the customer reports a problem."""

    order: str
    parts: Mapping[int, int]
    observed: bool = False


def worth_of(shop: Shop, wanted: Wanted) -> Worth:
    """R-G11: what is granted has a limit. I14: what is cancelled has none. Raises: Refused.

    Granted are the units that shipped, and the fee wherever it goes back (R-G6): one that was charged, and
    one that for a problem never will be. With an order of which nothing is left to ship, and nothing ever
    shipped, the fee falls as its units do.
    """
    order = shop.orders[wanted.order]
    shipped, unshipped = _split(order, wanted)
    given = sum(unit.price.total for units in shipped.values() for unit in units)
    back = sum(len(units) for units in shipped.values()) + sum(unshipped.values())
    left = sum(unit.state in ("shipped", "to_ship") for line in order.lines for unit in line)
    fee_goes_back = wanted.observed or back == left
    is_cancelled = back == left and not order.fee_charged
    if fee_goes_back and not is_cancelled and not order.fee_returned:
        given += order.fee
    return Worth(order.currency, given, has_limit=wanted.observed or any(shipped.values()))


def _split(order: Order, wanted: Wanted) -> tuple[dict[int, list[Unit]], dict[int, int]]:
    """Shipped units from the first upward, then so many unshipped ones. Raises: Refused."""
    shipped = {line: order.units(line, "shipped")[:quantity] for line, quantity in wanted.parts.items()}
    unshipped = {line: quantity - len(shipped[line]) for line, quantity in wanted.parts.items()}
    if any(rest > len(order.units(line, "to_ship")) for line, rest in unshipped.items()):
        raise Refused("I13", "R-G10")
    return shipped, unshipped


def grant(shop: Shop, refund: str, wanted: Wanted) -> bool:
    """R-G6, R-G9, R-G10, I14: what shipped is credited, what did not is cancelled.

    An observed problem brings the fee back too. Whether it is a refund: a cancellation of which nothing is
    due is none.
    """
    order = shop.orders[wanted.order]
    shipped, unshipped = _split(order, wanted)
    before = order.due_back
    it = Refund(0, 0)
    it.cancelled = goods.cancel_units(order, {line: rest for line, rest in unshipped.items() if rest})
    for line, units in shipped.items():
        it.refunded[line] = price_of(unit.price for unit in units)
        it.quantities[line, "refunded"], it.quantities[line, "cancelled"] = len(units), unshipped[line]
        it.windows.extend(_earliest_windows(order, line, len(units)))
        goods.turn(units, "refunded")
    it.credit_amount = sum(price.total for price in it.refunded.values())
    concerned: set[str | None] = {window.shipment for window in it.windows}
    if (wanted.observed or order.gone) and not order.fee_returned:
        it.returns_fee = order.fee_returned = True
        if fee := goods.fee_of(order):
            it.credit_amount += fee
            concerned |= {order.fee_with}
    it.granted = it.credit_amount + order.due_back - before
    clear(shop, order, it, concerned)
    it.settled = sum(share.amount for share in (*it.cleared, *it.undone))
    order.credited += it.credit_amount
    if it.windows or wanted.observed or it.granted or it.credit_amount:
        record(order, refund, it)
        return True
    if it.returns_fee:
        order.fee_returned = False
    return False


def record(order: Order, name: str, it: Refund) -> None:
    """R-G6: the fee goes back once, and one not yet charged never will be. What is no refund returns none."""
    order.refunds[name] = it
    order.fee_returned = order.fee_returned or it.returns_fee


def _earliest_windows(order: Order, line: int, quantity: int) -> list[Window]:
    """R-G3: used are the windows that end first, what has not arrived last."""
    left = [window for window in order.windows if window.line == line and not window.used]
    left.sort(key=lambda window: window.arrived or date.max)
    for window in left[:quantity]:
        window.used = True
    return left[:quantity]


def clear(shop: Shop, order: Order, it: Refund, concerned: set[str | None]) -> None:
    """R-G9: open bills, the shipment's own first, then the oldest; then what was written off on them.

    What a payment taken back left owed is about every unit.
    """
    own = [bill for bill in order.bills.values() if bill.shipment and bill.shipment in concerned]
    rows = [bill for bill in order.bills.values() if bill.shipment is None]
    credit = it.credit_amount
    for bill in [*own, *order.bills.values()]:
        share = min(credit, bill.open)
        released = bill.settle(share)
        shop.given_up -= released
        bill.cleared += share
        it.cleared.append(Share(bill.name, share, released))
        credit -= share
    for bill in [*own, *rows]:
        share = min(credit, bill.written_off)
        debts.undo_write_off(order, bill, share, by_refund=True)
        bill.cleared += share
        it.undone.append(Share(bill.name, share))
        credit -= share


def pay_out(shop: Shop, name: str, refund: str, against: Mapping[str | None, int], credit: int) -> None:
    """R-G8, I13: something, at most what is due back; first as money, as far as it came as money.

    What goes back against a payment is at most what came with it and is still here.
    """
    order = shop.orders[name]
    it, cash = order.refunds[refund], sum(against.values())
    broken = set[str]()
    if it.corrected:
        broken.add("H-correct")
    if None in order.disputes.values():
        broken.add("R-B9")
    as_credit = credit > order.due_back - order.cash and not it.came_back
    if not cash + credit or cash > order.cash or cash + credit > order.due_back or as_credit:
        broken |= {"I13", "R-G8", "R-G9"}
    if broken:
        raise Refused(*broken)
    for payment, amount in against.items():
        if payment is not None:
            order.payments[payment].went_back += amount
            assert order.payments[payment].went_back <= order.payments[payment].standing
    # I15: a gift comes back as a gift, after all that was the customer's own.
    own = order.money_here - order.gift - (order.cash if cash else 0)
    gift = min(order.gift, max(0, credit - max(0, own)))
    # Before that what was credit before, as the credit it was; and first what came for this order.
    spent = sum(amount for _, amount in order.pile)
    anew = min(credit - gift, max(0, own - spent))
    again = kept.take(order.pile, credit - gift - anew)
    anew = credit - gift - sum(amount for _, amount in again)
    order.refunded += cash
    it.paid += cash
    it.set_aside += credit
    receiving.set_aside(shop, order, [*again, (Kept(name), anew)], gift)


def return_payout(shop: Shop, name: str, refund: str, payout: str, payment: str | None, amount: int) -> None:
    """A cheque that could not be delivered: owed again, but for what was left owed since it was posted, what
    is to ship, and what was billed since: it would have covered that.
    """
    order = shop.orders[name]
    bills_then = order.refunds[refund].bills_then[payout]
    not_covered = order.to_ship - order.deposit
    rest = receiving.pay_again(shop, order, amount, payout, bills_then=bills_then)
    billed = [bill for bill in list(order.bills.values())[bills_then:] if bill.shipment is not None]
    receiving.pay_in_turn(shop, billed, rest - min(rest, not_covered), payout)
    order.refunded -= amount
    if payment is not None:
        order.payments[payment].went_back -= amount
    order.refunds[refund].paid -= amount
    order.refunds[refund].came_back = True
    order.refunds[refund].failed.add(payment)
