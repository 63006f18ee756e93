"""Scenario B over HTTP: shipped, billed, never paid, watched, called, written off, buys again.

Every figure and every row of the watchlists after each step. Source: domain §5
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from domain.book.register import OpenBook
from ledger.composition import Ledger
from tests.api.conftest import followed
from tests.api.house import opened_house
from tests.api.telling import Told, of, usd
from tests.domain.specification import ZONE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def told(ledger: Ledger, app: FastAPI, book_name: str) -> AsyncIterator[Told]:
    house = await opened_house(ledger, app, book_name, OpenBook(zone=ZONE, country="US"))
    async with followed(ledger, house.book):
        yield Told(house)


JANE: dict[str, Any] = {
    "name": "Jane",
    "contact_points": [
        {"kind": "email", "value": "jane@example.com"},
        {"kind": "phone", "value": "+1 212 555 0100"},
    ],
}


async def ordered(told: Told, quantity: int, buyer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Pillows are ordered; the order's address, and what was frozen."""
    line = {"sku": "PILLOW", "description": "A pillow", "quantity": quantity, "unit_price": usd("39.95")}
    receipt = await told.done("/v1/orders", {"lines": [line], "shipping": usd("5.00"), **buyer})
    return f"/v1/orders/{receipt['subject']}", of(receipt, "order.placed")


async def paid(told: Told, order: str, amount: str) -> None:
    await told.done(
        f"{order}/payments", {"amount": usd(amount), "processor": "acme", "reference": f"{order}/paid"}
    )


def parcel(quantity: int) -> dict[str, Any]:
    parts = [{"line": 1, "quantity": quantity}]
    return {"parts": parts, "method": "ups_ground", "tracking": "1Z999", "description": "Your pillows."}


async def expect(told: Told, customer: str, **figures: str) -> None:
    """Those figures of the customer; every other one of what is owed is 0."""
    found = await told.figures(customer)
    named = {name: found[name] for name in ("balance", "open_bills", "deposits_held", "written_off")}
    assert named == {
        "balance": "0.00",
        "open_bills": "0.00",
        "deposits_held": "0.00",
        "written_off": "0.00",
    } | {name: value for name, value in figures.items() if name != "lifetime_value"}
    assert found["lifetime_value"] == figures["lifetime_value"]


async def the_bill(told: Told, stage: str | None = None) -> dict[str, Any]:
    """The only row of the watchlist; closed ones only if asked for."""
    (row,) = await told.rows("/v1/unpaid-bills" + (f"?stage={stage}" if stage else ""))
    return row


async def test_a_bill_is_watched_written_off_and_paid_after_all(told: Told) -> None:
    owner = told.house.owner
    told.on("2008-06-02")
    first, placed = await ordered(told, 1, {"customer": JANE})
    customer = placed["customer"]
    await paid(told, first, "44.95")
    card = {"token": "tok_old", "brand": "visa", "last4": "1881", "expiry": "2009-02", "reuse_consent": True}
    await told.done(f"/v1/customers/{customer}/payment-methods", card)
    told.on("2008-06-03")
    await told.done(f"{first}/shipments", parcel(1))
    await expect(told, customer, lifetime_value="44.95")

    # Monday 2 March 2009: declined, and nothing on file is of use.
    told.on("2009-03-02")
    pillows, placed = await ordered(told, 2, {"customer_id": customer})
    assert (placed["standing"], placed["total"]["amount"]) == ("existing", 8490)
    failure = {"amount": usd("84.90"), "processor": "acme", "decline_code": "insufficient_funds"}
    await told.done(f"{pillows}/payment-failures", failure)
    await told.done(f"{pillows}/card-search", {})
    (declined,) = await told.rows("/v1/declined-payments")
    assert (declined["standing"], declined["searched"], declined["cards_usable"]) == ("existing", True, 0)
    for day, channel in (("2009-03-03", "email"), ("2009-03-04", "phone")):
        told.on(day)
        await told.done(f"{pillows}/contact-attempts", {"channel": channel, "reached": False})
    problem = await told.refused(f"{pillows}/shipments", parcel(2))
    assert problem["rule"] == "I2"

    # 6 March: released by the tick, shipped, billed, due 5 April.
    told.on("2009-03-06", "09:00")
    assert [entry["type"] for entry in await told.tick()] == ["order.released_without_payment"]
    await told.done(f"{pillows}/shipments", parcel(2))
    await expect(told, customer, balance="84.90", open_bills="84.90", lifetime_value="44.95")
    row = await the_bill(told)
    bill = f"/v1/bills/{row['bill']}"
    assert (row["stage"], row["due_on"], row["open"]["amount"]) == ("open", "2009-04-05", 8490)

    # 6 April: overdue, watched. 10 May: ordered again, paid, not blocked; the owner is told.
    told.on("2009-04-06", "09:00")
    assert [entry["type"] for entry in await told.tick()] == ["bill.became_overdue"]
    assert (await the_bill(told))["stage"] == "watched"
    told.on("2009-05-10")
    third, placed = await ordered(told, 1, {"customer_id": customer})
    await paid(told, third, "44.95")
    await expect(
        told,
        customer,
        balance="39.95",
        open_bills="84.90",
        deposits_held="44.95",
        lifetime_value="89.90",
    )
    (watched,) = await told.rows("/v1/watched-orders")
    assert (watched["open_then"]["amount"], watched["decision"]) == (8490, None)
    told.on("2009-05-12")
    await told.done(third.replace("/orders/", "/watched-orders/") + "/review", {"decision": "ship"}, owner)
    (watched,) = await told.rows("/v1/watched-orders")
    assert (watched["decision"], watched["reviewed_by"]) == ("ship", owner.person)
    await told.done(f"{third}/shipments", parcel(1))
    await expect(told, customer, balance="84.90", open_bills="84.90", lifetime_value="89.90")
    assert (await the_bill(told))["orders_since"] == 1

    # 1 June: nobody has spoken to them. 6 June: time to call. 8 June: reached, ill, let off.
    told.on("2009-06-01")
    problem = await told.refused(f"{bill}/write-off", {"reason": "Old friends"}, owner)
    assert problem["rule"] == "I10"
    told.on("2009-06-06")
    assert (await the_bill(told))["stage"] == "call_due"
    told.on("2009-06-08")
    reached = {"outcome": "reached", "good_reason": "illness", "note": "In hospital since March."}
    await told.done(f"{bill}/calls", reached)
    row = await the_bill(told)
    assert (row["stage"], row["calls"]) == ("called", 1)
    await told.done(f"{bill}/write-off", {"reason": "Good customers for years"}, owner)
    await expect(told, customer, written_off="84.90", lifetime_value="89.90")
    assert (await told.rows("/v1/unpaid-bills")) == []
    assert (await the_bill(told, "closed"))["closed_as"] == "written_off"

    # 14 September: they buy again, existing and not watched.
    told.on("2009-09-14")
    fourth, placed = await ordered(told, 3, {"customer_id": customer})
    assert (placed["standing"], placed["watched_for"]) == ("existing", [])
    await paid(told, fourth, "124.85")
    await expect(
        told,
        customer,
        balance="-124.85",
        deposits_held="124.85",
        written_off="84.90",
        lifetime_value="214.75",
    )
    told.on("2009-09-15")
    await told.done(f"{fourth}/shipments", parcel(3))
    await expect(told, customer, written_off="84.90", lifetime_value="214.75")
    (let_off,) = await told.rows("/v1/write-offs")
    assert (let_off["let_off"]["amount"], let_off["revenue"]["amount"]) == (8490, 12485)
    assert await told.rows("/v1/refund-audit") == []

    # 1 October: the money comes after all.
    told.on("2009-10-01")
    payment = {"amount": usd("84.90"), "method": "bank_transfer", "reference": "RF18"}
    receipt = await told.done(f"{bill}/payments", payment)
    assert of(receipt, "write_off.reversed")["amount"]["amount"] == 8490
    await expect(told, customer, lifetime_value="299.65")
    assert (await the_bill(told, "closed"))["closed_as"] == "paid"
    (let_off,) = await told.rows("/v1/write-offs")
    assert (let_off["written_off"]["amount"], let_off["revenue"]["amount"]) == (0, 12485)
