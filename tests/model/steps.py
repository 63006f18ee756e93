"""What may happen, as steps of three small numbers' worth: a kind, which thing, how much.

A step reads the shop for what would be interesting to try, on both sides of every boundary, so that any
sequence of steps makes sense and any part of one does too: what fails can be made smaller.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from domain.billing import NewBill
from domain.numbers import year_of_recording
from domain.pricing import AskedLine
from tests.domain import examples
from tests.domain.examples import id_of
from tests.domain.specification import ZONE
from tests.model.prices import Asked
from tests.model.shop import Order
from tests.model.twins import CURRENCIES, CUSTOMERS, Twins

Step = tuple[str, int, int]
MOST_ORDERS = 5

GOODS: tuple[tuple[tuple[Asked, ...], dict[str, int]], ...] = (
    ((Asked(2, 3401, discount=1),), {"shipping": 795}),
    ((Asked(3, 1733, tax=1111), Asked(7, 450, discount=100)), {"shipping": 500, "shipping_credit": 95}),
    ((Asked(4, 999, discount=2), Asked(1, 5), Asked(3, 0)), {"order_discount": 101, "order_tax": 307}),
    ((Asked(3, 1000), Asked(3, 1000)), {"shipping": 700, "shipping_tax": 49, "order_tax": 3}),
    ((Asked(1, 0),), {}),
    ((Asked(1, 2500),), {"shipping": 800, "shipping_credit": 800}),
    ((Asked(1, 2500),), {"shipping": 800, "shipping_credit": 801}),
    ((Asked(1, 2500, discount=2501),), {}),
    ((Asked(2, 500),), {"order_discount": 1001}),
)
"""Orders worth placing; the last three are none (I1)."""


def place(twins: Twins, which: int, much: int) -> None:
    if len(twins.shop.orders) >= MOST_ORDERS:
        return
    name = id_of("ord", 100 + twins.number)
    lines, rest = GOODS[much % len(GOODS)]
    customer, currency = CUSTOMERS[which % 3 == 2], CURRENCIES[which % 5 == 4]
    terms = "bill_after" if which % 2 else "card"
    command = examples.place(
        order=name,
        customer=customer,
        currency=currency,
        terms=terms,
        lines=tuple(
            AskedLine(
                sku=f"SKU-{number}",
                description="",
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount=line.discount,
                tax=line.tax,
            )
            for number, line in enumerate(lines)
        ),
        **{"shipping": 0, **rest},
    )
    twins.ask(command, lambda: twins.shop.place(name, customer, currency, terms, lines, **rest))


def capture(twins: Twins, which: int, much: int) -> None:
    order = _order(twins, which)
    if order is None:
        return
    payment = id_of("pay", twins.number)
    amount = _amount(order.to_ship - order.deposit + order.open, much)
    command = examples.capture(
        order=order.name,
        payment=payment,
        amount=amount,
        currency=order.currency,
        reference=f"ch_{twins.number}",
    )
    twins.ask(command, lambda: twins.shop.capture(order.name, payment, amount))


def ship(twins: Twins, which: int, much: int) -> None:
    order = _order(twins, which)
    if order is None:
        return
    shipment, bill = id_of("shp", twins.number), id_of("bil", twins.number)
    parts = _parts(order, much)
    command = examples.ship(
        *parts.items(),
        order=order.name,
        shipment=shipment,
        bill=NewBill(bill, year_of_recording(twins.story.at, ZONE)),
    )
    twins.ask(command, lambda: twins.shop.ship(order.name, shipment, parts, bill))


def deliver(twins: Twins, which: int, much: int) -> None:
    order = _order(twins, which)
    if order is None or not order.shipments:
        return
    shipment = sorted(order.shipments)[much % len(order.shipments)]
    command = examples.deliver(order=order.name, shipment=shipment, delivery=id_of("dlv", twins.number))
    twins.ask(command, lambda: twins.shop.deliver(order.name, shipment))


def cancel(twins: Twins, which: int, much: int) -> None:
    order = _order(twins, which)
    if order is None:
        return
    refund = id_of("ref", twins.number)
    parts = _parts(order, much // 3) if much % 3 else None
    command = examples.cancel(*(parts or {}).items(), order=order.name, refund=refund)
    twins.ask(command, lambda: twins.shop.cancel(order.name, refund, parts))


def wait(twins: Twins, which: int, much: int) -> None:
    twins.wait((1, 4, 29, 30, 31, 95)[much % 6])


def again(twins: Twins, which: int, much: int) -> None:
    twins.again(which * 16 + much)


STEPS: Mapping[str, tuple[int, Callable[[Twins, int, int], None]]] = {
    "place": (3, place),
    "capture": (5, capture),
    "ship": (6, ship),
    "deliver": (2, deliver),
    "cancel": (2, cancel),
    "wait": (1, wait),
    "again": (1, again),
}
"""How often each is tried, and how."""
KINDS = tuple(kind for kind, (weight, _) in STEPS.items() for _ in range(weight))
LARGEST = 15


def random_steps(chance: Random, count: int) -> list[Step]:
    """So many steps; the same for the same seed."""
    first = [("place", chance.randint(0, LARGEST), chance.randint(0, LARGEST)) for _ in range(2)]
    return first + [
        (chance.choice(KINDS), chance.randint(0, LARGEST), chance.randint(0, LARGEST)) for _ in range(count)
    ]


def taken(steps: Sequence[Step]) -> Twins:
    """The twins after all those steps, compared after each. Raises: one of `FAILURES` where they differ."""
    twins = Twins()
    for number, (kind, which, much) in enumerate(steps, 1):
        twins.number = number
        STEPS[kind][1](twins, which, much)
        twins.agree()
    return twins


FAILURES = (AssertionError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def failure_of(steps: Sequence[Step]) -> Exception | None:
    """How the twins come to differ by those steps; None where they do not."""
    try:
        taken(steps).finish()
    except FAILURES as failure:
        return failure
    return None


def _order(twins: Twins, which: int) -> Order | None:
    orders = list(twins.shop.orders.values())
    return orders[which % len(orders)] if orders else None


def _amount(most: int, much: int) -> int:
    """Something at, beside and well below the most that may be."""
    return max(1, (most, most, most, most + 1, most - 1, most // 2, most // 3, 500, 1)[much % 9])


def _parts(order: Order, much: int) -> dict[int, int]:
    """Units of some lines: all that are left to ship, one of a line, or one too many."""
    left = {number: len(order.units(number, "to_ship")) for number in range(1, len(order.lines) + 1)}
    some = {line: units for line, units in left.items() if units}
    line = 1 + much % len(order.lines)
    if much % 4 == 3 or not some:
        return {line: left[line] + 1}
    if much % 4 == 0:
        return some
    return {line: max(1, left[line] // (much % 4))}
