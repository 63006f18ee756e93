"""What happens at once: one wish counts once, units ship once, and nobody's legitimate request is lost."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from tests.api.house import House, order_body, payment_body, shipment_body

pytestmark = pytest.mark.anyio


async def test_fifty_identical_requests_have_one_effect_and_fifty_equal_receipts(house: House) -> None:
    # Let `Book.execute` forget the key → this fails.
    head, key = await house.head(), uuid4().hex
    answers = await asyncio.gather(
        *[house.agent.post("/v1/orders", order_body(), key=key) for _ in range(50)]
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {None: 1, "true": 49}
    assert await house.head() == head + 2  # the customer and the order


async def test_fifty_shipments_racing_for_three_units_ship_exactly_three(house: House) -> None:
    # Skip the units check of `ship_order` → this fails.
    order = await house.paid_order(quantity=3)
    path = f"/v1/orders/{order}/shipments"
    answers = await asyncio.gather(*[house.agent.post(path, shipment_body(1)) for _ in range(50)])
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 47}
    refused = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert refused == {"/problems/shipment-exceeds-units"}
    shown = (await house.agent.get(f"/v1/orders/{order}")).json()
    assert [shown["lines"][0][of] for of in ("shipped", "to_ship")] == [3, 0]
    assert len(shown["shipments"]) == 3


async def test_two_hundred_commands_on_one_order_at_once_all_succeed(house: House) -> None:
    order = await house.order(quantity=200)
    path = f"/v1/orders/{order}/payments"
    answers = await asyncio.gather(*[house.agent.post(path, payment_body(1000)) for _ in range(200)])
    assert {answer.status_code for answer in answers} == {201}
    shown = (await house.agent.get(f"/v1/orders/{order}")).json()
    assert shown["account"]["received"]["amount"] == 200 * 1000
    assert shown["version"] == 201


async def test_a_reference_claimed_by_many_at_once_makes_one_customer(house: House) -> None:
    # Answer ClaimTaken instead of looking the winner up again → this fails.
    shop_customer = {"name": "Ann", "external_ref": uuid4().hex}
    answers = await asyncio.gather(
        *[house.agent.post("/v1/orders", order_body(customer=shop_customer)) for _ in range(20)]
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["entries"][-1]["customer"] for answer in answers}) == 1
    assert len({answer.json()["subject"] for answer in answers}) == 20
