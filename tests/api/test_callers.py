"""Who calls decides what they may do; a service acts for a registered person."""

import pytest
from fastapi import FastAPI

from ledger.composition import Ledger
from tests.api.house import House, order_body

pytestmark = pytest.mark.anyio


async def test_a_service_acts_for_a_registered_person(house: House) -> None:
    acting = {"On-Behalf-Of": house.agent.person}
    answer = await house.service.post("/v1/orders", order_body(), headers=acting)
    assert answer.status_code == 201
    meta = answer.json()["entries"][0]["meta"]
    assert (meta["person"], meta["role"]) == (house.service.person, "agent")
    assert meta["on_behalf_of"] == house.agent.person


async def test_a_service_decides_for_nobody_by_itself(house: House) -> None:
    answer = await house.service.post("/v1/orders", order_body())
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/nobody-acted-for"
    assert (await house.service.get("/v1/book")).status_code == 200


@pytest.mark.parametrize("acted_for", ["per_01h455vb4pex5vsknk084sn02q", "", "nobody"])
async def test_a_service_acts_for_registered_persons_only(house: House, acted_for: str) -> None:
    for somebody in (acted_for, house.service.person):
        answer = await house.service.post("/v1/orders", order_body(), headers={"On-Behalf-Of": somebody})
        assert answer.status_code == 403


async def test_nobody_else_acts_for_another(house: House) -> None:
    # Take On-Behalf-Of from any key → an agent decides with the owner's rights, and this fails.
    answer = await house.agent.post("/v1/orders", order_body(), headers={"On-Behalf-Of": house.owner.person})
    assert answer.status_code == 403


async def test_a_service_has_the_rights_of_the_person_it_acts_for(house: House) -> None:
    listed = {
        "sku": "X",
        "description": "X",
        "list_price": {"amount": 1, "currency": "EUR"},
        "our_cost": {"amount": 1, "currency": "EUR"},
    }
    for person, status in ((house.agent.person, 403), (house.supervisor.person, 200)):
        answer = await house.service.post(
            "/v1/products?dry_run=true", listed, headers={"On-Behalf-Of": person}
        )
        assert answer.status_code == status


async def test_one_key_of_a_service_for_two_persons_is_two_requests(house: House) -> None:
    first = await house.service.post(
        "/v1/orders", order_body(), key="for-two", headers={"On-Behalf-Of": house.agent.person}
    )
    second = await house.service.post(
        "/v1/orders", order_body(), key="for-two", headers={"On-Behalf-Of": house.owner.person}
    )
    assert (first.status_code, second.status_code) == (201, 422)


async def test_two_persons_may_use_the_same_idempotency_key(house: House) -> None:
    answers = [
        await caller.post("/v1/orders", order_body(), key="ours") for caller in (house.agent, house.owner)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["subject"] != answers[1].json()["subject"]


async def test_a_revoked_key_opens_nothing(fresh_house: House, ledger: Ledger) -> None:
    house = fresh_house
    assert (await house.agent.get("/v1/book")).status_code == 200
    (key,) = [key for key in await ledger.api_keys.list(house.book.name) if key.person == house.agent.person]
    await ledger.api_keys.revoke(house.book.name, key.id, house.book.clock())
    assert (await house.agent.get("/v1/book")).status_code == 401


async def test_a_key_of_another_book_opens_its_own_book_only(house: House, other_house: House) -> None:
    forged = other_house.agent.key.replace(other_house.book.name, house.book.name)
    answer = await house.agent.client.get("/v1/book", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


async def test_what_needs_no_key_answers_without_one(app: FastAPI, house: House) -> None:
    client = house.agent.client
    for path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/problems/"):
        answer = await client.get(path, headers={"Authorization": ""})
        assert answer.status_code == 200, path
        assert house.book.name not in answer.text
    assert "makegood_requests_total" in (await client.get("/metrics")).text


async def test_the_documentation_asks_no_other_host(house: House) -> None:
    page = (await house.agent.get("/docs")).text
    assert "http" not in page.replace("http-equiv", "")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert asset in page
        assert (await house.agent.get(f"/docs/assets/{asset}")).status_code == 200
