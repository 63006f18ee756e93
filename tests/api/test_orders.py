"""Orders over HTTP, as stories: what a caller does, and what the order then says."""

from typing import Any

import pytest

from tests.api.house import House, eur, order_body, payment_body, shipment_body

pytestmark = pytest.mark.anyio


async def shown(house: House, order: str) -> dict[str, Any]:
    """The order as an agent sees it."""
    answer = await house.agent.get(f"/v1/orders/{order}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def types(receipt: dict[str, Any]) -> list[str]:
    """What a receipt says was recorded."""
    return [entry["type"] for entry in receipt["entries"]]


def figures(order: dict[str, Any], *names: str) -> list[int]:
    """Figures of the order's account, in minor units."""
    return [order["account"][name]["amount"] for name in names]


async def test_an_order_is_placed_paid_shipped_and_delivered(house: House) -> None:
    order = await house.order(quantity=3, shipping=eur(500))
    await house.recorded(f"/v1/orders/{order}/payments", payment_body(3500))
    shipment = await house.shipment(order, quantity=2)
    receipt = await house.recorded(f"/v1/orders/{order}/deliveries", {"shipment": shipment})
    assert [entry["type"] for entry in receipt["entries"]] == ["shipment.delivered", "guarantee.granted"]

    answer = await house.agent.get(f"/v1/orders/{order}")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["total"] == eur(3500)
    assert [shown["lines"][0][of] for of in ("shipped", "delivered", "to_ship")] == [2, 2, 1]
    assert shown["account"]["balance"] == eur(-1000)
    assert shown["account"]["deposit"] == eur(1000)


async def test_two_dresses_are_ordered_paid_shipped_and_delivered(house: House) -> None:
    """Scenario A as far as it goes, entered from paper: every step tells the day it took effect."""
    dress = {"sku": "DRESS-36", "description": "A dress", "quantity": 2, "unit_price": eur(3400)}
    body = order_body(lines=[dress], shipping=eur(795), effective_at="2010-08-10T10:00:00Z")
    order = (await house.recorded("/v1/orders", body))["subject"]
    placed = await shown(house, order)
    assert (placed["ordered_on"], placed["total"]) == ("2010-08-10", eur(7595))
    assert (placed["standing"], placed["standing_rests_on"]) == ("new", None)
    assert figures(placed, "charged", "balance", "deposit") == [0, 0, 0]

    path = f"/v1/orders/{order}"
    await house.recorded(f"{path}/payments", payment_body(7595) | {"effective_at": "2010-08-10T10:05:00Z"})
    assert figures(await shown(house, order), "received", "balance", "deposit") == [7595, -7595, 7595]

    leaving = shipment_body(2) | {"effective_at": "2010-08-12T16:00:00Z"}
    shipment = (await house.recorded(f"{path}/shipments", leaving))["entries"][0]["data"]["shipment"]
    assert figures(await shown(house, order), "charged", "balance", "deposit") == [7595, 0, 0]

    arrival = {"shipment": shipment, "effective_at": "2010-08-16T12:00:00Z"}
    assert types(await house.recorded(f"{path}/deliveries", arrival)) == [
        "shipment.delivered",
        "guarantee.granted",
    ]
    (left,) = (await shown(house, order))["shipments"]
    assert left["shipped_at"] == "2010-08-12T16:00:00Z"
    (arrived,) = left["deliveries"]
    assert (arrived["delivered_on"], arrived["parts"]) == ("2010-08-16", [{"line": 1, "quantity": 2}])
    assert (arrived["guarantee_until"], arrived["supplier_until"]) == ("2011-02-16", "2010-09-09")

    again = await house.recorded("/v1/orders", order_body(customer_id=placed["customer"]))
    second = await shown(house, again["subject"])
    assert (second["standing"], second["standing_rests_on"]) == ("existing", order)


async def test_what_ships_on_a_bill_is_paid_by_it(house: House) -> None:
    # Take a payment as a deposit while bills are open → this fails.
    order = await house.order(2, terms="bill_after")
    path = f"/v1/orders/{order}"
    receipt = await house.recorded(f"{path}/shipments", shipment_body(2))
    assert {"order.shipped", "bill.issued"} <= set(types(receipt))
    billed = await shown(house, order)
    (bill,) = billed["bills"]
    assert (bill["shipment"], bill["amount"], bill["open"]) == (
        billed["shipments"][0]["id"],
        eur(2000),
        eur(2000),
    )
    assert figures(billed, "charged", "balance", "open_bills", "deposit") == [2000, 2000, 2000, 0]

    await house.recorded(f"{path}/payments", payment_body(500))
    await house.recorded(f"{path}/payments", payment_body(1500))
    paid = await shown(house, order)
    (bill,) = paid["bills"]
    assert (bill["paid"], bill["open"]) == (eur(2000), eur(0))
    assert figures(paid, "balance", "open_bills", "due_back") == [0, 0, 0]
    assert [payment["amount"] for payment in paid["payments"]] == [eur(500), eur(1500)]


async def test_parts_that_arrive_on_two_days_have_two_guarantees(house: House) -> None:
    # Keep one window for the order → this fails.
    order = await house.order(2, effective_at="2010-08-10T10:00:00Z")
    path = f"/v1/orders/{order}"
    await house.recorded(f"{path}/payments", payment_body(2000) | {"effective_at": "2010-08-10T11:00:00Z"})
    for left, arrived in (("2010-08-12", "2010-08-16"), ("2010-08-31", "2010-08-31")):
        leaving = shipment_body(1) | {"effective_at": f"{left}T08:00:00Z"}
        receipt = await house.recorded(f"{path}/shipments", leaving)
        shipment = receipt["entries"][0]["data"]["shipment"]
        arrival = {"shipment": shipment, "effective_at": f"{arrived}T17:00:00Z"}
        await house.recorded(f"{path}/deliveries", arrival)
    windows = [
        (delivery["guarantee_until"], delivery["supplier_until"])
        for shipment in (await shown(house, order))["shipments"]
        for delivery in shipment["deliveries"]
    ]
    # The supplier's window runs from the order, ours from each arrival; 31 August has no 31 February.
    assert windows == [("2011-02-16", "2010-09-09"), ("2011-02-28", "2010-09-09")]


async def test_cancelling_what_was_paid_grants_it_back(house: House) -> None:
    # Leave the grant out of the cancellation's append → this fails.
    order = await house.paid_order(3)
    await house.shipment(order, quantity=1)
    parts = {"parts": [{"line": 1, "quantity": 1}], "reason": "The customer needs one less."}
    receipt = await house.recorded(f"/v1/orders/{order}/cancellation", parts)
    assert types(receipt) == ["order.units_cancelled", "refund.granted"]

    after = await shown(house, order)
    (cancelled,) = after["cancellations"]
    assert (cancelled["parts"], cancelled["goods"]) == ([{"line": 1, "quantity": 1}], eur(1000))
    (refund,) = after["refunds"]
    assert (refund["id"], refund["basis"]) == (cancelled["refund"], "undelivered")
    assert (refund["granted"], refund["credited"]) == (eur(1000), eur(0))
    assert [after["lines"][0][of] for of in ("shipped", "cancelled", "to_ship")] == [1, 1, 1]
    assert figures(after, "charged", "received", "deposit", "due_back") == [1000, 3000, 1000, 1000]


async def test_cancelling_what_nobody_paid_grants_nothing(house: House) -> None:
    order = await house.order(2)
    receipt = await house.recorded(f"/v1/orders/{order}/cancellation", {})
    assert types(receipt) == ["order.units_cancelled"]
    after = await shown(house, order)
    assert (after["refunds"], len(after["cancellations"])) == ([], 1)


async def test_paper_is_entered_late_by_whoever_may(house: House) -> None:
    old = order_body(effective_at="2010-08-10T10:00:00+02:00")
    refused = await house.agent.post("/v1/orders", old)
    assert refused.status_code == 409, refused.text
    receipt = await house.recorded(
        "/v1/orders", old
    )  # the owner may enter what is older than the policy says
    placed = receipt["entries"][-1]
    assert placed["effective_at"] == "2010-08-10T08:00:00Z"
    assert placed["recorded_at"] > placed["effective_at"]
    assert (await shown(house, receipt["subject"]))["placed_at"] == "2010-08-10T08:00:00Z"
    ahead = await house.owner.post("/v1/orders", order_body(effective_at="2999-01-01T00:00:00Z"))
    assert ahead.status_code in (409, 422)
