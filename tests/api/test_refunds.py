"""Refunds over HTTP: granted, or escalated and approved; settled; racing for units and a day's limit."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from ledger.composition import Ledger
from ledger.processors.trial_cards import TrialCards
from tests.api.house import House, eur, order_body, payment_body, somebody

pytestmark = pytest.mark.anyio

ONE = {"parts": [{"line": 1, "quantity": 1}]}


async def shipped_order(house: House, quantity: int = 3, price: int = 1000) -> str:
    """So many armchairs, paid and under way."""
    line = {"sku": "ARMCHAIR", "quantity": quantity, "unit_price": eur(price)}
    order = (await house.recorded("/v1/orders", order_body() | {"lines": [line]}))["subject"]
    await house.recorded(f"/v1/orders/{order}/payments", payment_body(price * quantity))
    await house.shipment(order, quantity)
    return order


def types_of(receipt: dict[str, Any]) -> list[str]:
    """What a receipt says was recorded."""
    return [entry["type"] for entry in receipt["entries"]]


async def refund_of(house: House, order: str) -> str:
    """One armchair refunded by the agent."""
    answer = await house.agent.post(f"/v1/orders/{order}/refunds", ONE)
    assert answer.status_code == 201, answer.text
    return answer.json()["entries"][0]["data"]["refund"]


async def test_a_refund_is_granted_shown_paid_and_audited(house: House) -> None:
    order = await shipped_order(house)
    first = await house.agent.post(
        f"/v1/orders/{order}/refunds", {**ONE, "first_contact_at": "2020-01-01T10:00:00Z", "proactive": True}
    )
    assert first.status_code == 201
    assert types_of(first.json()) == ["refund.granted", "number.taken", "refund_allowance.used"]
    refund = first.json()["entries"][0]["data"]["refund"]
    paid = await house.agent.post(f"/v1/refunds/{refund}/settlement", {"reference": "re_1"})
    assert types_of(paid.json()) == ["refund.paid"]
    shown = (await house.agent.get(f"/v1/orders/{order}")).json()
    assert shown["account"]["balance"]["amount"] == 0
    position = paid.headers["Ledger-Position"]
    listed = await house.agent.get(f"/v1/orders/{order}/refunds?min_position={position}")
    (item,) = listed.json()["items"]
    assert (item["stage"], item["paid"]["amount"], item["label"]) == ("settled", 1000, "supplier")
    assert (item["proactive"], item["decided_as"], item["limit"]["amount"]) == (True, "agent", 15000)
    assert item["entries"] == f"{first.json()['entries'][0]['position']} {position}"
    again = await house.agent.post(f"/v1/refunds/{refund}/settlement", {})
    assert again.json()["type"] == "/problems/nothing-due-back"
    customer = shown["customer"]
    value = await house.agent.get(f"/v1/customers/{customer}/lifetime-value?min_position={position}")
    assert value.json()["items"][0]["lifetime_value"]["amount"] == 2000


async def test_above_the_limit_it_waits_is_answered_202_and_another_person_approves(house: House) -> None:
    order = await shipped_order(house, quantity=1, price=15001)
    tried = await house.agent.post(f"/v1/orders/{order}/refunds?dry_run=true", ONE)
    # Show only what this very command would grant → zeros, and this fails.
    preview = {
        "granted": eur(15001),
        "against_limits": eur(15001),
        "clears": eur(0),
        "cash": eur(15001),
        "credit": eur(0),
        "limit": "per_refund",
        "limit_amount": eur(15000),
        "decides": "supervisor",
    }
    assert (tried.status_code, tried.json()["preview"]) == (200, preview)
    assert types_of(tried.json()) == ["refund.requested", "refund.escalated"]
    waits = await house.agent.post(f"/v1/orders/{order}/refunds", ONE, key="k-" + order)
    assert waits.status_code == 202
    assert types_of(waits.json()) == ["refund.requested", "refund.escalated"]
    repeated = await house.agent.post(f"/v1/orders/{order}/refunds", ONE, key="k-" + order)
    assert (repeated.status_code, repeated.content) == (202, waits.content)
    refund = waits.json()["entries"][0]["data"]["refund"]
    mine = await house.agent.post(f"/v1/refunds/{refund}/approval", {})
    assert mine.json()["type"] == "/problems/approver-is-requester"
    through = {"On-Behalf-Of": house.agent.person}
    served = await house.service.post(f"/v1/refunds/{refund}/approval", {}, headers=through)
    assert served.json()["type"] == "/problems/approver-is-requester"
    trying = await house.supervisor.post(f"/v1/refunds/{refund}/approval?dry_run=true", {})
    assert trying.json()["preview"] == preview | {"limit": None, "limit_amount": None, "decides": None}
    approved = await house.supervisor.post(f"/v1/refunds/{refund}/approval", {})
    assert approved.status_code == 201
    assert approved.json()["entries"][0]["data"]["requested_by"] == house.agent.person


async def test_what_waits_for_a_role_is_approved_by_nobody_below_it(ledger: Ledger, house: House) -> None:
    # Ask only that it is another person → a colleague lends the agent their own day, and this fails.
    order = await shipped_order(house, quantity=1, price=100_001)
    waits = await house.agent.post(f"/v1/orders/{order}/refunds", ONE)
    approval = f"/v1/refunds/{waits.json()['entries'][0]['data']['refund']}/approval"
    colleague = await somebody(ledger, house.app, house.book, "agent")
    other_supervisor = await somebody(ledger, house.app, house.book, "supervisor")
    for role in ("supervisor", "owner"):
        refused = await colleague.post(approval, {})
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/role-too-low")
        assert f"the role {role}" in refused.json()["detail"]
        if role == "supervisor":
            assert (await house.supervisor.post(approval, {})).status_code == 202
    assert (await other_supervisor.post(approval, {})).json()["type"] == "/problems/role-too-low"
    assert (await house.owner.post(approval, {})).status_code == 201


async def test_an_approval_above_the_approvers_limit_shows_who_decides_before_and_after(house: House) -> None:
    order = await shipped_order(house, quantity=1, price=100_001)
    waits = await house.agent.post(f"/v1/orders/{order}/refunds", ONE)
    approval = f"/v1/refunds/{waits.json()['entries'][0]['data']['refund']}/approval"
    for _ in range(2):  # the second time it has gone up already, and nothing new would be recorded
        preview = (await house.supervisor.post(f"{approval}?dry_run=true", {})).json()["preview"]
        shown = (preview["cash"], preview["limit_amount"], preview["decides"])
        assert shown == (eur(100_001), eur(100_000), "owner")
        assert (await house.supervisor.post(approval, {})).status_code == 202


async def test_a_dry_run_above_a_limit_shows_what_the_grant_would_clear(house: House) -> None:
    order = (await house.recorded("/v1/orders", order_body(20, terms="bill_after")))["subject"]
    await house.shipment(order, 20)
    all_of_it = {"parts": [{"line": 1, "quantity": 20}]}
    for body in (all_of_it, all_of_it | {"only_request": True}):
        tried = await house.agent.post(f"/v1/orders/{order}/refunds?dry_run=true", body)
        preview = tried.json()["preview"]
        assert (preview["granted"], preview["clears"], preview["cash"]) == (eur(20000), eur(20000), eur(0))
    customer = (await house.agent.get(f"/v1/orders/{order}")).json()["customer"]
    claims = {"claims": [{"sku": "ARMCHAIR", "quantity": 1, "amount": eur(99999)}]}
    unverified = await house.agent.post(f"/v1/customers/{customer}/refunds?dry_run=true", claims)
    preview = unverified.json()["preview"]
    assert (preview["cash"], preview["limit_amount"], preview["decides"]) == (
        eur(99999),
        eur(15000),
        "supervisor",
    )


async def test_a_fee_that_is_never_charged_is_limited_shown_and_audited_as_one_figure(house: House) -> None:
    # Compare only what is credited, in any of these places → this fails.
    fee = {"shipping": eur(14000), "shipping_tax": eur(1001)}
    order = await house.order(1, **fee)
    await house.recorded(f"/v1/orders/{order}/payments", payment_body(16001))
    late = {"observed_problem": "late", "parts": []}
    tried = (await house.agent.post(f"/v1/orders/{order}/refunds?dry_run=true", late)).json()["preview"]
    shown = (tried["granted"], tried["against_limits"], tried["limit"], tried["decides"])
    assert shown == (eur(15001), eur(15001), "per_refund", "supervisor")
    waits = await house.agent.post(f"/v1/orders/{order}/refunds", late)
    assert (waits.status_code, waits.json()["entries"][1]["data"]["amount"]) == (202, eur(15001))
    refund = waits.json()["entries"][0]["data"]["refund"]
    approved = await house.supervisor.post(f"/v1/refunds/{refund}/approval", {})
    used = approved.json()["entries"][-1]["data"]
    assert (approved.status_code, used["amount"]) == (201, eur(15001))
    position = approved.headers["Ledger-Position"]
    audited = await house.agent.get(f"/v1/refund-audit?order={order}&min_position={position}")
    (item,) = audited.json()["items"]
    assert (item["against_limits"], item["credited"], item["anomalies"]) == (eur(15001), eur(0), "")


async def test_a_dry_run_shows_what_clears_and_what_leaves(house: House) -> None:
    order = await shipped_order(house)
    tried = (await house.agent.post(f"/v1/orders/{order}/refunds?dry_run=true", ONE)).json()
    assert tried["preview"] == {
        "granted": eur(1000),
        "against_limits": eur(1000),
        "clears": eur(0),
        "cash": eur(1000),
        "credit": eur(0),
        "limit": None,
        "limit_amount": None,
        "decides": None,
    }


async def test_a_dry_run_of_a_payout_shows_what_leaves_and_what_is_kept_as_credit(house: House) -> None:
    order = await shipped_order(house)
    refund = f"/v1/refunds/{await refund_of(house, order)}"
    # Show only what a grant makes due back → zeros, and this fails.
    tried = (await house.agent.post(f"{refund}/settlement?dry_run=true", {"reference": "re_tried"})).json()[
        "preview"
    ]
    assert (tried["granted"], tried["cash"], tried["credit"]) == (eur(0), eur(1000), eur(0))
    failed = {"method": "original_method", "why": "card_closed"}
    assert (await house.agent.post(f"{refund}/payment-failure", failed)).status_code == 201
    tried = (await house.agent.post(f"{refund}/settlement?dry_run=true", {})).json()["preview"]
    assert (tried["cash"], tried["credit"], tried["limit"]) == (eur(0), eur(1000), None)
    kept = (await house.agent.post(f"{refund}/settlement", {})).json()
    # Told in the order's stream and in the customer's: count both → twice as much, and this fails.
    assert types_of(kept) == ["credit.set_aside"] * 2


async def test_a_dry_run_of_a_payout_shows_what_leaves_beyond_what_is_due(house: House) -> None:
    # Show payouts alone → 5.00 that would wait without a place are hidden, this fails.
    order = await shipped_order(house)
    customer = (await house.agent.get(f"/v1/orders/{order}")).json()["customer"]
    claims = {"claims": [{"sku": "SOAP", "quantity": 1, "amount": eur(1000)}]}
    granted = await house.agent.post(f"/v1/customers/{customer}/refunds", claims)
    own = granted.json()["entries"][0]["data"]["refund"]
    for refund, said in ((await refund_of(house, order), {}), (own, {"method": "cheque"})):
        left = {"reference": f"left_{refund}", "amount": eur(1500), **said}
        tried = await house.agent.post(f"/v1/refunds/{refund}/settlement?dry_run=true", left)
        assert "unmatched_payout.recorded" in types_of(tried.json()), tried.text
        assert tried.json()["preview"]["cash"] == eur(1500)


async def test_what_nobody_can_verify_is_refunded_and_the_search_is_kept_with_it(house: House) -> None:
    order = await shipped_order(house)
    customer = (await house.agent.get(f"/v1/orders/{order}")).json()["customer"]
    claims = {"claims": [{"sku": "ARMCHAIR", "quantity": 4, "amount": eur(4000)}]}
    granted = await house.agent.post(f"/v1/customers/{customer}/refunds", claims)
    assert granted.status_code == 201, granted.text
    data = granted.json()["entries"][0]["data"]
    assert (data["basis"], data["order"]) == ("stated", None)
    searched = data["ask"]["searched"]
    found = [(it["order"], it["quantity"], it["refundable"]) for it in searched["lines"]]
    assert (found, searched["more"]) == ([(order, 3, 3)], 0)
    assert searched["left"] == [{"sku": "ARMCHAIR", "units": 3}]
    assert "fraud_signal.raised" in types_of(granted.json()), "one more than they bought"
    unlisted = {"claims": [{"sku": "NEVER-OURS", "quantity": 1}], "currency": "EUR"}
    refused = await house.agent.post(f"/v1/customers/{customer}/refunds", unlisted)
    assert refused.status_code == 422


@pytest.mark.parametrize(("claimed", "told"), [(60, False), (61, True)])
async def test_a_search_lists_fifty_lines_and_counts_all_of_them(
    house: House, claimed: int, told: bool
) -> None:
    # Count only the lines that are listed → what was bought is told as too much, and this fails.
    lines = [{"sku": "SOCK", "quantity": 1, "unit_price": eur(1)}] * 20
    first = (await house.recorded("/v1/orders", order_body() | {"lines": lines}))["subject"]
    customer = (await house.agent.get(f"/v1/orders/{first}")).json()["customer"]
    for _ in range(2):
        await house.recorded("/v1/orders", order_body(customer_id=customer) | {"lines": lines})
    claims = {"claims": [{"sku": "SOCK", "quantity": claimed, "amount": eur(60)}]}
    granted = await house.agent.post(f"/v1/customers/{customer}/refunds", claims)
    searched = granted.json()["entries"][0]["data"]["ask"]["searched"]
    assert (len(searched["lines"]), searched["more"]) == (50, 10)
    assert searched["left"] == [{"sku": "SOCK", "units": 60}]
    assert ("fraud_signal.raised" in types_of(granted.json())) == told


async def test_refunds_of_fifty_agents_racing_for_three_units_refund_exactly_three(
    ledger: Ledger, house: House
) -> None:
    # Leave the units check out of `grant_refund` → this fails.
    order = await shipped_order(house, price=100)
    path = f"/v1/orders/{order}/refunds"
    agents = [await somebody(ledger, house.app, house.book, "agent") for _ in range(50)]
    answers = await asyncio.gather(*[agent.post(path, ONE) for agent in agents])
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 47}
    refused = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert refused == {"/problems/refund-exceeds-units"}
    shown = (await house.agent.get(f"/v1/orders/{order}")).json()
    assert shown["lines"][0]["refunded"] == 3
    assert shown["account"]["credited"]["amount"] == 300


async def test_one_persons_day_holds_exactly_over_fifty_orders_at_once(fresh_house: House) -> None:
    # Leave the day's stream out of the grant's append → this fails: 500.00 is the limit of a day.
    house = fresh_house
    orders = await asyncio.gather(*[shipped_order(house, quantity=1, price=2000) for _ in range(50)])
    answers = await asyncio.gather(
        *[house.agent.post(f"/v1/orders/{order}/refunds", ONE) for order in orders]
    )
    assert Counter(answer.status_code for answer in answers) == {201: 25, 202: 25}
    exceeded = {
        entry["data"]["exceeded"]
        for answer in answers
        for entry in answer.json()["entries"]
        if entry["type"] == "refund.escalated"
    }
    assert exceeded == {"per_day"}
    numbers = sorted(
        answer.json()["entries"][0]["data"]["number"] for answer in answers if answer.status_code == 201
    )
    assert numbers == list(range(1, 26)), "credit notes are numbered without gaps"


async def test_a_payout_that_fails_goes_another_way(house: House) -> None:
    order = await shipped_order(house)
    refund = await refund_of(house, order)
    early = await house.agent.post(f"/v1/refunds/{refund}/settlement", {"method": "cheque"})
    assert early.json()["type"] == "/problems/earlier-way-open"
    failed = await house.agent.post(
        f"/v1/refunds/{refund}/payment-failure", {"method": "original_method", "why": "card_closed"}
    )
    assert failed.status_code == 201
    unnamed = await house.agent.post(f"/v1/refunds/{refund}/settlement", {"method": "cheque"})
    assert unnamed.json()["type"] == "/problems/reference-missing"
    by_cheque = {"method": "cheque", "reference": f"815-{refund}"}
    paid = await house.agent.post(f"/v1/refunds/{refund}/settlement", by_cheque)
    payout = paid.json()["entries"][0]["data"]["payout"]
    back = await house.agent.post(f"/v1/refunds/{refund}/return", {"payout": payout, "why": "undelivered"})
    assert types_of(back.json()) == ["refund.returned"]
    shown = (await house.agent.get(f"/v1/orders/{order}")).json()
    assert shown["account"]["due_back"]["amount"] == 1000
    audited = await house.auditor.get(
        f"/v1/refund-audit?order={order}&odd=true&min_position={back.headers['Ledger-Position']}"
    )
    assert audited.json()["items"][0]["anomalies"] == "payout_failed payout_returned"


async def test_a_cheque_of_ours_pays_one_customer(house: House) -> None:
    # Number it within each customer → one cheque pays any number of them, and this fails.
    claims = {"claims": [{"sku": "ARMCHAIR", "quantity": 1, "amount": eur(900)}]}
    answers = []
    for _ in range(2):
        order = (await house.recorded("/v1/orders", order_body()))["subject"]
        customer = (await house.agent.get(f"/v1/orders/{order}")).json()["customer"]
        granted = await house.recorded(f"/v1/customers/{customer}/refunds", claims)
        (refund,) = {entry["data"]["refund"] for entry in granted["entries"] if "refund" in entry["data"]}
        path = f"/v1/refunds/{refund}/settlement"
        answers.append(await house.agent.post(path, {"method": "cheque", "reference": "CHQ9001"}))
    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["type"] == "/problems/claim-taken"


async def test_a_reference_settles_one_refund_of_the_book(house: House) -> None:
    # Claim it nowhere → one transfer pays every refund, and this fails.
    first, second = [await shipped_order(house) for _ in range(2)]
    reference = f"re_{first}"
    refunds = [await refund_of(house, order) for order in (first, first, second)]
    paths = [f"/v1/refunds/{refund}/settlement" for refund in refunds]
    paid = await house.agent.post(paths[0], {"reference": reference})
    assert types_of(paid.json()) == ["refund.paid"]
    again = await house.agent.post(paths[0], {"reference": reference})
    assert again.json()["entries"] == paid.json()["entries"]
    beside = await house.agent.post(paths[1], {"reference": reference})
    assert beside.json()["type"] == "/problems/reference-paid-out-otherwise"
    elsewhere = await house.agent.post(paths[2], {"reference": reference})
    assert (elsewhere.status_code, elsewhere.json()["type"]) == (409, "/problems/claim-taken")
    assert elsewhere.json()["detail"].startswith("The reference of money that left us, in this way,")
    for path in paths[1:]:
        assert (await house.agent.post(path, {})).status_code == 201


async def test_a_person_pays_what_the_processor_does_not_and_says_what_it_did_elsewhere(
    fresh_house: House,
) -> None:
    # Drop `payment` or `processor` on the way → the card's money leaves by hand too, and this fails.
    house = fresh_house
    house.book.gateway = TrialCards()
    line = {"sku": "ARMCHAIR", "quantity": 3, "unit_price": eur(1000)}
    order = (await house.recorded("/v1/orders", order_body() | {"lines": [line]}))["subject"]
    for processor, amount in (("trial_cards", 1000), ("bank_transfer", 2000)):
        body = payment_body(amount) | {"processor": processor}
        await house.recorded(f"/v1/orders/{order}/payments", body)
    card, transfer = [it["id"] for it in (await house.agent.get(f"/v1/orders/{order}")).json()["payments"]]
    await house.shipment(order, 3)
    whole = {"parts": [{"line": 1, "quantity": 3}]}
    granted = await house.agent.post(f"/v1/orders/{order}/refunds", whole)
    path = f"/v1/refunds/{granted.json()['entries'][0]['data']['refund']}"
    by_itself = "/problems/paid-out-by-processor"
    closed = {"method": "original_method", "why": "card_closed"}
    fails = await house.agent.post(f"{path}/payment-failure", {**closed, "payment": card})
    assert (fails.status_code, fails.json()["type"]) == (409, by_itself)
    tried = await house.agent.post(f"{path}/settlement?dry_run=true", {"payment": card})
    assert tried.json()["preview"]["cash"] == eur(1000)
    named = await house.recorded(f"{path}/settlement", {"payment": card})
    (it,) = [entry["data"] for entry in named["entries"]]
    assert (it["processor"], it["amount"]) == ("trial_cards", eur(1000))
    nameless = await house.agent.post(f"{path}/settlement", {"payment": transfer})
    assert nameless.json()["type"] == "/problems/reference-missing"
    by_hand = await house.agent.post(f"{path}/settlement", {"payment": transfer, "reference": "RF_7"})
    (paid,) = [entry["data"] for entry in by_hand.json()["entries"]]
    assert (paid["payment"], paid["amount"], paid["reference"]) == (transfer, eur(2000), "RF_7")
    elsewhere = await house.agent.post(f"{path}/settlement", {"payment": card, "reference": "re_1"})
    (paid,) = [entry["data"] for entry in elsewhere.json()["entries"]]
    assert (paid["payment"], paid["amount"], paid["reference"]) == (card, eur(1000), "re_1")


async def test_credit_asked_for_as_money_is_left_to_somebody_else(house: House) -> None:
    # Forget `only_request` on the way → it is granted at once, and this fails.
    customer = await house.customer()
    path = f"/v1/customers/{customer}/refunds"
    claims = {"claims": [{"sku": "SOAP", "quantity": 1, "amount": eur(5000)}]}
    first = (await house.agent.post(path, claims)).json()["entries"][0]["data"]["refund"]
    kept = await house.agent.post(f"/v1/refunds/{first}/settlement", {"method": "store_credit"})
    assert kept.status_code == 201
    body = {"credit": eur(5000), "only_request": True}
    tried = await house.agent.post(f"{path}?dry_run=true", body)
    assert tried.json()["preview"]["granted"] == eur(5000)
    asked = await house.agent.post(path, body)
    assert (asked.status_code, types_of(asked.json())) == (202, ["refund.requested"])
    refund = asked.json()["entries"][0]["data"]["refund"]
    granted = await house.supervisor.post(f"/v1/refunds/{refund}/approval", {})
    assert types_of(granted.json()) == ["refund.granted"]


async def test_a_refund_asked_for_is_withdrawn(house: House) -> None:
    order = await shipped_order(house)
    asked = await house.agent.post(f"/v1/orders/{order}/refunds", {**ONE, "only_request": True})
    refund = asked.json()["entries"][0]["data"]["refund"]
    assert (await house.agent.post(f"/v1/refunds/{refund}/withdrawal", {})).status_code == 201
    late = await house.agent.post(f"/v1/refunds/{refund}/approval", {})
    assert late.json()["type"] == "/problems/refund-no-longer-wanted"
