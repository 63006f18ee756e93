"""Credit over HTTP: given, or escalated and approved by another person; used by two orders at once."""

import asyncio
from collections import Counter

import pytest

from ledger.composition import Ledger
from tests.api.house import House, eur, somebody

pytestmark = pytest.mark.anyio

GESTURE = {"kind": "goodwill", "note": "For the long wait."}


async def test_above_a_gestures_limit_credit_waits_and_another_person_gives_it(
    ledger: Ledger, house: House
) -> None:
    # Refuse it, as a limit never does → this fails.
    customer = await house.customer()
    path = f"/v1/customers/{customer}/credit"
    body = GESTURE | {"amount": eur(5001)}
    tried = await house.agent.post(f"{path}?dry_run=true", body)
    assert (tried.status_code, len(tried.json()["entries"])) == (200, 2)
    waits = await house.agent.post(path, body, key=f"k-{customer}")
    assert waits.status_code == 202
    types = [entry["type"] for entry in waits.json()["entries"]]
    assert types == ["store_credit.requested", "store_credit.escalated"]
    repeated = await house.agent.post(path, body, key=f"k-{customer}")
    assert (repeated.status_code, repeated.content) == (202, waits.content)
    credit = waits.json()["entries"][0]["data"]["credit"]
    tasks = await house.agent.get(
        f"/v1/tasks?customer={customer}&kind=credit_decision&min_position={waits.headers['Ledger-Position']}"
    )
    assert [task["assignee"] for task in tasks.json()["items"]] == ["supervisor"]

    mine = await house.agent.post(f"{path}/{credit}/approval", {})
    assert mine.json()["type"] == "/problems/approver-is-requester"
    through = {"On-Behalf-Of": house.agent.person}
    served = await house.service.post(f"{path}/{credit}/approval", {}, headers=through)
    assert served.json()["type"] == "/problems/approver-is-requester"
    colleague = await somebody(ledger, house.app, house.book, "agent")
    low = await colleague.post(f"{path}/{credit}/approval", {})
    assert (low.status_code, low.json()["type"]) == (409, "/problems/role-too-low")
    given = await house.supervisor.post(f"{path}/{credit}/approval", {})
    assert given.status_code == 201
    listed = await house.auditor.get(
        f"/v1/store-credits?customer={customer}&min_position={given.headers['Ledger-Position']}"
    )
    (item,) = listed.json()["items"]
    assert (item["stage"], item["granted"], item["limit"]) == ("granted", eur(5001), eur(25000))
    assert (item["requested_by"], item["decided_by"]) == (house.agent.person, house.supervisor.person)
    late = await house.agent.post(f"{path}/{credit}/withdrawal", {})
    assert late.json()["type"] == "/problems/store-credit-given"


async def test_two_halves_of_a_gesture_at_once_are_one_gesture(house: House) -> None:
    # Count only what was given in a case → every half passes, and this fails.
    customer = await house.customer()
    path, half = f"/v1/customers/{customer}/credit", GESTURE | {"amount": eur(2501)}
    answers = await asyncio.gather(*[house.agent.post(path, half) for _ in range(5)])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 202: 4}
    in_a_case = await house.agent.post(path, half | {"case": "cas_1"})
    assert in_a_case.status_code == 422, "no case is on record yet that a gesture could name"


async def test_what_only_credit_has_paid_for_is_a_deposit_like_any_other(house: House) -> None:
    """Leave an order out of the balance because no money came for it → its figures are not what explains
    them, and this fails.
    """
    customer = await house.customer()
    await house.recorded(f"/v1/customers/{customer}/credit", GESTURE | {"amount": eur(2000)})
    path = f"/v1/customers/{customer}/balance"
    # Look for a currency among the orders alone → 404, and this fails.
    credit = (await house.agent.get(f"{path}/explain?column=credit_available")).json()
    assert credit["figure"] == eur(2000)
    order = await house.order(2, customer_id=customer)
    used = await house.recorded(f"/v1/orders/{order}/credit", {"amount": eur(2000)})
    (owed,) = (await house.agent.get(f"{path}?min_position={used['position']}")).json()["items"]
    explained = (await house.agent.get(f"{path}/explain?column=deposits_held")).json()
    assert owed["deposits_held"] == explained["figure"] == eur(2000)


async def test_credit_used_on_two_orders_at_once_is_used_once(house: House) -> None:
    # Leave the check of what the customer has out of `use_credit` → both get it, and this fails.
    customer = await house.customer()
    await house.recorded(f"/v1/customers/{customer}/credit", GESTURE | {"amount": eur(2000)})
    orders = await asyncio.gather(*[house.order(2, customer_id=customer) for _ in range(2)])
    answers = await asyncio.gather(
        *[house.agent.post(f"/v1/orders/{order}/credit", {"amount": eur(2000)}) for order in orders]
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 1}
    (refused,) = [answer.json() for answer in answers if answer.status_code == 409]
    assert refused["type"] == "/problems/credit-exceeds-available"
    used = [
        (await house.agent.get(f"/v1/orders/{order}")).json()["account"]["credit_used"] for order in orders
    ]
    assert sorted(amount["amount"] for amount in used) == [0, 2000]
    position = max(int(answer.headers.get("Ledger-Position", 0)) for answer in answers)
    (owed,) = (await house.agent.get(f"/v1/customers/{customer}/balance?min_position={position}")).json()[
        "items"
    ]
    assert owed["credit_available"] == eur(0)


async def test_fifty_uses_of_credit_for_seven_over_ten_orders_are_exactly_seven(house: House) -> None:
    customer = await house.customer()
    await house.recorded(f"/v1/customers/{customer}/credit", GESTURE | {"amount": eur(700)})
    orders = await asyncio.gather(*[house.order(1, customer_id=customer) for _ in range(10)])
    answers = await asyncio.gather(
        *[
            house.agent.post(f"/v1/orders/{order}/credit", {"amount": eur(100)})
            for order in orders
            for _ in range(5)
        ]
    )
    assert Counter(answer.status_code for answer in answers) == {201: 7, 409: 43}
