"""Every problem leads to a page that says what happened and what to do."""

import re

import pytest
from httpx2 import ASGITransport, AsyncClient

from api.problem_pages import problem_pages
from tests.api.house import House, eur

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("slug", problem_pages())
async def test_every_problem_has_a_page_anybody_may_read(house: House, slug: str) -> None:
    page = problem_pages()[slug]
    async with AsyncClient(transport=ASGITransport(house.app), base_url="http://makegood") as client:
        answer = await client.get(f"/problems/{slug}")
    assert answer.status_code == 200
    assert slug in answer.text
    assert len(page.title) > 20
    assert page.title.endswith(".")
    assert page.way_out.endswith(".")


@pytest.mark.parametrize("address", ["/problems", "/problems/"])
async def test_the_list_of_problems_names_them_all(house: House, address: str) -> None:
    answer = await house.agent.get(address)
    assert set(re.findall(r'href="/problems/([a-z-]+)"', answer.text)) == problem_pages().keys()


async def test_a_problem_that_is_none_is_not_found(house: House) -> None:
    answer = await house.agent.get("/problems/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "script" not in answer.text


async def test_a_refusal_says_which_rule_it_upholds(house: House) -> None:
    order = await house.order()
    answer = await house.agent.post(
        f"/v1/orders/{order}/shipments",
        {"parts": [{"line": 1, "quantity": 1}], "method": "dhl", "tracking": "1", "description": "Soon."},
    )
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["type"] == "/problems/shipment-not-covered"
    assert document["rule"] == "I2"
    assert document["way_out"]
    assert document["figures"] == {"charge": eur(1000), "deposit": eur(0)}
    assert (await house.agent.get(document["type"])).status_code == 200
