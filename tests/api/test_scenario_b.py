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


OWED = ("balance", "open_bills", "deposits_held", "refunds_due", "credit_available", "written_off")
NOTHING = dict.fromkeys((*OWED, "goodwill_cost", "reversed", "credited", "refunded"), "0.00")
CONTACTS = {"acknowledgement", "thanks", "shipped"}
"""Kinds of tasks that every order has, and nobody in this story records as done."""


LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "declined": (
        "/v1/declined-payments",
        ("missing", "searched", "contacts", "channels_left", "next_step", "result"),
    ),
    "unpaid": ("/v1/unpaid-bills", ("stage", "open", "days_overdue", "calls", "orders_since")),
    "closed": ("/v1/unpaid-bills?stage=closed", ("closed_as", "calls", "orders_since")),
    "age": ("/v1/aging", ("up_to_30", "from_31_to_60", "from_61_to_90", "over_90")),
    "watched": ("/v1/watched-orders", ("open_then", "open_now", "to_review", "decision")),
    "let_off": ("/v1/write-offs", ("let_off", "written_off", "orders", "revenue")),
    "refunds": ("/v1/refund-audit", ("refund",)),
}
"""Lists that have at most one row in this story, and what is told of it here; amounts in cents."""


class Watch:
    """All that is said of a customer's money after each step: nothing but what is named."""

    def __init__(self, told: Told, customer: str) -> None:
        self.told = told
        self.customer = customer

    async def figures(self, charged: str, received: str, **others: str) -> None:
        """The customer's figures; every one that is not named is 0."""
        found = dict(await self.told.figures(self.customer))
        came = {"charged": charged, "received": received, "lifetime_value": received}
        assert {name: found[name] for name in (*NOTHING, *came)} == NOTHING | came | others

    async def rows(self, *tasks: str, **named: tuple[object, ...]) -> None:
        """The tasks by kind, and the rows of `LISTS`; every list that is not named is empty."""
        assert named.keys() <= LISTS.keys()
        found = [row["kind"] for row in await self.told.rows("/v1/tasks") if row["kind"] not in CONTACTS]
        assert sorted(found) == sorted(tasks)
        for name, (path, columns) in LISTS.items():
            rows = await self.told.rows(path)
            told = [tuple(_minor(row[column]) for column in columns) for row in rows]
            assert told == ([named[name]] if name in named else []), name


def _minor(value: Any) -> object:
    return value["amount"] if isinstance(value, dict) else value


async def test_a_bill_is_watched_written_off_and_paid_after_all(told: Told) -> None:
    owner = told.house.owner
    told.on("2008-06-02")
    first, placed = await ordered(told, 1, {"customer": JANE})
    customer = placed["customer"]
    watch = Watch(told, customer)
    await watch.rows()
    await paid(told, first, "44.95")
    await watch.figures("0.00", "44.95", balance="-44.95", deposits_held="44.95")
    await watch.rows()
    card = {"token": "tok_old", "brand": "visa", "last4": "1881", "expiry": "2009-02", "reuse_consent": True}
    await told.done(f"/v1/customers/{customer}/payment-methods", card)
    told.on("2008-06-03")
    await told.done(f"{first}/shipments", parcel(1))
    await watch.figures("44.95", "44.95")
    await watch.rows()

    # Monday 2 March 2009: declined, and nothing on file is of use.
    told.on("2009-03-02")
    pillows, placed = await ordered(told, 2, {"customer_id": customer})
    assert (placed["standing"], placed["total"]["amount"]) == ("existing", 8490)
    failure = {"amount": usd("84.90"), "processor": "acme", "decline_code": "insufficient_funds"}
    await told.done(f"{pillows}/payment-failures", failure)
    await watch.figures("44.95", "44.95")
    declined = (8490, False, 0, "email phone", "search_cards", None)
    await watch.rows("search_cards", "reach_customer", declined=declined)
    await told.done(f"{pillows}/card-search", {})
    (row,) = await told.rows("/v1/declined-payments")
    assert (row["standing"], row["is_watched"], row["cards_usable"]) == ("existing", False, 0)
    declined = (8490, True, 0, "email phone", "reach_customer", None)
    await watch.rows("reach_customer", declined=declined)
    told.on("2009-03-03")
    await told.done(f"{pillows}/contact-attempts", {"channel": "email", "reached": False})
    await watch.figures("44.95", "44.95")
    await watch.rows(declined=(8490, True, 1, "phone", "released_by_rule", None))
    told.on("2009-03-04")
    await told.done(f"{pillows}/contact-attempts", {"channel": "phone", "reached": False})
    problem = await told.refused(f"{pillows}/shipments", parcel(2))
    assert problem["rule"] == "I2"
    await watch.figures("44.95", "44.95")
    await watch.rows(declined=(8490, True, 2, "", "released_by_rule", None))

    # 6 March: released by the tick, shipped, billed, due 5 April.
    told.on("2009-03-06", "09:00")
    assert [entry["type"] for entry in await told.tick()] == ["order.released_without_payment"]
    await watch.figures("44.95", "44.95")
    await watch.rows("ship_order", declined=(8490, True, 2, "", None, "released_by_rule"))
    await told.done(f"{pillows}/shipments", parcel(2))
    owing = {"balance": "84.90", "open_bills": "84.90"}
    await watch.figures("129.85", "44.95", **owing)
    released = (0, True, 2, "", None, "released_by_rule")
    await watch.rows(declined=released, unpaid=("open", 8490, 0, 0, 0), age=(8490, 0, 0, 0))
    (row,) = await told.rows("/v1/unpaid-bills")
    bill = f"/v1/bills/{row['bill']}"
    assert (row["issued_on"], row["due_on"], row["number"]) == ("2009-03-06", "2009-04-05", 1)

    # 6 April: overdue, watched. 10 May: ordered again, paid, not blocked; the owner is told.
    told.on("2009-04-06", "09:00")
    assert [entry["type"] for entry in await told.tick()] == ["bill.became_overdue"]
    await watch.figures("129.85", "44.95", **owing)
    await watch.rows(declined=released, unpaid=("watched", 8490, 1, 0, 0), age=(0, 8490, 0, 0))
    told.on("2009-05-10")
    third, placed = await ordered(told, 1, {"customer_id": customer})
    await paid(told, third, "44.95")
    await watch.figures("129.85", "89.90", balance="39.95", open_bills="84.90", deposits_held="44.95")
    reminders = ("first_reminder", "second_reminder")
    overdue: dict[str, Any] = {
        "declined": released,
        "unpaid": ("watched", 8490, 35, 0, 1),
        "age": (0, 0, 8490, 0),
    }
    await watch.rows(*reminders, "watched_review", **overdue, watched=(8490, 8490, True, None))
    told.on("2009-05-12")
    await told.done(third.replace("/orders/", "/watched-orders/") + "/review", {"decision": "ship"}, owner)
    (row,) = await told.rows("/v1/watched-orders")
    assert row["reviewed_by"] == owner.person
    overdue["unpaid"] = ("watched", 8490, 37, 0, 1)
    shipping = (8490, 8490, False, "ship")
    await watch.rows(*reminders, "ship_order", **overdue, watched=shipping)
    await told.done(f"{third}/shipments", parcel(1))
    await watch.figures("174.80", "89.90", **owing)
    await watch.rows(*reminders, **overdue, watched=shipping)

    # 1 June: nobody has spoken to them. 6 June: time to call. 8 June: reached, ill, let off.
    told.on("2009-06-01")
    problem = await told.refused(f"{bill}/write-off", {"reason": "Old friends"}, owner)
    assert problem["rule"] == "I10"
    await watch.figures("174.80", "89.90", **owing)
    overdue["unpaid"] = ("watched", 8490, 57, 0, 1)
    await watch.rows(*reminders, **overdue, watched=shipping)
    told.on("2009-06-06")
    await watch.figures("174.80", "89.90", **owing)
    overdue |= {"unpaid": ("call_due", 8490, 62, 0, 1), "age": (0, 0, 0, 8490)}
    await watch.rows(*reminders, "collection_call", **overdue, watched=shipping)
    told.on("2009-06-08")
    reached = {"outcome": "reached", "good_reason": "illness", "note": "In hospital since March."}
    await told.done(f"{bill}/calls", reached)
    await watch.figures("174.80", "89.90", **owing)
    overdue["unpaid"] = ("called", 8490, 64, 1, 1)
    await watch.rows(*reminders, "write_off_decision", **overdue, watched=shipping)
    await told.done(f"{bill}/write-off", {"reason": "Good customers for years"}, owner)
    await watch.figures("174.80", "89.90", written_off="84.90")
    closed: dict[str, Any] = {"declined": released, "closed": ("written_off", 1, 1)}
    closed["watched"] = (8490, 0, False, "ship")
    await watch.rows(**closed, let_off=(8490, 8490, 0, 0))

    # 14 September: they buy again, existing and not watched.
    told.on("2009-09-14")
    fourth, placed = await ordered(told, 3, {"customer_id": customer})
    assert (placed["standing"], placed["watched_for"]) == ("existing", [])
    await paid(told, fourth, "124.85")
    await watch.figures("174.80", "214.75", balance="-124.85", deposits_held="124.85", written_off="84.90")
    closed["closed"] = ("written_off", 1, 2)
    await watch.rows(**closed, let_off=(8490, 8490, 1, 0))
    told.on("2009-09-15")
    await told.done(f"{fourth}/shipments", parcel(3))
    await watch.figures("299.65", "214.75", written_off="84.90")
    await watch.rows(**closed, let_off=(8490, 8490, 1, 12485))

    # 1 October: the money comes after all.
    told.on("2009-10-01")
    payment = {"amount": usd("84.90"), "method": "bank_transfer", "reference": "RF18"}
    receipt = await told.done(f"{bill}/payments", payment)
    assert of(receipt, "write_off.reversed")["amount"]["amount"] == 8490
    await watch.figures("299.65", "299.65")
    closed["closed"] = ("paid", 1, 2)
    await watch.rows(**closed, let_off=(8490, 0, 1, 12485))
