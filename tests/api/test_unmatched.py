"""Unmatched money over HTTP: listed with a task, assigned once, returned, and in the books all the while."""

import asyncio
from typing import Any

import pytest

from tests.api.house import House, eur, payment_body
from tests.api.stripe import fresh

pytestmark = pytest.mark.anyio


async def listed(house: House, unmatched: str) -> dict[str, Any]:
    """The row of that money, as current as the book."""
    head = await house.head()
    answer = await house.agent.get(f"/v1/unmatched?min_position={head}&limit=200&sort=-since")
    assert answer.status_code == 200, answer.text
    (row,) = [item for item in answer.json()["items"] if item["id"] == unmatched]
    return row


async def tasks(house: House, unmatched: str) -> list[dict[str, Any]]:
    head = await house.head()
    answer = await house.agent.get(f"/v1/tasks?min_position={head}&kind=unmatched&limit=200&sort=-due")
    return [item for item in answer.json()["items"] if item["subject"] == unmatched]


async def balance(house: House, account: str) -> int:
    head = await house.head()
    answer = await house.owner.get(f"/v1/trial-balance?min_position={head}")
    return sum(row["balance"]["amount"] for row in answer.json()["items"] if row["account"] == account)


async def test_the_order_it_names_shows_its_task(house: House) -> None:
    order = await house.order(2)
    money, head = await house.unmatched(2000, order=order), await house.head()
    answer = await house.agent.get(f"/v1/tasks?min_position={head}&order={order}&kind=unmatched")
    (task,) = answer.json()["items"]
    assert (task["order"], task["stream"], task["subject"]) == (order, f"unmatched/{money}", money)


async def test_it_waits_with_a_task_until_it_is_assigned(house: House) -> None:
    money, order = await house.unmatched(2000), await house.order(2)
    row = await listed(house, money)
    assert (row["direction"], row["left"]["amount"], row["why"]) == ("receipt", 2000, "unknown")
    assert len(await tasks(house, money)) == 1
    answer = await house.agent.post(f"/v1/unmatched/{money}/assignment", {"order": order})
    assert answer.status_code == 201, answer.text
    types = [entry["type"] for entry in answer.json()["entries"]]
    assert types == ["unmatched_receipt.assigned", "payment.captured"]
    row = await listed(house, money)
    assert (row["order"], row["assigned"]["amount"], row["left"]["amount"]) == (order, 2000, 0)
    assert row["settled_at"] is not None
    assert await tasks(house, money) == []
    account = (await house.agent.get(f"/v1/orders/{order}")).json()["account"]
    assert account["received"]["amount"] == 2000


async def test_racing_assignments_share_what_is_left_once(house: House) -> None:
    # Take the money's stream out of `AssignMoney.writes` → it is assigned twice, this fails.
    money = await house.unmatched(2000)
    orders = [await house.order(2) for _ in range(4)]
    answers = await asyncio.gather(
        *[house.agent.post(f"/v1/unmatched/{money}/assignment", {"order": order}) for order in orders]
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_in_parts_and_the_rest_back(house: House) -> None:
    money, order, other = await house.unmatched(3500), await house.order(1), await house.order(2)
    path = f"/v1/unmatched/{money}"
    for body in ({"order": order, "amount": eur(1000)}, {"order": other, "amount": eur(2000)}):
        assert (await house.agent.post(f"{path}/assignment", body)).status_code == 201
    more = await house.agent.post(f"{path}/return", {"amount": eur(501), "reference": fresh("re")})
    assert (more.status_code, more.json()["type"]) == (409, "/problems/unmatched-exceeded")
    assert more.json()["figures"]["left"]["amount"] == 500
    assert (await house.agent.post(f"{path}/return", {"reference": fresh("re")})).status_code == 201
    row = await listed(house, money)
    assert (row["assigned"]["amount"], row["returned"]["amount"], row["left"]["amount"]) == (3000, 500, 0)


async def test_it_is_on_the_account_for_unapplied_money_meanwhile(house: House) -> None:
    unapplied = "liabilities:unapplied money"
    before = await balance(house, unapplied)
    money = await house.unmatched(2000)
    assert await balance(house, unapplied) == before - 2000
    await house.recorded(f"/v1/unmatched/{money}/return", {"reference": fresh("re")})
    assert await balance(house, unapplied) == before


async def test_what_is_not_in_this_book_is_not_found(house: House, other_house: House) -> None:
    money, order = await house.unmatched(), await house.order(2)
    there = await other_house.agent.post(f"/v1/unmatched/{money}/return", {"reference": fresh("re")})
    assert there.status_code == 404
    foreign = await other_house.order(2)
    answer = await house.agent.post(f"/v1/unmatched/{money}/assignment", {"order": foreign})
    assert answer.status_code == 422
    both = {
        "order": order,
        "bill": "bil_00000000000000000000000001",
        "refund": "ref_00000000000000000000000001",
    }
    assert (await house.agent.post(f"/v1/unmatched/{money}/assignment", both)).status_code == 422


async def test_a_reference_recorded_meanwhile_only_matches(house: House) -> None:
    order = await house.order(2)
    body = payment_body(2000)
    money = await house.unmatched(2000, str(body["reference"]))
    await house.recorded(f"/v1/orders/{order}/payments", body)
    answer = await house.agent.post(f"/v1/unmatched/{money}/assignment", {"order": order})
    assert [entry["type"] for entry in answer.json()["entries"]] == ["unmatched_receipt.assigned"]
    account = (await house.agent.get(f"/v1/orders/{order}")).json()["account"]
    assert account["received"]["amount"] == 2000


async def test_what_was_assigned_by_mistake_waits_again_and_may_be_assigned_again(house: House) -> None:
    # Let the correction forget the money → it came, and is on no list and in no order: this fails.
    unapplied = "liabilities:unapplied money"
    money, order, other = await house.unmatched(2000), await house.order(2), await house.order(2)
    before = await balance(house, unapplied)
    receipt = await house.recorded(f"/v1/unmatched/{money}/assignment", {"order": order})
    position = receipt["entries"][1]["position"]
    why = {"reason": "It was for the other order."}
    answer = await house.supervisor.post(f"/v1/entries/{position}/correction", why)
    assert answer.status_code == 201, answer.text
    assert [entry["type"] for entry in answer.json()["entries"]] == [
        "payment.corrected",
        "unmatched_receipt.reopened",
        "order.placed_on_hold",
    ]
    row = await listed(house, money)
    assert (row["assigned"]["amount"], row["left"]["amount"], row["settled_at"]) == (0, 2000, None)
    assert len(await tasks(house, money)) == 1
    assert await balance(house, unapplied) == before
    await house.recorded(f"/v1/unmatched/{money}/assignment", {"order": other})
    account = (await house.agent.get(f"/v1/orders/{other}")).json()["account"]
    assert account["received"]["amount"] == 2000
    nothing = await house.agent.post(f"/v1/unmatched/{money}/return", {"reference": fresh("re")})
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/unmatched-settled")


async def test_what_money_was_for_is_said_in_its_own_currency(house: House) -> None:
    # Take the number alone → 20 dollars of 20 euros are assigned, and this fails.
    money, order = await house.unmatched(2000), await house.order(2)
    for path, named in (("assignment", {"order": order}), ("return", {})):
        for amount, status in (({"amount": 2000, "currency": "USD"}, 422), (eur(0), 422), (2000, 422)):
            answer = await house.agent.post(f"/v1/unmatched/{money}/{path}", named | {"amount": amount})
            assert answer.status_code == status
    assert (await listed(house, money))["left"] == eur(2000)


async def test_an_order_whose_money_went_back_is_on_the_list_of_those_that_wait(house: House) -> None:
    # Let a return decide no hold → nobody is asked about the order, and this fails.
    order = await house.order(2)
    path = f"/v1/orders/{order}"
    placed = (await house.agent.get(path)).json()
    missing = placed["total"]["amount"]
    money = await house.unmatched(missing + 1, order=order)
    part = await house.recorded(f"/v1/unmatched/{money}/return", {"amount": eur(1), "reference": fresh("re")})
    assert [entry["type"] for entry in part["entries"]] == ["unmatched_receipt.returned"]
    rest = await house.recorded(f"/v1/unmatched/{money}/return", {"reference": fresh("re")})
    assert [entry["type"] for entry in rest["entries"]] == [
        "unmatched_receipt.returned",
        "order.placed_on_hold",
    ]
    head = await house.head()
    listed = await house.agent.get(f"/v1/declined-payments?min_position={head}&customer={placed['customer']}")
    (row,) = listed.json()["items"]
    assert (row["held_because"], row["missing"]["amount"]) == ("given_back", missing)
    todo = await house.agent.get(f"/v1/tasks?min_position={head}&order={order}&limit=200")
    assert "reach_customer" in {item["kind"] for item in todo.json()["items"]}


async def test_an_order_for_which_other_money_waits_is_asked_for_none(house: House) -> None:
    # Name no other money with the return → the customer is asked to pay twice, and this fails.
    order = await house.order(2)
    missing = (await house.agent.get(f"/v1/orders/{order}")).json()["total"]["amount"]
    first, second = [await house.unmatched(missing, order=order) for _ in range(2)]
    back = [
        await house.recorded(f"/v1/unmatched/{money}/return", {"reference": fresh("re")})
        for money in (first, second)
    ]
    types = [[entry["type"] for entry in receipt["entries"]] for receipt in back]
    assert types == [
        ["unmatched_receipt.returned"],
        ["unmatched_receipt.returned", "order.placed_on_hold"],
    ]


async def test_nobody_is_to_ask_for_the_payment_of_an_order_for_which_money_waits(house: House) -> None:
    # List it whatever waits → a customer who has paid is asked to pay, and this fails.
    order = await house.order(2)

    async def asked() -> set[str]:
        path = f"/v1/tasks?order={order}&due_by=2100-01-01T00:00:00Z&min_position={await house.head()}"
        return {task["kind"] for task in await house.every(path)}

    assert "ask_for_payment" in await asked()
    money = await house.unmatched(2000, order=order)
    assert "ask_for_payment" not in await asked()
    await house.recorded(f"/v1/unmatched/{money}/return", {"amount": eur(1), "reference": "re_of_one"})
    assert "ask_for_payment" not in await asked(), "a hold began, and its tasks speak"
    other = await house.order(2)
    money = await house.unmatched(1, order=other)
    order = other
    assert "ask_for_payment" not in await asked()
    await house.recorded(f"/v1/unmatched/{money}/assignment", {"order": other})
    assert "ask_for_payment" in await asked(), "one cent of it came"


async def test_another_part_of_what_came_again_may_be_said_under_the_same_name(house: House) -> None:
    # Give it the name that the first part has → nobody can say what it was, and this fails.
    order = await house.order(2)
    paid = (await house.recorded(f"/v1/orders/{order}/payments", payment_body(2000)))["entries"][0]["data"]
    taken = {"payment": paid["payment"], "kind": "chargeback", "amount": eur(2000)}
    receipt = await house.recorded(f"/v1/orders/{order}/payment-reversals", taken)
    reversal = receipt["entries"][0]["data"]["reversal"]
    path = f"/v1/orders/{order}/payment-reversals/{reversal}/reinstatements"
    name = f"dp_{reversal}"
    await house.recorded(path, {"amount": eur(500), "reference": name})
    money = await house.unmatched(1200, name)
    for amount, recorded in ((700, True), (500, False)):
        said = {"order": order, "reversal": reversal, "amount": eur(amount)}
        matched = await house.recorded(f"/v1/unmatched/{money}/assignment", said)
        assert ("payment.reinstated" in [entry["type"] for entry in matched["entries"]]) is recorded
    assert (await listed(house, money))["left"]["amount"] == 0
    account = (await house.agent.get(f"/v1/orders/{order}")).json()["account"]
    assert account["reversed"]["amount"] == 800


async def test_a_notice_nobody_can_count_is_a_task_until_somebody_looked(house: House) -> None:
    position = await house.notice_of_no_currency()

    async def waiting() -> bool:
        head = await house.head()
        tasks = await house.every(f"/v1/tasks?min_position={head}&kind=notice&limit=200")
        return position in [task["subject"] for task in tasks]

    assert await waiting()
    path = f"/v1/inbound/{position}/closing"
    receipt = await house.recorded(path, {"note": "A test of theirs."})
    assert [entry["type"] for entry in receipt["entries"]] == ["notice.closed"]
    assert not await waiting()
    assert (await house.agent.post("/v1/inbound/1/closing", {})).status_code == 404
