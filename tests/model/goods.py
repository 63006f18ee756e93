"""Goods that leave, arrive, or are cancelled before they leave. I2, I7, I14, R-B1, R-G6

A part of the shop, as `tests.model.shop` says.
"""

from collections.abc import Mapping
from datetime import timedelta

from tests.model import refunds
from tests.model.orders import Bill, Order, Refund, Refused, Shipment, State, Unit, Window
from tests.model.prices import Price, price_of
from tests.model.reviews import may_bill
from tests.model.shop import Shop

BILL_DAYS = 30


def ship(shop: Shop, name: str, shipment: str, parts: Mapping[int, int], bill: str) -> None:
    """I2, I7, R-B1: charged once; what is not covered is billed."""
    order = shop.orders[name]
    if any(quantity > len(order.units(line, "to_ship")) for line, quantity in parts.items()):
        raise Refused("I7")
    carries_fee = not order.fee_charged and not order.fee_returned
    leaving = {line: order.units(line, "to_ship")[:quantity] for line, quantity in parts.items()}
    prices = {line: price_of(unit.price for unit in units) for line, units in leaving.items()}
    charge = sum(price.total for price in prices.values()) + (order.fee if carries_fee else 0)
    unpaid = max(0, charge - order.deposit)
    if unpaid and not may_bill(order):
        raise Refused("R-B2" if order.terms == "bill_after" or order.released else "I2")
    for line, units in leaving.items():
        turn(units, "shipped")
        order.windows.extend(Window(line, shipment) for _ in units)
    order.shipments[shipment] = Shipment(charge, prices, dict(parts), carries_fee, bill if unpaid else None)
    order.fee_charged = order.fee_charged or carries_fee
    order.charged += charge
    if unpaid:
        add_bill(shop, order, bill, unpaid, shipment)


def add_bill(shop: Shop, order: Order, bill: str, amount: int, shipment: str) -> None:
    """Issued today, payable by its last day."""
    due = shop.today + timedelta(days=BILL_DAYS)
    order.bills[bill] = Bill(bill, "shipment", amount, shop.today, due, shipment)


def deliver(shop: Shop, name: str, shipment: str) -> None:
    """I7: all of a shipment that is still under way arrives."""
    order = shop.orders[name]
    if order.shipments[shipment].corrected:
        raise Refused("H-correct")
    arriving = [it for it in order.windows if it.shipment == shipment and it.arrived is None]
    if not arriving:
        raise Refused("I7")
    for window in arriving:
        window.arrived = shop.today


def cancel(shop: Shop, name: str, refund: str, parts: Mapping[int, int] | None) -> None:
    """I14: unshipped units, from the last downward; what becomes due back is granted."""
    order = shop.orders[name]
    waiting = {
        number: len(units)
        for number in range(1, len(order.lines) + 1)
        if (units := order.units(number, "to_ship"))
    }
    parts = waiting if parts is None else parts
    if not parts or any(quantity > waiting.get(line, 0) for line, quantity in parts.items()):
        raise Refused("I14")
    before = order.due_back
    it = Refund(0, 0, cancelled=cancel_units(order, parts))
    it.quantities = {(line, "cancelled"): quantity for line, quantity in parts.items()}
    if order.gone and not order.fee_returned:
        it.returns_fee, it.credit_amount = True, fee_of(order)
    refunds.clear(shop, order, it, {order.fee_with} if it.credit_amount else set())
    it.beside = sum(share.amount for share in (*it.cleared, *it.undone))
    order.credited += it.credit_amount
    it.granted = order.due_back - before
    if it.granted or it.credit_amount:
        refunds.record(order, refund, it)


def cancel_units(order: Order, parts: Mapping[int, int]) -> dict[int, Price]:
    """So many units of those lines, from the last downward; what they cost, by line."""
    prices: dict[int, Price] = {}
    for line, quantity in parts.items():
        units = order.units(line, "to_ship")[-quantity:]
        prices[line] = price_of(unit.price for unit in units)
        turn(units, "cancelled")
    return prices


def fee_of(order: Order) -> int:
    """R-G6: what of the fee was charged."""
    return order.fee if order.fee_charged else 0


def turn(units: list[Unit], state: State) -> None:
    """What becomes of them."""
    for unit in units:
        unit.state = state
