"""The things of an order: whatever no more can be taken of than there is, and how an event changed them.

    to_ship     units of a line that may still ship or be cancelled
    asked_back  units of a line that shipped and were not refunded
    window      units that came with one delivery, or are under way with one shipment, and were not refunded
    price       of all units still to ship, with the fee to come
    open        on a bill; and of that `hoped`, which is not given up for the books, and `given_up`
    cleared, written_off
                of a bill: what a correction, or money that comes after all, takes back
    standing    of a payment: what was not taken back from us
    may_go_back of a payment: what of that did not go back as a refund
    claim       of a refund: what was neither paid out nor kept as credit
    funds       money that no bill and no charge has used
    due_back    what of the funds no unit still to ship needs; less than nothing where they need more

Source: H-time
"""

from collections.abc import Iterator

from domain.bills.bill import Bill
from domain.orders.order import Placed, Shipment
from domain.refunds.refund import Refund, claim_changed
from domain.there import Thing

FUNDS: Thing = ("funds",)
DUE_BACK: Thing = ("due_back",)
MAY_GO_BACK = "may_go_back"
GOING_BACK = (*DUE_BACK, MAY_GO_BACK)
"""Kinds of what only a refund takes: what else there is less of them then, nobody took."""
Changed = Iterator[tuple[Thing, int]]


def things_placed(order: Placed) -> Changed:
    """What is there once an order is placed."""
    for line in order.lines:
        yield ("to_ship", str(line.line.number)), line.line.quantity
    yield ("price",), order.price_to_ship()
    yield DUE_BACK, -order.price_to_ship()


def things_changed(before: Placed, after: Placed) -> Changed:
    """What is more, or less, after an event than it was before."""
    if after.lines is not before.lines:
        for was, line in zip(before.lines, after.lines, strict=True):
            if line is not was:
                number = str(line.line.number)
                yield ("to_ship", number), line.to_ship - was.to_ship
                yield ("asked_back", number), line.shipped - line.refunded - was.shipped + was.refunded
    if after.bills is not before.bills:
        for name, bill in after.bills.items():
            if bill is not (known := before.bills.get(name)):
                yield from _of_bill(known, bill)
    if after.payments is not before.payments:
        for name, payment in after.payments.items():
            if payment is not (known := before.payments.get(name)):
                was_paid_back, stood = (0, 0) if known is None else (known.paid_back, known.standing)
                came = payment.standing - stood
                yield ("standing", name), came
                yield (MAY_GO_BACK, name), came - payment.paid_back + was_paid_back
    if after.refunds is not before.refunds:
        for name, refund in after.refunds.items():
            if refund is not (known := before.refunds.get(name)):
                yield from claim_changed(known, refund)
                yield from _windows_used(known, refund)
    if after.shipments is not before.shipments:
        for name, shipment in after.shipments.items():
            if shipment is not (known := before.shipments.get(name)):
                yield from _windows_begun(known, shipment)
    price, funds = after.price_to_ship() - before.price_to_ship(), _raw_funds(after) - _raw_funds(before)
    yield ("price",), price
    yield FUNDS, funds
    yield DUE_BACK, funds - price


def _of_bill(before: Bill | None, after: Bill) -> Changed:
    was, now = _parts_of(before), _parts_of(after)
    for kind, amount in now.items():
        yield (kind, after.bill), amount - was.get(kind, 0)


def _parts_of(bill: Bill | None) -> dict[str, int]:
    if bill is None:
        return {}
    return {
        "open": bill.open,
        "hoped": bill.open - bill.uncollectible,
        "given_up": bill.uncollectible,
        "cleared": bill.cleared,
        "written_off": bill.written_off,
    }


def _windows_used(before: Refund | None, after: Refund) -> Changed:
    """A refund that is granted uses windows, and one that is taken back uses them no more."""
    used = (after.corrected is None) - (before is not None and before.corrected is None)
    for part in after.granted.parts:
        if part.line is not None and part.shipment is not None:
            yield _window(part.line, part.shipment, part.delivery), -used * part.quantity


def _windows_begun(before: Shipment | None, after: Shipment) -> Changed:
    began = (after.corrected is None) - (before is not None and before.corrected is None)
    for part in after.shipped.parts:
        yield _window(part.line, after.shipped.shipment, None), began * part.quantity
    for name, delivery in after.deliveries.items():
        if before is None or name not in before.deliveries:
            for part in delivery.delivered.parts:
                yield _window(part.line, after.shipped.shipment, name), part.quantity


def _window(line: int, shipment: str, delivery: str | None) -> Thing:
    return "window", str(line), shipment, delivery or ""


def _raw_funds(order: Placed) -> int:
    """Less than nothing where something was charged that neither money nor a bill answers for."""
    return order.open_bills() - order.account.balance
