"""A process of its own that writes to a book, follows it, or rebuilds its read models, until it is killed.

python -m tests.campaigns.process write|follow|step|rebuild CONNINFO BOOK SEED
"""

import asyncio
import sys
import time
from contextlib import closing
from random import Random

import psycopg

from domain.bills.billing import NewBill
from domain.command import Command
from domain.customers.registering import RegisterCustomer
from domain.decision import Actor
from domain.numbers import year_of_recording
from domain.orders.delivering import DeliverShipment
from domain.orders.order_events import Part
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from domain.orders.shipping import ShipOrder
from domain.payments.capturing import CapturePayment
from ledger.book import Book
from ledger.composition import Ledger
from ledger.connection import LOST
from ledger.errors import StreamBusy, Unavailable
from ledger.identity import mint
from ledger.projecting.follow import Follower
from ledger.projecting.following import Following
from ledger.projecting.rebuild import rebuild
from ledger.record.submission import Submission
from projections.catalogue import PROJECTIONS

MASTER = bytes(range(32))
CALLERS = 8
ANN = Actor(person="per_01h455vb4pex5vsknk084sn02q", role="agent")


async def write(conninfo: str, book: str, chance: Random) -> None:
    """Callers who place orders and pay, ship and deliver them."""
    ledger = await Ledger.open(conninfo, MASTER)
    opened = await ledger.book(book)
    await asyncio.gather(*[_sell(opened, Random(chance.random())) for _ in range(CALLERS)])


async def _sell(book: Book, chance: Random) -> None:
    while True:
        for command in _story(book, chance):
            try:
                await book.execute(command, Submission(actor=ANN, origin="api"))
            except (Unavailable, StreamBusy):
                break  # whether the first was recorded nobody knows: this story ends here


def _story(book: Book, chance: Random) -> list[Command]:
    order, customer, shipment, units = mint("ord"), mint("cus"), mint("shp"), chance.randint(1, 3)
    on_bill, currency = chance.random() < 0.3, chance.choice(("EUR", "USD", "JPY"))
    line = AskedLine(sku="MUG", description="A mug", quantity=units, unit_price=chance.randint(1, 9_000))
    place = PlaceOrder(
        order=order,
        customer=customer,
        register=RegisterCustomer(customer=customer, channel="shop"),
        channel="shop",
        currency=currency,
        terms="bill_after" if on_bill else "card",
        lines=(line,),
    )
    pay = CapturePayment(
        order=order,
        payment=mint("pay"),
        amount=units * line.unit_price,
        currency=currency,
        processor="acme",
        reference=mint("pay"),
    )
    bill = NewBill(mint("bil"), year_of_recording(book.clock(), "UTC")) if on_bill else None
    ship = ShipOrder(
        order=order,
        shipment=shipment,
        parts=(Part(1, units),),
        method="parcel",
        tracking="1Z",
        description="sealed",
        bill=bill,
    )
    deliver = DeliverShipment(order=order, delivery=mint("dlv"), shipment=shipment, parts=(Part(1, units),))
    story: list[Command] = [place, ship, pay] if on_bill else [place, pay, ship]
    return [*story, deliver][: chance.randint(1, 4)]


async def follow(conninfo: str, book: str, _: Random) -> None:
    """What a service does."""
    ledger = await Ledger.open(conninfo, MASTER)
    await Following(ledger, _give_up).follow(await ledger.book(book))


def _give_up(_: str, failure: Exception) -> None:
    sys.stderr.write(f"stands still: {failure!r}\n")
    sys.exit(1)


async def step(conninfo: str, book: str, chance: Random) -> None:
    """The same in steps of any size, so that there is more to read ahead than a service ever has."""
    with closing(Follower(conninfo, book, PROJECTIONS, mint("run"))) as follower:
        while True:
            try:
                if not follower.step(chance.randint(1, 60)).entries:
                    time.sleep(0.01)  # noqa: ASYNC251  (nothing else runs on this loop)
            except LOST:
                continue


async def fold_anew(conninfo: str, book: str, chance: Random) -> None:
    """One rebuild after the other, whoever else is at it."""
    while True:
        await asyncio.sleep(chance.uniform(0, 3))
        try:
            rebuild(conninfo, book, PROJECTIONS)
        except LOST:
            continue
        except psycopg.errors.DeadlockDetected:
            sys.stderr.write("deadlock\n")
            sys.exit(1)


ROLES = {"write": write, "follow": follow, "step": step, "rebuild": fold_anew}

if __name__ == "__main__":
    role, conninfo, book, seed = sys.argv[1:]
    asyncio.run(ROLES[role](conninfo, book, Random(seed)))
