"""Steps of goods and what pays for them: orders placed, captured, shipped, delivered, cancelled."""

from collections.abc import Mapping

from domain.bills.billing import NewBill
from domain.numbers import year_of_recording
from domain.orders.pricing import AskedLine
from tests.domain import examples
from tests.domain.examples import id_of
from tests.domain.specification import ZONE
from tests.model import goods, receiving
from tests.model.choices import Take, amount_of, order_of, parts_of
from tests.model.prices import Asked
from tests.model.twins import CURRENCIES, CUSTOMERS, Twins

MOST_ORDERS = 3

ORDERS: tuple[tuple[tuple[Asked, ...], dict[str, int]], ...] = (
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
    lines, rest = ORDERS[much % len(ORDERS)]
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
    order = order_of(twins, which)
    if order is None:
        return
    payment = id_of("pay", twins.number)
    amount = amount_of(order.to_ship - order.deposit + order.open, much)
    command = examples.capture(
        order=order.name,
        payment=payment,
        amount=amount,
        currency=order.currency,
        reference=f"ch_{twins.number}",
    )
    twins.ask(command, lambda: receiving.capture(twins.shop, order.name, payment, amount))


def ship(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    if order is None:
        return
    shipment, bill = id_of("shp", twins.number), id_of("bil", twins.number)
    parts = parts_of(order, much)
    command = examples.ship(
        *parts.items(),
        order=order.name,
        shipment=shipment,
        bill=NewBill(bill, year_of_recording(twins.story.at, ZONE)),
    )
    twins.ask(command, lambda: goods.ship(twins.shop, order.name, shipment, parts, bill))


def deliver(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    if order is None or not order.shipments:
        return
    shipment = sorted(order.shipments)[much % len(order.shipments)]
    command = examples.deliver(order=order.name, shipment=shipment, delivery=id_of("dlv", twins.number))
    twins.ask(command, lambda: goods.deliver(twins.shop, order.name, shipment))


def cancel(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    if order is None:
        return
    refund = id_of("ref", twins.number)
    parts = parts_of(order, much // 3) if much % 3 else None
    today = twins.today.isoformat()
    command = examples.cancel(*(parts or {}).items(), order=order.name, refund=refund, decided_on=today)
    twins.ask(command, lambda: goods.cancel(twins.shop, order.name, refund, parts))


GOODS: Mapping[str, tuple[int, Take]] = {
    "place": (3, place),
    "capture": (5, capture),
    "ship": (6, ship),
    "deliver": (2, deliver),
    "cancel": (2, cancel),
}
"""How often each is tried, and how."""
