"""Contacts with a customer, and what time decides, over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.house import House, order_body, payment_body, shipment_body

pytestmark = pytest.mark.anyio


def ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds").replace("+00:00", "Z")


async def statuses(house: House, order: str, query: str = "") -> dict[str, str]:
    answer = await house.agent.get(f"/v1/orders/{order}/contacts{query}")
    assert answer.status_code == 200, answer.text
    return {contact["kind"]: contact["status"] for contact in answer.json()["contacts"]}


async def test_contacts_are_recorded_and_shown(house: House) -> None:
    order = await house.paid_order()
    assert await statuses(house, order) == {"acknowledgement": "due", "thanks": "planned"}
    path = f"/v1/orders/{order}/contacts"
    by_machine = {"kind": "acknowledgement", "channel": "email", "automatic": True}
    receipt = await house.recorded(path, by_machine)
    assert receipt["entries"][0]["data"]["by"] is None
    thanked = await house.agent.post(path, {"kind": "thanks", "channel": "phone", "note": "Invited a call."})
    assert thanked.status_code == 201, thanked.text
    said = thanked.json()["entries"][0]["data"]
    assert (said["by"], said["note"]) == (house.agent.person, "Invited a call.")
    assert set((await statuses(house, order)).values()) == {"done"}
    timeline = (await house.agent.get(f"/v1/orders/{order}/timeline")).json()["items"]
    assert [(it["contact"], it["channel"]) for it in timeline if it["what"] == "contact_made"] == [
        ("acknowledgement", "email"),
        ("thanks", "phone"),
    ]


async def test_marketing_is_no_kind_of_contact_and_a_machine_thanks_nobody(house: House) -> None:
    path = f"/v1/orders/{await house.order()}/contacts"
    marketing = await house.agent.post(path, {"kind": "marketing", "channel": "email"})
    assert marketing.status_code == 422
    both = {"kind": "thanks", "channel": "email", "automatic": True, "by": house.agent.person}
    assert (await house.agent.post(path, both)).status_code == 422
    thanks = await house.agent.post(path, {"kind": "thanks", "channel": "email", "automatic": True})
    assert (thanks.status_code, thanks.json()["type"]) == (409, "/problems/thanks-from-nobody")


async def test_a_bill_becomes_overdue_by_ticking(fresh_house: House) -> None:
    house = fresh_house
    order = await _billed(house, ago(45))
    early = await house.owner.client.post("/v1/ticks", json={"now": ago(20)})
    assert (early.status_code, early.json()["entries"]) == (200, [])
    ticked = await house.owner.client.post("/v1/ticks", json={})
    assert ticked.headers["Ledger-Position"] == str(max(it["position"] for it in ticked.json()["entries"]))
    (entry,) = ticked.json()["entries"]
    assert (entry["type"], entry["stream"], entry["meta"]["origin"]) == ("bill.became_overdue", order, "tick")
    (bill,) = (await house.agent.get(f"/v1/orders/{order}")).json()["bills"]
    assert bill["overdue_since"] == entry["effective_at"]
    again = await house.service.client.post("/v1/ticks", json={})
    assert (again.status_code, again.json()["entries"]) == (200, [])


async def test_a_book_ticks_up_to_now_at_most(fresh_house: House) -> None:
    answer = await fresh_house.owner.client.post("/v1/ticks", json={"now": "2999-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/effective-in-future")
    assert "`now` may be 2" in answer.json()["detail"]


async def test_a_receipt_leaves_out_what_time_decided_before(fresh_house: House) -> None:
    house = fresh_house
    order = await _billed(house, ago(45))
    path, body = f"/v1/orders/{order}/payments", payment_body(1000)
    first = await house.agent.post(path, body, key="pay-late")
    assert [entry["type"] for entry in first.json()["entries"]] == ["payment.captured"]
    again = await house.agent.post(path, body, key="pay-late")
    assert again.content == first.content
    events = (await house.agent.get(f"/v1/orders/{order}/events")).json()["items"]
    assert [event["type"] for event in events][-2:] == ["bill.became_overdue", "payment.captured"]


async def _billed(house: House, when: str) -> str:
    placed: dict[str, Any] = order_body(2, terms="bill_after") | {"effective_at": when}
    order = (await house.recorded("/v1/orders", placed))["subject"]
    await house.recorded(f"/v1/orders/{order}/shipments", shipment_body(1) | {"effective_at": when})
    return order
