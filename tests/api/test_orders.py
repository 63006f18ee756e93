"""An order over HTTP, from placing to the guarantee."""

import pytest

from tests.api.house import House, eur, payment_body

pytestmark = pytest.mark.anyio


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
