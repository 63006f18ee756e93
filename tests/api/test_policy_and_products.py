"""The policy and the products over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from domain.book.policy import MINOR_UNITS
from tests.api.house import House, eur, order_body

pytestmark = pytest.mark.anyio


async def edition(house: House, **changed: object) -> dict[str, Any]:
    """The edition adopted last, with other values."""
    shown = (await house.agent.get("/v1/policy")).json()
    return shown["editions"][-1]["edition"] | changed


async def test_an_edition_adopted_now_decides_from_now_on(fresh_house: House) -> None:
    house = fresh_house
    before = (await house.agent.get("/v1/policy")).json()
    assert (before["version"], before["in_force"]) == (1, 1)
    body = {"edition": await edition(house, guarantee_months=12), "reason": "A year sounds better."}
    adopted = await house.owner.post("/v1/policy", body, headers={"If-Match": '"1"'})
    assert adopted.status_code == 201, adopted.text

    order = await house.recorded("/v1/orders", order_body(terms="bill_after"))
    assert order["entries"][-1]["data"]["guarantee"]["guarantee_months"] == 12
    assert order["entries"][-1]["meta"]["edition"] == 2
    now = (await house.agent.get("/v1/policy")).json()
    assert (now["version"], now["in_force"]) == (2, 2)
    assert now["editions"][-1]["reason"] == "A year sounds better."
    assert now["editions"][0] == before["editions"][0]


async def test_an_edition_may_wait_for_its_day(fresh_house: House) -> None:
    later = {
        "edition": await edition(fresh_house, bill_due_days=14),
        "effective_from": "2999-01-01T00:00:00Z",
    }
    await fresh_house.recorded("/v1/policy", later)
    assert (await fresh_house.agent.get("/v1/policy")).json()["in_force"] == 1


async def test_no_edition_takes_effect_before_it_is_adopted(house: House) -> None:
    body = {"edition": await edition(house), "effective_from": "2010-01-01T00:00:00Z"}
    refused = await house.owner.post("/v1/policy", body)
    assert refused.json()["type"] == "/problems/edition-before-adoption"


@pytest.mark.parametrize(
    ("changed", "faults"),
    [
        ({"guarantee_months": -1}, {"/edition/guarantee_months": "Should be from 0 to 1200"}),
        (
            {"signal_days": 93, "signal_margin": 10_001},
            {
                "/edition/signal_days": "Should be from 1 to 92",
                "/edition/signal_margin": "Should be from 0 to 10000",
            },
        ),
        ({"release_days": "4"}, {"/edition/release_days": "Should be a whole number"}),
        ({"supplier_starts": "never"}, {"/edition/supplier_starts": "Should be one of: delivery, order"}),
        ({"keep_under": {"EUR": -1}}, {"/edition/keep_under": f"Should be {MINOR_UNITS}"}),
        ({"keep_under": 2500}, {"/edition/keep_under": f"Should be {MINOR_UNITS}"}),
        (
            {"agent_limits": {"per_refund": {"EURO": 1}, "per_gesture": {}}},
            {
                "/edition/agent_limits/per_refund": f"Should be {MINOR_UNITS}",
                "/edition/agent_limits/per_day": "Should be given",
            },
        ),
        ({"agent_limits": None}, {"/edition/agent_limits": "Should be an object with named values"}),
    ],
)
async def test_every_value_of_an_edition_that_is_wrong_is_pointed_at(
    house: House, changed: dict[str, object], faults: dict[str, str]
) -> None:
    # Answer that the edition as a whole is wrong → this fails: it has thirty values.
    answer = await house.owner.post("/v1/policy", {"edition": await edition(house, **changed)})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]} == faults


async def test_an_edition_is_whole(house: House) -> None:
    good = await edition(house)
    for wrong in (None, [], "guarantee_months"):
        answer = await house.owner.post("/v1/policy", {"edition": wrong})
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/edition"]
    half = await house.owner.post("/v1/policy", {"edition": {"guarantee_months": 6}})
    missing = {fault["pointer"] for fault in half.json()["errors"]}
    assert missing == {f"/edition/{name}" for name in good if name != "guarantee_months"}
    more = await house.owner.post("/v1/policy", {"edition": good | {"unheard_of": 1}})
    (fault,) = more.json()["errors"]
    assert (fault["pointer"], "unheard_of" in fault["detail"]) == ("/edition", False)


async def test_a_product_is_listed_once_found_by_its_sku_and_repriced(house: House) -> None:
    sku = uuid4().hex
    listed = {"sku": sku, "description": "Armchair", "list_price": eur(1000), "our_cost": eur(400)}
    product = (await house.recorded("/v1/products", listed))["subject"]
    assert (await house.supervisor.post("/v1/products", listed)).json()["type"] == "/problems/claim-taken"

    prices = {"list_price": eur(1200), "our_cost": eur(500)}
    await house.recorded(f"/v1/products/{product}/price", prices)
    found = (await house.agent.get(f"/v1/products?sku={sku}")).json()["items"]
    assert [(item["id"], item["list_price"]) for item in found] == [(product, eur(1200))]
    again = await house.supervisor.post(f"/v1/products/{product}/price", prices)
    assert again.status_code == 201  # it is the price already: the receipt of the entry that says so

    dollars = {"list_price": {"amount": 1, "currency": "USD"}, "our_cost": eur(1)}
    answer = await house.supervisor.post(f"/v1/products/{product}/price", dollars)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/list_price"]


async def test_the_edition_in_force_is_that_of_the_position_asked_about(fresh_house: House) -> None:
    # Take the present moment for the past one → this fails.
    before = await fresh_house.head()
    await fresh_house.recorded("/v1/policy", {"edition": await edition(fresh_house, bill_due_days=14)})
    await fresh_house.recorded("/v1/policy", {"edition": await edition(fresh_house, bill_due_days=7)})
    in_force = [
        (await fresh_house.agent.get(f"/v1/policy?as_of_position={position}")).json()["in_force"]
        for position in (before, before + 1, before + 2)
    ]
    assert in_force == [1, 2, 3]
