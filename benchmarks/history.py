"""A history to project: orders of three lines, placed, captured, later shipped, later delivered with their
guarantee; three orders a customer. 40 % of the entries move a balance.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import psycopg

from domain.entry import Event, Meta
from domain.ids import type_id
from domain.orders.order_events import (
    GuaranteeGranted,
    GuaranteeTerms,
    OrderLine,
    OrderPlaced,
    OrderShipped,
    Part,
    ShipmentDelivered,
)
from domain.payments.payment_events import PaymentCaptured
from domain.stored_types import TYPE_NAMES
from ledger.record import codec

SHIPPED_AFTER, DELIVERED_AFTER = 50, 200
"""Orders placed meanwhile."""
PARTS = (Part(1, 2), Part(2, 1), Part(3, 1))
LINES = tuple(OrderLine(part.line, f"SKU-{part.line}", "A thing, blue", 2, 1299, 0, 208) for part in PARTS)
ENTRY_TYPES = [
    *("text", "int8", "text", "int8", "text", "int4", "text", "int8", "int8", "text", "text", "bytea")
]
TOTAL = 3 * (2 * 1299 + 208) + 495


def store(conninfo: str, book: str, count: int) -> None:
    """Write a book of so many entries. Raises: psycopg.Error."""
    meta = codec.encode_meta(
        Meta(person=type_id("per", 1), role="agent", origin="api", edition=1, key="k" * 30)
    )
    at, last = 1_700_000_000_000_000, bytes(32)
    versions: dict[str, int] = {}
    with psycopg.connect(conninfo) as connection:
        with connection.cursor().copy("COPY entries FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(ENTRY_TYPES)
            for position, event in zip(range(1, count + 1), events(), strict=False):
                stream = event.order
                versions[stream] = versions.get(stream, 0) + 1
                last = sha256(last).digest()
                name, data, now = TYPE_NAMES[type(event)], codec.encode(event)[2], at + position * 1000
                header = (book, position, stream, versions[stream], name, 1, event.customer, now, now)
                copy.write_row((*header, meta, data, last))
        connection.execute("INSERT INTO heads VALUES (%s, %s, %s, %s)", (book, count, last, at))


def events() -> Iterator[Any]:
    """Events without end: each order placed and captured, an earlier one shipped, a still earlier one
    delivered.
    """
    number = 0
    while True:
        number += 1
        yield from _placed(number)
        if number > SHIPPED_AFTER:
            yield _shipped(number - SHIPPED_AFTER)
        if number > DELIVERED_AFTER:
            yield from _delivered(number - DELIVERED_AFTER)


def _about(number: int) -> dict[str, Any]:
    return {"order": type_id("ord", number), "customer": type_id("cus", number // 3)}


def _placed(number: int) -> tuple[Event, Event]:
    placed = OrderPlaced(
        **_about(number),
        channel="web",
        external_ref=f"W-{number}",
        currency="USD",
        terms="card",
        ordered_on="2024-03-01",
        lines=LINES,
        shipping=495,
        shipping_tax=0,
        shipping_credit=0,
        total=TOTAL,
        standing="new",
        standing_rests_on=None,
        guarantee=GuaranteeTerms(6, "delivery", 30, "order", edition=1),
    )
    captured = PaymentCaptured(
        **_about(number),
        payment=type_id("pay", number),
        currency="USD",
        amount=TOTAL,
        payment_method=None,
        processor="acme",
        reference=f"ch_{number}",
        bills=(),
    )
    return placed, captured


def _shipped(number: int) -> Event:
    return OrderShipped(
        **_about(number),
        shipment=type_id("shp", number),
        parts=PARTS,
        method="parcel",
        tracking=f"1Z{number:016}",
        description="sealed." + "x" * 80,
        currency="USD",
        goods=3 * 2 * 1299,
        tax=3 * 208,
        shipping=495,
        shipping_tax=0,
        shipping_credit=0,
        charge=TOTAL,
        carries_fee=True,
    )


def _delivered(number: int) -> tuple[Event, Event]:
    about: dict[str, Any] = {
        **_about(number),
        "delivery": type_id("dlv", number),
        "shipment": type_id("shp", number),
        "delivered_on": "2024-03-05",
        "parts": PARTS,
    }
    windows: dict[str, Any] = {
        "ordered_on": "2024-03-01",
        "guarantee_until": "2024-09-05",
        "guarantee_edition": 1,
        "supplier_until": "2024-03-31",
        "supplier_edition": 1,
    }
    return ShipmentDelivered(**about, all_under_way=True), GuaranteeGranted(**about, **windows)
