"""Corrections over HTTP: by position, by a supervisor, once; and what had its reference may have it again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ledger.composition import Ledger
from ledger.sealing.erasures import Erasures
from tests.api.house import Caller, House, eur, payment_body, shipment_body

pytestmark = pytest.mark.anyio

WHY = {"reason": "The cheque was another customer's."}


async def correct(caller: Caller, position: int, body: object = WHY) -> tuple[int, dict[str, Any]]:
    answer = await caller.post(f"/v1/entries/{position}/correction", body)
    return answer.status_code, answer.json()


async def shown(house: House, order: str) -> dict[str, Any]:
    return (await house.agent.get(f"/v1/orders/{order}")).json()


async def test_a_payment_is_corrected_once_and_said_to_be(house: House) -> None:
    order = await house.paid_order()
    position = (await shown(house, order))["payments"][0]["position"]
    status, receipt = await correct(house.supervisor, position)
    assert status == 201
    assert [entry["type"] for entry in receipt["entries"]] == ["payment.corrected", "order.placed_on_hold"]
    assert receipt["entries"][0]["meta"]["reason"] == WHY["reason"]
    state = await shown(house, order)
    assert state["payments"][0]["corrected"] == receipt["entries"][0]["position"]
    assert state["account"]["balance"]["amount"] == 0
    # Answer with the position decided alone → who asks again does not hear that the order waits, this fails.
    again = await correct(house.owner, position, {"reason": "Another reason."})
    assert again == (201, receipt)


async def test_an_order_whose_payment_never_came_is_let_go_by_the_owner(house: House) -> None:
    # Decide no hold → `release` answers that the order waits for nothing, and nothing ships: this fails.
    order = await house.paid_order()
    _, receipt = await correct(house.supervisor, (await shown(house, order))["payments"][0]["position"])
    asked = f"min_position={receipt['position']}&limit=200"
    rows = (await house.agent.get(f"/v1/declined-payments?{asked}")).json()["items"]
    (row,) = [row for row in rows if row["order"] == order]
    assert (row["held_because"], row["next_step"], row["declined_at"]) == (
        "corrected",
        "reach_customer",
        None,
    )
    tasks = (await house.agent.get(f"/v1/tasks?order={order}&{asked}")).json()["items"]
    assert "reach_customer" in {task["kind"] for task in tasks}
    steps = (await house.agent.get(f"/v1/orders/{order}/next-steps")).json()["steps"]
    assert {step["step"]: step["by"] for step in steps}["release_unpaid"] == "owner"
    await house.recorded(f"/v1/orders/{order}/release", WHY)
    await house.recorded(f"/v1/orders/{order}/shipments", shipment_body(2))


async def test_many_at_once_correct_it_once(house: House) -> None:
    order = await house.paid_order()
    position = (await shown(house, order))["payments"][0]["position"]
    before = await house.head()
    answers = await asyncio.gather(*[correct(house.supervisor, position) for _ in range(8)])
    assert {status for status, _ in answers} == {201}
    assert await house.head() == before + 2


async def test_agents_do_not_correct(house: House) -> None:
    order = await house.paid_order()
    position = (await shown(house, order))["payments"][0]["position"]
    assert (await correct(house.agent, position))[0] == 403
    status, problem = await correct(house.supervisor, position, {})
    assert (status, problem["type"]) == (409, "/problems/reason-missing")


async def test_what_the_book_does_not_hold_or_cannot_be_corrected(house: House, other_house: House) -> None:
    order = await house.paid_order()
    assert (await correct(house.supervisor, 2**40))[0] == 404
    placed = (await house.agent.get(f"/v1/orders/{order}/events")).json()["items"][-2]["position"]
    status, problem = await correct(house.supervisor, placed)
    assert (status, problem["type"]) == (409, "/problems/entry-not-correctable")
    assert problem["way_out"] == "Cancel its units: what is due back is granted with it."
    assert (await correct(other_house.supervisor, 2**40))[0] == 404


async def test_an_entry_that_is_nobodys_is_there_and_says_how_it_is_undone(house: House) -> None:
    # Look only among the entries of customers → "not found" of an entry that anybody can read, this fails.
    status, problem = await correct(house.supervisor, 1)
    assert (status, problem["type"]) == (409, "/problems/entry-not-correctable")
    assert problem["way_out"] == "A book stays as it was opened. Begin another one."
    edition = (await house.agent.get("/v1/policy")).json()["editions"][0]["position"]
    assert (await correct(house.supervisor, edition))[1]["way_out"].startswith("Adopt another edition")


async def test_a_corrected_shipment_may_leave_again(house: House) -> None:
    order = await house.paid_order()
    await house.shipment(order, 2)
    state = await shown(house, order)
    status, _ = await correct(house.supervisor, state["shipments"][0]["position"])
    assert status == 201
    answer = await house.agent.post(f"/v1/orders/{order}/shipments", shipment_body(2))
    assert answer.status_code == 201


async def test_a_payment_recorded_for_the_wrong_order_moves_to_the_right_one(house: House) -> None:
    # Leave out the second try with `corrected_in` → the reference stays with the wrong order, this fails.
    wrong, right = await house.order(), await house.order()
    body = payment_body(2000)
    position = (await house.recorded(f"/v1/orders/{wrong}/payments", body))["position"]
    taken = await house.agent.post(f"/v1/orders/{right}/payments", body)
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/claim-taken")
    assert (await correct(house.supervisor, position))[0] == 201
    assert (await house.agent.post(f"/v1/orders/{right}/payments", body)).status_code == 201
    again = await house.agent.post(f"/v1/orders/{wrong}/payments", body)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/claim-taken")


async def test_a_corrected_bill_is_replaced(house: House) -> None:
    order = await house.order(2, terms="bill_after")
    await house.shipment(order, 2)
    bill = (await shown(house, order))["bills"][0]
    status, receipt = await correct(house.supervisor, bill["position"])
    assert status == 201
    assert [entry["type"] for entry in receipt["entries"]] == [
        "bill.corrected",
        "bill.issued",
        "number.taken",
    ]
    first, second = (await shown(house, order))["bills"]
    assert (first["open"]["amount"], second["open"]["amount"]) == (0, 2000)
    assert second["number"] > first["number"]


async def test_what_a_refund_clears_is_the_same_wherever_it_is_shown(house: House) -> None:
    # Show what the grant says alone → the order says 1000 where the bill and the refund say 2000, this fails.
    order = await house.order(2, terms="bill_after")
    await house.recorded(f"/v1/orders/{order}/shipments", shipment_body(2))
    (bill,) = (await shown(house, order))["bills"]
    cheque = {"amount": eur(1000), "method": "cheque"}
    position = (await house.recorded(f"/v1/bills/{bill['id']}/payments", cheque))["position"]
    all_of_it = {"parts": [{"line": 1, "quantity": 2}]}
    await house.recorded(f"/v1/orders/{order}/refunds", all_of_it)
    await correct(house.supervisor, position)
    state, head = await shown(house, order), await house.head()
    (item,) = await house.every(f"/v1/orders/{order}/refunds?min_position={head}")
    cleared = (state["refunds"][0]["cleared"], state["bills"][0]["cleared"], item["cleared"])
    assert cleared == (eur(2000), eur(2000), eur(2000))
    assert item["stage"] == "settled"


async def test_a_cheque_is_recorded_once_on_one_bill_or_two_and_again_once_corrected(house: House) -> None:
    # Claim no reference for what pays a bill → the same cheque pays two orders, and this fails.
    customer = await house.customer()
    bills = [await billed(house, customer), await billed(house, customer)]
    cheque = {"amount": eur(500), "method": "cheque", "reference": "1001"}
    first = await house.recorded(f"/v1/bills/{bills[0]}/payments", cheque)
    assert await house.recorded(f"/v1/bills/{bills[0]}/payments", cheque) == first
    more = await house.agent.post(f"/v1/bills/{bills[0]}/payments", cheque | {"amount": eur(501)})
    assert (more.status_code, more.json()["type"]) == (409, "/problems/payers-reference-used")
    other = await house.agent.post(f"/v1/bills/{bills[1]}/payments", cheque)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/claim-taken")
    assert (await correct(house.supervisor, first["position"]))[0] == 201
    await house.recorded(f"/v1/bills/{bills[1]}/payments", cheque)
    somebody_else = await billed(house, await house.customer())
    await house.recorded(f"/v1/bills/{somebody_else}/payments", cheque)


async def billed(house: House, customer: str) -> str:
    """A bill of that customer's."""
    order = await house.order(1, terms="bill_after", customer_id=customer)
    await house.shipment(order)
    return (await shown(house, order))["bills"][0]["id"]


async def test_a_payment_of_who_was_erased_is_corrected_and_the_reason_kept(
    house: House, ledger: Ledger, tmp_path: Path
) -> None:
    # Seal the reason under their key only → no correction without a reason, and none with one: this fails.
    order = await house.paid_order()
    state = await shown(house, order)
    await Erasures(tmp_path, ledger.reader).destroy(house.book.sealer, state["customer"])
    status, receipt = await correct(house.supervisor, state["payments"][0]["position"])
    assert (status, receipt["entries"][0]["meta"]["reason"]) == (201, WHY["reason"])
