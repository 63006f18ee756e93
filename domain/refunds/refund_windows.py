"""Which windows refunded units use, and what that says about their age: the earliest-ending ones first.

Age never lowers a refund; it only labels its row. Source: R-G1 … R-G3
"""

from collections import Counter, deque
from collections.abc import Iterable
from datetime import date

import msgspec

from domain.moments import Day
from domain.orders.guarantees import supplier_until
from domain.orders.order import Placed
from domain.orders.order_events import GuaranteeGranted
from domain.orders.pricing import price_of_units
from domain.refunds.refund import Refund
from domain.refunds.refund_events import AgeLabel, AskedUnits, RefundedPart

Place = tuple[int, str, str | None]
"""Line, shipment, and the delivery; None while under way."""


class Window(msgspec.Struct, frozen=True):
    """Shipped units of one line with the same last days, and how many of them are not refunded."""

    shipment: str
    granted: GuaranteeGranted | None
    """None while they are under way."""
    quantity: int

    @property
    def ends(self) -> tuple[bool, str, str]:
        """What is refunded earlier sorts first; what is still under way ends last."""
        if self.granted is None:
            return True, "", ""
        return False, self.granted.guarantee_until, self.granted.supplier_until


def refunded_parts(state: Placed, units: tuple[AskedUnits, ...], asked_on: Day) -> tuple[RefundedPart, ...]:
    """Those units, all of them shipped and not refunded, at the price paid and with their age that day.

    Source: R-G3, R-G6
    """
    refunded = {asked.line: state.lines[asked.line - 1].refunded for asked in units}
    windows = _windows(state, refunded)
    parts: list[RefundedPart] = []
    for asked in units:
        line, left, its = state.lines[asked.line - 1].line, asked.quantity, windows[asked.line]
        while left and its:
            window = its.popleft()
            quantity, first = min(left, window.quantity), refunded[asked.line]
            if quantity < window.quantity:
                its.appendleft(msgspec.structs.replace(window, quantity=window.quantity - quantity))
            price = price_of_units(line, first, first + quantity)
            part = RefundedPart(
                line=asked.line,
                quantity=quantity,
                shipment=window.shipment,
                goods=price.goods,
                tax=price.tax,
                note_line=asked.note_line,
                note_amount=None if asked.note_price is None else asked.note_price * quantity,
            )
            parts.append(_aged(state, part, window.granted, asked_on))
            refunded[asked.line] = first + quantity
            left -= quantity
    return tuple(parts)


def _used(state: Placed) -> Counter[Place]:
    """How many units each place lost to refunds that stand."""
    used = Counter[Place]()
    for refund in _standing(state):
        for part in refund.granted.parts:
            if part.line is not None and part.shipment is not None:
                used[part.line, part.shipment, part.delivery] += part.quantity
    return used


def arrived_since(state: Placed, refund: Refund) -> Counter[tuple[int, str]]:
    """Units of a refund that were under way when it was granted and have arrived since, by line and shipment.

    What nobody asked back arrives first, then what was asked back first.
    """
    before, every = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    for each in _standing(state):
        if each is refund:
            before.update(every)
        every.update(_on_the_way(each))
    its = Counter[tuple[int, str]]() if refund.corrected is not None else _on_the_way(refund)
    under_way = {name: state.shipments[name].undelivered() for name in {name for _, name in its}}
    arrived = Counter[tuple[int, str]]()
    for line, name in its:
        since = every[line, name] - under_way[name].get(line, 0)
        arrived[line, name] = since - before[line, name]
    return its & arrived


def _on_the_way(refund: Refund) -> Counter[tuple[int, str]]:
    """Units it refunded before they arrived."""
    units = Counter[tuple[int, str]]()
    for part in refund.granted.parts:
        if part.line is not None and part.shipment is not None and part.delivery is None:
            units[part.line, part.shipment] += part.quantity
    return units


def _standing(state: Placed) -> list[Refund]:
    return [refund for refund in state.refunds.values() if refund.corrected is None]


def _windows(state: Placed, lines: Iterable[int]) -> dict[int, deque[Window]]:
    """By line, its windows that have units left, the earliest-ending first."""
    used, found = _used(state), {line: list[Window]() for line in lines}
    for name, shipment in state.shipments.items():
        under_way = shipment.undelivered()
        # What was refunded on the way and has arrived since began windows that are nobody's any more.
        arrived = {
            part.line: max(0, used[part.line, name, None] - under_way.get(part.line, 0))
            for part in shipment.shipped.parts
        }
        for delivery in shipment.deliveries.values():
            for part in delivery.delivered.parts:
                if part.line in found and delivery.granted is not None:
                    left = max(0, part.quantity - used[part.line, name, delivery.delivered.delivery])
                    gone = min(arrived[part.line], left)
                    arrived[part.line] -= gone
                    found[part.line].append(Window(name, delivery.granted, left - gone))
        for line, quantity in under_way.items():
            if line in found:
                found[line].append(Window(name, None, max(0, quantity - used[line, name, None])))
    return {
        line: deque(sorted([it for it in its if it.quantity], key=lambda window: window.ends))
        for line, its in found.items()
    }


def _aged(state: Placed, part: RefundedPart, granted: GuaranteeGranted | None, asked_on: Day) -> RefundedPart:
    """The part with its label and ages. What was still under way that day is never beyond the guarantee, also
    where it has arrived since and it is decided only now.
    """
    placed = state.placed
    since_order = days_between(placed.ordered_on, asked_on)
    delivery = None if granted is None else granted.delivery
    if granted is None or asked_on < granted.delivered_on:
        in_time = asked_on <= supplier_until(placed.guarantee, placed.ordered_on, asked_on)
        label: AgeLabel = "supplier" if in_time else "guarantee"
        return msgspec.structs.replace(part, delivery=delivery, label=label, days_since_order=since_order)
    return msgspec.structs.replace(
        part,
        delivery=delivery,
        label=label_of(asked_on, granted.supplier_until, granted.guarantee_until),
        days_since_delivery=days_between(granted.delivered_on, asked_on),
        days_since_order=since_order,
    )


def label_of(asked_on: Day, supplier_until: Day, guarantee_until: Day) -> AgeLabel:
    """What a refund asked for that day is called; the last day of each window is inclusive. Source: R-G3"""
    if asked_on <= supplier_until:
        return "supplier"
    return "guarantee" if asked_on <= guarantee_until else "beyond_guarantee"


def days_between(earlier: Day, later: Day) -> int:
    """Calendar days from one day to another."""
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days
