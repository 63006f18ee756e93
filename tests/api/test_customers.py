"""Customers over HTTP: found by what they say, sealed in the record, withheld from who may not read them."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ledger.composition import Ledger
from ledger.sealing.erasures import Erasures
from tests.api.house import House, eur, order_body, shipment_body

pytestmark = pytest.mark.anyio


async def registered(house: House, **asked: object) -> str:
    return (await house.recorded("/v1/customers", {"name": "Ann", **asked}))["subject"]


async def found(house: House, query: str) -> list[str]:
    answer = await house.agent.get(f"/v1/customers?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_a_customer_is_found_by_email_phone_and_reference(house: House) -> None:
    local, number, reference = uuid4().hex[:12], uuid4().int % 10**7, uuid4().hex
    points = [
        {"kind": "email", "value": f"Ann.{local}@Example.com"},
        {"kind": "phone", "value": f"+49 (30) {number:07d}"},
    ]
    customer = await registered(house, contact_points=points, external_ref=reference, channel="shop")
    assert await found(house, f"email=ann.{local}@example.com") == [customer]
    assert await found(house, f"phone=0049-30-{number:07d}") == [customer]
    assert await found(house, f"phone=+49 30 {number:07d}") == [customer]  # a plus is a blank there
    assert await found(house, f"phone=%2B49 30 {number:07d}") == [customer]
    assert await found(house, f"search=+49 30 {number:07d}&min_position={await house.head()}") == [customer]
    assert await found(house, f"external_ref={reference}&channel=shop") == [customer]
    assert await found(house, f"external_ref={reference}&channel=other") == []


async def test_an_email_with_a_plus_is_found_though_nobody_encoded_it(house: House) -> None:
    email = f"ann+{uuid4().hex[:12]}@example.com"
    customer = await registered(house, contact_points=[{"kind": "email", "value": email}])
    assert await found(house, f"email={email}") == [customer]
    assert await found(house, f"search={email}&min_position={await house.head()}") == [customer]


async def test_one_look_up_takes_one_way(house: House) -> None:
    answer = await house.agent.get("/v1/customers?email=a@example.com&phone=123456")
    assert answer.status_code == 422


async def test_two_customers_may_share_an_address(house: House) -> None:
    email = f"{uuid4().hex[:12]}@example.com"
    points = [{"kind": "email", "value": email}]
    both = {await registered(house, contact_points=points) for _ in range(2)}
    assert set(await found(house, f"email={email}")) == both


async def test_a_contact_point_added_later_is_found_and_can_be_invalidated(house: House) -> None:
    customer, email = await registered(house), f"{uuid4().hex[:12]}@example.com"
    added = await house.recorded(
        f"/v1/customers/{customer}/contact-points", {"contact_point": {"kind": "email", "value": email}}
    )
    point = added["entries"][0]["data"]["contact_point"]
    assert point["value"] == email
    assert await found(house, f"email={email}") == [customer]
    path = f"/v1/customers/{customer}/contact-points/{point['id']}/invalidation"
    await house.recorded(path, {"reason": "Bounced."})
    shown = (await house.agent.get(f"/v1/customers/{customer}")).json()
    assert [(known["id"], known["valid"]) for known in shown["contact_points"]] == [(point["id"], False)]


async def test_names_are_shown_to_who_may_read_them_and_withheld_from_others(house: House) -> None:
    customer = await registered(house, contact_points=[{"kind": "mail", "value": "12 Mill Lane"}])
    assert (await house.agent.get(f"/v1/customers/{customer}")).json()["name"] == "Ann"
    audited = await house.auditor.get(f"/v1/customers/{customer}")
    assert audited.json()["name"] == "[withheld]"
    assert audited.json()["contact_points"][0]["value"] == "[withheld]"
    assert (await house.auditor.get("/v1/customers?email=a@example.com")).status_code == 403
    entries = (await house.auditor.get(f"/v1/events?customer={customer}")).json()["items"]
    assert entries[0]["data"]["name"] == "[withheld]"


async def test_no_name_reason_or_delivery_is_readable_in_the_record(house: House) -> None:
    # Hand any of them to a command as it came in → this fails.
    secret = "Quetzalcoatl Crunchy"
    order = order_body(customer={"name": secret, "contact_points": [{"kind": "mail", "value": secret}]})
    receipt = await house.recorded("/v1/orders", order | {"terms": "bill_after", "reason": secret})
    shipment = {
        "parts": [{"line": 1, "quantity": 1}],
        "method": "dhl",
        "tracking": "1",
        "description": secret,
        "reason": secret,
    }
    await house.recorded(f"/v1/orders/{receipt['subject']}/shipments", shipment)
    for entry in await house.book.page(receipt["position"] - 2, 20):
        assert secret not in str(entry)


async def test_an_inline_customer_is_the_one_whose_reference_is_known(house: House) -> None:
    reference = uuid4().hex
    customer = await registered(house, external_ref=reference, channel="shop")
    order = order_body(customer={"name": "Anne", "external_ref": reference}, channel="shop")
    receipt = await house.recorded("/v1/orders", order)
    assert [entry["type"] for entry in receipt["entries"]] == ["order.placed"]
    assert receipt["entries"][0]["customer"] == customer


async def test_an_inline_customer_is_never_matched_by_email(house: House) -> None:
    points = [{"kind": "email", "value": f"{uuid4().hex[:12]}@example.com"}]
    customer = await registered(house, contact_points=points)
    receipt = await house.recorded(
        "/v1/orders", order_body(customer={"name": "Ann", "contact_points": points})
    )
    assert [entry["type"] for entry in receipt["entries"]] == ["customer.registered", "order.placed"]
    assert receipt["entries"][0]["stream"] != customer


async def test_an_order_names_either_a_customer_or_describes_one(house: House) -> None:
    for buyer in ({}, {"customer_id": await house.customer(), "customer": {"name": "Ann"}}):
        body = {name: part for name, part in order_body().items() if name != "customer"}
        answer = await house.agent.post("/v1/orders", body | buyer)
        assert answer.status_code == 422


async def test_a_customer_of_another_book_is_as_unknown_as_none(house: House, other_house: House) -> None:
    foreign = await other_house.customer()
    unknown = foreign[:-1] + ("0" if foreign[-1] != "0" else "1")
    bodies = [order_body(customer_id=customer, reason="Why.") for customer in (foreign, unknown)]
    answers = [await house.agent.post("/v1/orders", body) for body in bodies]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("sort", ["registered_at", "-registered_at"])
async def test_lists_come_in_pages_without_gap_or_repetition(kept: House, sort: str) -> None:
    customers = [await registered(kept) for _ in range(7)]
    seen: list[str] = []
    path = f"/v1/customers?limit=3&sort={sort}&min_position={await kept.head()}"
    while path:
        answer = await kept.agent.get(path)
        page = answer.json()
        seen += [item["id"] for item in page["items"]]
        assert page["has_more"] == (page["next"] is not None) == ("Link" in answer.headers)
        path = answer.headers["Link"].split(">")[0][1:] if page["has_more"] else ""
    assert seen == (customers[::-1] if sort.startswith("-") else customers)


async def test_customers_are_searched_filtered_and_sorted_by_what_they_do(kept: House) -> None:
    mark = uuid4().hex[:8]
    points = [{"kind": "email", "value": f"{mark}@example.com"}]
    ann = await registered(kept, name=f"Ann {mark}", contact_points=points, external_ref=f"{mark}-1")
    ben = await registered(kept, channel="shop", external_ref=f"{mark}-2")
    for customer in (ann, ben, ann):
        await kept.order(customer_id=customer)
    rest = f"min_position={await kept.head()}"

    async def listed(query: str, member: str = "agent") -> list[str]:
        answer = await kept.callers[member].get(f"/v1/customers?{query}&{rest}")
        return [item["id"] for item in answer.json()["items"]]

    assert await listed(f"search={mark}-") == [ann, ben]
    assert await listed(f"search={ben}") == [ben]
    assert await listed(f"search=Ann%20{mark}") == await listed(f"search={mark}@example.com") == [ann]
    assert await listed(f"search={mark}@example.com", "auditor") == [], "who may not see it may not search it"
    assert await listed(f"search={mark}-&channel=shop") == [ben]
    assert await listed(f"search={mark}-&sort=-orders") == [ann, ben]
    assert await listed(f"search={mark}-&sort=active_at") == [ben, ann]
    (shown,) = (await kept.agent.get(f"/v1/customers?search={ann}&{rest}")).json()["items"]
    assert (shown["name"], shown["orders"], shown["contact_points"]) == (f"Ann {mark}", 2, 1)
    exact = (await kept.agent.get(f"/v1/customers?email={mark}@example.com")).json()
    assert exact["items"] == [shown]
    (withheld,) = (await kept.auditor.get(f"/v1/customers?search={ann}&{rest}")).json()["items"]
    assert withheld["name"] == "[withheld]"


async def test_a_customer_is_found_exactly_before_any_row_was_built(fresh_house: House) -> None:
    reference = uuid4().hex
    customer = await registered(fresh_house, external_ref=reference)
    assert await found(fresh_house, f"external_ref={reference}&channel=api") == [customer]
    before = await fresh_house.head() - 1
    assert await found(fresh_house, f"external_ref={reference}&as_of_position={before}") == []
    assert (await fresh_house.agent.get("/v1/customers")).status_code == 503


async def test_a_state_can_be_asked_for_as_it_was(house: House) -> None:
    customer = await registered(house)
    before = await house.head()
    point = {"contact_point": {"kind": "mail", "value": "12 Mill Lane"}}
    await house.recorded(f"/v1/customers/{customer}/contact-points", point)
    then = (await house.agent.get(f"/v1/customers/{customer}?as_of_position={before}")).json()
    now = (await house.agent.get(f"/v1/customers/{customer}")).json()
    assert (then["version"], len(then["contact_points"])) == (1, 0)
    assert (now["version"], len(now["contact_points"])) == (2, 1)
    assert (await house.agent.get(f"/v1/customers/{customer}?as_of_position=1")).status_code == 404


async def test_what_was_erased_shows_a_placeholder_and_the_story_stays(
    house: House, ledger: Ledger, tmp_path: Path
) -> None:
    receipt = await house.recorded("/v1/orders", order_body(terms="bill_after", reason="By phone."))
    order, customer = receipt["subject"], receipt["entries"][0]["customer"]
    await Erasures(tmp_path, ledger.reader).destroy(house.book.sealer, customer)
    assert (await house.agent.get(f"/v1/customers/{customer}")).json()["name"] == "[erased]"
    entries = (await house.agent.get(f"/v1/events?customer={customer}")).json()["items"]
    assert [entry["meta"]["reason"] for entry in entries] == ["[erased]", "[erased]"]
    assert (await house.agent.get(f"/v1/orders/{order}")).json()["total"]["amount"] == 2000
    refused = await house.agent.post(f"/v1/orders/{order}/cancellation", {"reason": "They called again."})
    assert refused.json()["type"] == "/problems/personal-data-erased"
    # What they ordered still reaches them. Seal a shipment's description under their key only → this fails.
    shipped = await house.recorded(f"/v1/orders/{order}/shipments", shipment_body())
    assert shipped["entries"][0]["data"]["description"] == "Your armchair, soon."
    await house.recorded(f"/v1/orders/{order}/cancellation", {})


@pytest.mark.parametrize("what", ["customers", "products"])
async def test_a_page_costs_a_handful_of_queries_however_long_it_is(
    kept: House, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    # Read each item of the page, or open its name, by itself → this fails.
    house, asked = kept, 0
    for number in range(12):
        product = {"sku": f"A-{number}", "description": "A", "list_price": eur(1), "our_cost": eur(1)}
        body = product if what == "products" else {"name": f"Ann {number}"}
        await house.recorded(f"/v1/{what}", body)
    await house.book.read_models.readers.wait_for(house.book.position, 20)
    read = ledger.reader.rows

    async def counted(query: Any, parameters: Any = ()) -> Any:
        nonlocal asked
        asked += 1
        return await read(query, parameters)

    monkeypatch.setattr(ledger.reader, "rows", counted)
    page = (await house.agent.get(f"/v1/{what}?limit=10")).json()
    assert (len(page["items"]), page["has_more"]) == (10, True)
    assert asked <= 5
