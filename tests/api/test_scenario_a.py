"""Scenario A, "wrong dresses", over HTTP: order, money and goods, every figure and row after each step."""

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


def dresses(sku: str) -> dict[str, Any]:
    return {"sku": sku, "description": "A dress", "quantity": 2, "unit_price": usd("34.00")}


def parcel(method: str = "ups_ground") -> dict[str, Any]:
    parts = [{"line": 1, "quantity": 2}]
    tracked = {"tracking": "1Z999"} if method == "ups_ground" else {}
    return {"parts": parts, "method": method, "description": "Two dresses, on Thursday.", **tracked}


async def expect(told: Told, customer: str, **figures: str) -> None:
    """Those figures of the customer; every other one is 0."""
    found = await told.figures(customer)
    amounts = {name: value for name, value in found.items() if isinstance(value, str) and "." in value}
    assert len(amounts) == 13, "a figure more is one to be said here"
    assert {name: value for name, value in amounts.items() if value != "0.00"} == figures


async def audited(told: Told, **columns: Any) -> None:
    """Those columns of the one refund."""
    (row,) = await told.rows("/v1/refund-audit")
    plain = {name: row[name]["amount"] if isinstance(row[name], dict) else row[name] for name in columns}
    assert plain == columns


async def test_two_wrong_dresses_and_the_right_ones(told: Told) -> None:
    told.on("2010-08-10")
    shirt = {"sku": "SHIRT", "description": "A t-shirt", "list_price": usd("9.00"), "our_cost": usd("3.00")}
    await told.done("/v1/products", shirt, told.house.owner)
    body = {"customer": {"name": "Jane"}, "lines": [dresses("DRESS-36")], "shipping": usd("7.95")}
    receipt = await told.done("/v1/orders", body)
    order, placed = f"/v1/orders/{receipt['subject']}", of(receipt, "order.placed")
    customer = placed["customer"]
    assert placed["standing"] == "new"
    assert await told.figures(customer) == {}
    paid = {"amount": usd("75.95"), "processor": "acme", "reference": "ch_1"}
    await told.done(f"{order}/payments", paid)
    await expect(
        told,
        customer,
        received="75.95",
        balance="-75.95",
        deposits_held="75.95",
        lifetime_value="75.95",
    )
    told.on("2010-08-12")
    shipment = of(await told.done(f"{order}/shipments", parcel()), "order.shipped")["shipment"]
    await expect(told, customer, charged="75.95", received="75.95", lifetime_value="75.95")
    told.on("2010-08-16")
    receipt = await told.done(f"{order}/deliveries", {"shipment": shipment})
    windows = of(receipt, "guarantee.granted")
    assert (windows["guarantee_until"], windows["supplier_until"]) == ("2011-02-16", "2010-09-09")

    # Tuesday 17 August: two t-shirts came.
    told.on("2010-08-17", "10:04")
    refund = {
        "parts": [{"line": 1, "quantity": 2}],
        "observed_problem": "wrong_item",
        "proactive": True,
        "first_contact_at": "2010-08-17T10:00:00-04:00",
    }
    receipt = await told.done(f"{order}/refunds", refund)
    granted = of(receipt, "refund.granted")
    assert (granted["basis"], granted["granted"]["amount"]) == ("original_charges", 7595)
    both = {"charged": "75.95", "received": "75.95", "credited": "75.95"}
    await expect(told, customer, **both, balance="-75.95", refunds_due="75.95", lifetime_value="75.95")
    await audited(told, stage="granted", granted=7595, credited=7595, cleared=0, paid=0, net_cost=7595)
    told.on("2010-08-17", "10:05")
    await told.done(f"/v1/refunds/{granted['refund']}/settlement", {"reference": "re_1"})
    both["refunded"] = "75.95"
    await expect(told, customer, **both)
    await audited(told, stage="settled", paid=7595, set_aside=0, proactive=True, minutes_from_contact=5)
    await audited(told, label="supplier", days_since_delivery=1, decided_as="agent", limit=15000)
    problem = await told.refused(f"{order}/refunds", refund)
    assert problem["rule"] == "I13"

    # A minute later: the t-shirts stay with her, and no supplier answers for our own slip.
    told.on("2010-08-17", "10:06")
    goods = f"/v1/refunds/{granted['refund']}"
    assert (await told.refused(f"{goods}/supplier-claims", {"amount": usd("6.00")}))["rule"] == "R-G2"
    receipt = await told.done(f"{goods}/goods", {"goods": [{"sku": "SHIRT", "quantity": 2}]})
    kept = of(receipt, "goods.left_with_customer")
    assert (kept["weighed"]["value"], kept["avoided"]) == (usd("18.00"), usd("11.50"))
    await expect(told, customer, **both)
    await audited(told, goods="kept", kept=2, goods_value=1800, return_cost_avoided=1150, overridden=False)
    await audited(told, recoverable=0, claims=0, recovered=0, net_cost=7595, anomalies="")
    (row,) = await told.rows("/v1/returns")
    assert (row["status"], row["left"], row["value"], row["avoided"]) == (
        "kept",
        2,
        usd("18.00"),
        usd("11.50"),
    )
    assert await told.rows("/v1/supplier-claims") == []

    # The right ones: a cart whose shipping we bear, checked out the next day.
    told.on("2010-08-17", "10:07")
    cart = {
        "customer_id": customer,
        "lines": [dresses("DRESS-38")],
        "shipping": usd("7.95"),
        "shipping_credit": usd("7.95"),
    }
    receipt = await told.done("/v1/carts", cart)
    assert of(receipt, "cart.prepared")["total"]["amount"] == 6800
    await expect(told, customer, **both)
    second = f"/v1/orders/{receipt['subject']}"
    paid = {"amount": usd("68.00"), "processor": "acme", "reference": "ch_2"}
    assert (await told.refused(f"{second}/payments", paid))["rule"] == "I11"
    told.on("2010-08-18")
    await told.done(f"/v1/carts/{receipt['subject']}/checkout", {"customer_id": customer})
    await told.done(f"{second}/payments", paid)
    both["received"] = "143.95"
    await expect(told, customer, **both, balance="-68.00", deposits_held="68.00", lifetime_value="68.00")
    told.on("2010-08-19")
    shipped = of(await told.done(f"{second}/shipments", parcel("personal_delivery")), "order.shipped")
    told.on("2010-08-20")
    await told.done(f"{second}/deliveries", {"shipment": shipped["shipment"]})
    both["charged"] = "143.95"
    await expect(told, customer, **both, lifetime_value="68.00", goodwill_cost="7.95")
    assert len(await told.rows("/v1/refund-audit")) == len(await told.rows("/v1/returns")) == 1
    due = await told.rows("/v1/tasks?due_by=2099-01-01T00:00:00Z")
    about_refunds = {"refund_decision", "refund_payout", "return_label", "supplier_claim", "fraud_signal"}
    assert about_refunds.isdisjoint(task["kind"] for task in due)
