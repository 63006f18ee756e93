"""Scenario A, "wrong dresses", over HTTP: the order and the money, every figure after each step."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from domain.register import OpenBook
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


async def test_two_wrong_dresses_and_the_right_ones(told: Told) -> None:
    told.on("2010-08-10")
    dresses = {"sku": "DRESS-36", "description": "A dress", "quantity": 2, "unit_price": usd("34.00")}
    body = {"customer": {"name": "Jane"}, "lines": [dresses], "shipping": usd("7.95")}
    receipt = await told.done("/v1/orders", body)
    order, placed = f"/v1/orders/{receipt['subject']}", of(receipt, "order.placed")
    customer = placed["customer"]
    assert placed["standing"] == "new"
    assert await told.figures(customer) == {}
    paid = {"amount": usd("75.95"), "processor": "acme", "reference": "ch_1"}
    await told.done(f"{order}/payments", paid)
    figures = await told.figures(customer)
    assert (figures["balance"], figures["deposits_held"]) == ("-75.95", "75.95")
