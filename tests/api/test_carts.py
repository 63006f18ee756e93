"""A cart over HTTP: it becomes an order at checkout, and nothing before."""

from uuid import uuid4

import pytest

from tests.api.house import House, eur, order_body, payment_body, shipment_body

pytestmark = pytest.mark.anyio


def cart_body(**asked: object) -> dict[str, object]:
    return {"lines": order_body()["lines"], **asked}


async def test_a_cart_is_no_order_until_it_is_checked_out(house: House) -> None:
    cart = (await house.recorded("/v1/carts", cart_body()))["subject"]
    assert (await house.agent.get(f"/v1/carts/{cart}")).json()["total"] == eur(2000)
    not_yet = await house.agent.get(f"/v1/orders/{cart}")
    assert (not_yet.status_code, not_yet.json()["see"]) == (404, f"/v1/carts/{cart}")
    for path, body in (("payments", payment_body(2000)), ("shipments", shipment_body())):
        refused = await house.agent.post(f"/v1/orders/{cart}/{path}", body)
        assert refused.json()["type"] == "/problems/order-not-placed"

    checked_out = await house.recorded(f"/v1/carts/{cart}/checkout", {"customer": {"name": "Ann"}})
    assert checked_out["subject"] == cart
    no_more = await house.agent.get(f"/v1/carts/{cart}")
    assert (no_more.status_code, no_more.json()["see"]) == (404, f"/v1/orders/{cart}")
    assert (await house.agent.get(f"/v1/orders/{cart}")).json()["total"] == eur(2000)


async def test_a_cart_is_checked_out_by_the_customer_it_was_prepared_for(house: House) -> None:
    mine, other = await house.customer(), await house.customer()
    cart = (await house.recorded("/v1/carts", cart_body(customer_id=mine, reason="On the phone.")))["subject"]
    refused = await house.agent.post(f"/v1/carts/{cart}/checkout", {"customer_id": other})
    assert refused.json()["type"] == "/problems/cart-of-another-customer"
    await house.recorded(f"/v1/carts/{cart}/checkout", {"customer_id": mine})


async def test_a_reference_is_used_once_in_its_channel(house: House) -> None:
    reference = uuid4().hex
    placed = await house.recorded("/v1/orders", order_body(external_ref=reference, channel="shop"))
    again = await house.agent.post("/v1/carts", cart_body(external_ref=reference, channel="shop"))
    problem = again.json()
    assert problem["type"] == "/problems/claim-taken"
    assert problem["detail"].startswith("The order's external_ref, in this channel, is already taken")
    assert problem["see"] == f"/v1/orders/{placed['subject']}"
    assert reference not in again.text
    await house.recorded("/v1/carts", cart_body(external_ref=reference, channel="phone"))
    found = (await house.agent.get(f"/v1/orders?external_ref={reference}&channel=shop")).json()["items"]
    assert [item["id"] for item in found] == [placed["subject"]]
    # The cart in the other channel is no order yet.
    assert (await house.agent.get(f"/v1/orders?external_ref={reference}&channel=phone")).json()["items"] == []


async def test_amounts_in_two_currencies_are_refused_where_they_differ(house: House) -> None:
    body = order_body(shipping={"amount": 500, "currency": "USD"})
    answer = await house.agent.post("/v1/orders", body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/shipping"]


@pytest.mark.parametrize("currency", ["EUX", "eur", "XAU", "EURO"])
async def test_only_currencies_with_minor_units_are_money(house: House, currency: str) -> None:
    body = order_body(shipping={"amount": 500, "currency": currency})
    assert (await house.agent.post("/v1/orders", body)).status_code == 422


@pytest.mark.parametrize("amount", ["1", True, -1, 2**53 + 1, None])
async def test_amounts_are_whole_and_bounded(house: House, amount: object) -> None:
    body = order_body(shipping={"amount": amount, "currency": "EUR"})
    answer = await house.agent.post("/v1/orders", body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/shipping/amount"]


async def test_a_customers_orders_are_found_with_them_on_the_line(house: House) -> None:
    customer = await house.customer()
    orders = [await house.order(customer_id=customer) for _ in range(3)]
    found = (await house.agent.get(f"/v1/orders?customer={customer}")).json()["items"]
    assert [item["id"] for item in found] == orders


async def test_paper_is_entered_late_but_not_early(house: House) -> None:
    late = order_body(effective_at="2010-08-10T09:30:00+02:00")
    receipt = await house.recorded("/v1/orders", late)  # by the owner, who may enter what is years old
    assert receipt["entries"][-1]["effective_at"] == "2010-08-10T07:30:00Z"
    assert receipt["entries"][-1]["data"]["ordered_on"] == "2010-08-10"
    by_agent = await house.agent.post("/v1/orders", late)
    assert by_agent.json()["type"] == "/problems/backdated-too-far"
    early = await house.agent.post("/v1/orders", order_body(effective_at="2999-01-01T00:00:00Z"))
    assert early.json()["type"] == "/problems/effective-in-future"


@pytest.mark.parametrize(
    "moment",
    [
        "2010-08-10",
        "2010-08-10T09:30:00",
        "2010-02-30T00:00:00Z",
        "3000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        0,
        "now",
    ],
)
async def test_a_moment_needs_an_offset_and_a_day_that_exists_by_2999(house: House, moment: object) -> None:
    answer = await house.agent.post("/v1/orders", order_body(effective_at=moment))
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/effective_at"]
