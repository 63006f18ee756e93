"""What was recorded by mistake and is taken back: the exact inverse, or nothing at all. H-correct, §2

A part of the shop, as `tests.model.shop` says. What came, left, arrived or was let off stays as it is, and so
does what could not be taken back to the last minor unit.
"""

from dataclasses import replace

from tests.model import goods, kept, promises, unmatched
from tests.model.orders import Bill, Order, Refund, Refused, Share, State
from tests.model.prices import Price, price_of
from tests.model.shop import Shop

INEXACT = "R-G6"


def expect_authority(role: str, *, reason: bool) -> None:
    """A supervisor, with a reason."""
    if role == "agent" or not reason:
        raise Refused("H-authority")


def correct_payment(shop: Shop, name: str, payment: str, row: str) -> None:
    """R-B9, I15: it never came; what it had paid is open again, and what is missing is owed from today."""
    order = shop.orders[name]
    of_none = order.late_of_none
    it = order.payments[payment]
    credit = shop.credit(order.customer, order.currency)
    broken = set[str]()
    if it.went_back or any(of == payment for of, *_ in order.reversals.values()):
        broken.add("H-correct")
    excess = [part for part in credit.pile if part[0].payment == payment]
    if it.set_aside > sum(amount for _, amount in excess):
        broken.add("I15")
    unpaid = sum(share.amount for share in it.paid)
    funds = order.open - order.account + unpaid + it.set_aside - it.amount
    assert _phantom(funds, order.money_here - it.amount + it.set_aside) <= order.open + unpaid
    if broken:
        raise Refused(*broken)
    missing = max(0, -funds)
    it.corrected = True
    unmatched.waits_again(shop, payment)
    order.received -= it.amount
    order.set_aside -= it.set_aside
    credit.set_aside -= it.set_aside
    kept.remove(credit.pile, [(part, it.set_aside) for part, _ in excess])
    open_before = {bill.name: bill.open for bill in order.bills.values()}
    for share in it.paid:
        order.bills[share.bill].paid -= share.amount
    for share in it.undone:
        order.bills[share.bill].let_off += share.amount
    _open_again(shop, order, payment, it.paid, it.undone)
    _clear_late(shop, order, of_none, it.undone, open_before)
    _fall_overdue(shop, order)
    if missing:
        order.bills[row] = Bill(row, "correction", missing, shop.today, shop.today)
        # I15: what refunds of this order kept as the customer's own credit, and is left of it, pays that.
        by_refunds = [part for part in credit.pile if (part[0].order, part[0].payment) == (name, None)]
        pays = kept.take(by_refunds, missing)
        amount = sum(share for _, share in pays)
        kept.remove(credit.pile, pays)
        kept.put(order.pile, pays)
        order.bills[row].paid += amount
        order.credit_used += amount
        credit.used += amount


def correct_shipment(shop: Shop, name: str, shipment: str) -> None:
    """I7: it never left; it is charged no more, its bill is void, and its units may ship again."""
    order = shop.orders[name]
    it = order.shipments[shipment]
    windows = [window for window in order.windows if window.shipment == shipment]
    broken = set[str]()
    if any(window.arrived or window.used for window in windows) or (it.carries_fee and order.fee_returned):
        broken.add("H-correct")
    bill = _bill_of(order, shipment)
    if bill is not None and bill.paid + bill.cleared + bill.written_off:
        broken.add("H-correct")
    for line, quantity in it.quantities.items():
        charged = [unit for unit in order.lines[line - 1] if unit.state in ("refunded", "shipped")]
        if price_of(unit.price for unit in charged[-quantity:]) != it.prices[line]:
            broken.add(INEXACT)
    if broken:
        raise Refused(*broken)
    funds = order.funds + it.charge - (bill.open if bill else 0)
    if _phantom(funds, order.money_here) > sum(
        owed.open for owed in order.bills.values() if owed.shipment is None
    ):
        raise Refused("H-correct")
    it.corrected = True
    for line, quantity in it.quantities.items():
        goods.turn(order.units(line, "shipped")[-quantity:], "to_ship")
    order.windows = [window for window in order.windows if window.shipment != shipment]
    order.charged -= it.charge
    order.fee_charged = order.fee_charged and not it.carries_fee
    if bill is not None:
        _make_void(shop, bill)
    _clear_phantoms(shop, order)


def correct_bill(shop: Shop, name: str, bill: str, instead: str) -> None:
    """R-B1: another asks for the same by the same day; what was said about the one holds for the other."""
    order = shop.orders[name]
    void = order.bills[bill]
    if void.paid + void.cleared + void.written_off:
        raise Refused("H-correct")
    assert void.shipment is not None
    amount, given_up = void.open, void.given_up
    void.given_up, void.void = 0, True
    goods.add_bill(shop, order, instead, amount, void.shipment)
    after = order.bills[instead]
    after.issued, after.due, after.excused = void.issued, void.due, void.excused
    after.given_up, after.was_given_up = given_up, void.was_given_up
    if void.overdue_at is not None:
        after.overdue_at, after.overdue_as = void.overdue_at, void.overdue_as or void.name
    after.promises = {promise: replace(it) for promise, it in void.promises.items()}


def correct_refund(shop: Shop, name: str, refund: str) -> None:
    """R-G9, I14: it was none; what it had cleared is open again, units cancelled with it may ship.

    None of its money may have left, in its own name or another refund's.
    """
    order = shop.orders[name]
    it = order.refunds[refund]
    due = it.credit_amount - sum(share.amount for share in (*it.cleared, *it.undone))
    settled, late = max(0, order.clears()[refund] - it.settled), list[Share]()
    due -= settled
    for bill in order.bills.values():
        late.append(Share(bill.name, min(settled, bill.cleared_late)))
        settled -= late[-1].amount
    beyond, left = max(0, due - order.funds), max(0, order.funds - due)
    broken = set[str]()
    if it.paid + it.set_aside or beyond or _stranded(order, it, left):
        broken.add("H-correct")
    for (line, state), quantity in it.quantities.items():
        price = it.refunded[line] if state == "refunded" else it.cancelled.get(line, Price())
        units = order.units(line, state)
        last = units[len(units) - quantity :] if state == "refunded" else units[:quantity]
        if price_of(unit.price for unit in last) != price:
            broken.add(INEXACT)
    if broken:
        raise Refused(*broken)
    it.corrected = True
    order.credited -= it.credit_amount
    for (line, state), quantity in it.quantities.items():
        _turn_back(order, line, state, quantity)
    for window in it.windows:
        window.used = False
    order.fee_returned = order.fee_returned and not it.returns_fee
    for share in (*it.cleared, *it.undone):
        order.bills[share.bill].cleared -= share.amount
    let_off = list[Share]()
    for share in late:
        bill = order.bills[share.bill]
        let_off.append(Share(share.bill, min(share.amount, bill.let_off_late)))
        bill.cleared -= share.amount
        bill.cleared_late -= share.amount
        bill.let_off_late -= let_off[-1].amount
    _open_again(shop, order, refund, [*it.cleared, *late], [*it.undone, *let_off])
    _fall_overdue(shop, order)


def _stranded(order: Order, it: Refund, funds: int) -> bool:
    """Whether without that refund something of these funds would be due back of none."""
    waiting = [unit for line in order.lines for unit in line if unit.state == "to_ship"]
    to_ship = price_of(unit.price for unit in waiting).total
    to_ship += sum(price.total for price in it.cancelled.values())
    fee_to_come = not order.fee_charged and (not order.fee_returned or it.returns_fee)
    if fee_to_come and (waiting or it.cancelled):
        to_ship += order.fee
    claims = sum(other.claim for other in order.refunds.values() if other is not it)
    return funds - min(funds, to_ship) > claims


def _turn_back(order: Order, line: int, state: State, quantity: int) -> None:
    units = order.units(line, state)
    if state == "refunded":
        goods.turn(units[len(units) - quantity :], "shipped")
    else:
        goods.turn(units[:quantity], "to_ship")


def _open_again(shop: Shop, order: Order, by: str, shares: list[Share], undone: list[Share]) -> None:
    """What settled bills never did; write-offs that it had undone stand again."""
    rested = {name for name, bill in order.bills.items() if bill.open == sum(_of(name, shares))}
    for share in undone:
        order.bills[share.bill].written_off += share.amount
        order.written_off += share.amount
    for share in shares:
        bill = order.bills[share.bill]
        bill.given_up += share.given_up
        shop.given_up += share.given_up
        promises.asked_again(bill, by, rested=share.bill in rested)


def _of(bill: str, shares: list[Share]) -> list[int]:
    return [share.amount for share in shares if share.bill == bill]


def _fall_overdue(shop: Shop, order: Order) -> None:
    """R-B1: what is open again after its last day is overdue at once."""
    for bill in order.bills.values():
        if bill.overdue_at is None and bill.open > 0 and bill.due < shop.today:
            bill.overdue_at = shop.now
        promises.fall_broken(shop, bill)


def _phantom(funds: int, money_here: int) -> int:
    """Of funds, which are money that came and is still here: what only seems to be."""
    return max(0, funds) - max(0, min(funds, money_here))


def _clear_phantoms(shop: Shop, order: Order) -> None:
    """What only seems to be there was owed without a number, and falls away."""
    rows = [bill for bill in order.bills.values() if bill.shipment is None]
    for bill, share in _close(shop, rows, _phantom(order.funds, order.money_here)):
        bill.fell_away += share


def _clear_late(
    shop: Shop, order: Order, of_none: int, undone: list[Share], open_before: dict[str, int]
) -> None:
    """R-G9: a refund clears of bills what a payment that never came had seemed to pay; that is no payment.

    Last what that payment had undone of write-offs: it stays let off, and is not written off again. What is
    owed without a number comes first: what opened of it, of all the order's funds (R-B9). It falls away as
    far as no refund can have cleared it: before, so much was `of_none`.
    """
    rows = [bill for bill in order.bills.values() if bill.shipment is None]
    bills = [bill for bill in order.bills.values() if bill.shipment is not None]
    taken = list[tuple[Bill, int]]()
    for row in rows:
        taken += _close(shop, [row], min(order.funds, row.open - open_before[row.name]))
    taken += _close(shop, rows + bills, _phantom(order.funds, order.money_here))
    closed = [(bill, share, False) for bill, share in taken]
    for share in undone:
        bill, part = order.bills[share.bill], min(share.amount, _phantom(order.funds, order.money_here))
        bill.written_off -= part
        order.written_off -= part
        bill.cleared += part
        closed.append((bill, part, True))
    for bill, share, was_let_off in closed:
        bill.cleared_late += share
        bill.let_off_late += share if was_let_off else 0
    left = order.late_of_none - of_none
    for bill, share, was_let_off in closed:
        part = max(0, min(share, left))
        bill.cleared_late -= part
        left -= part
        if was_let_off:
            bill.let_off_late -= part
        elif bill.shipment is None:
            bill.fell_away += part


def _close(shop: Shop, bills: list[Bill], amount: int) -> list[tuple[Bill, int]]:
    """So much of those, one after the other."""
    closed = list[tuple[Bill, int]]()
    for bill in bills:
        share = min(amount, bill.open)
        shop.given_up -= bill.settle(share)
        bill.cleared += share
        amount -= share
        closed.append((bill, share))
    return closed


def _bill_of(order: Order, shipment: str) -> Bill | None:
    """The one that stands."""
    bills = [bill for bill in order.bills.values() if bill.shipment == shipment and not bill.void]
    return bills[0] if bills else None


def _make_void(shop: Shop, bill: Bill) -> None:
    shop.given_up -= bill.given_up
    bill.given_up, bill.void = 0, True
