"""Money without a place that went back: told by Stripe, by a person, or by both, it left us once.

Source: I12, R-G8
"""

from typing import Any

import pytest

from api.stripe.told import derived_id
from ledger.composition import Ledger
from tests.api.house import House, eur, payment_body
from tests.api.stripe import Stripe, fresh, stripe_of
from tests.api.test_stripe import account, cash, charge, dispute, refund, refunded_order, shown, waiting
from tests.api.test_unmatched import balance, listed, tasks

pytestmark = pytest.mark.anyio

UNAPPLIED = "liabilities:unapplied money"


@pytest.fixture
async def stripe(ledger: Ledger, house: House) -> Stripe:
    return await stripe_of(ledger, house)


async def kept_charge(
    stripe: Stripe, amount: int = 2000, order: str | None = None
) -> tuple[str, dict[str, Any]]:
    """A charge that waits without a place."""
    it = charge(order, amount)
    assert await stripe.tell("charge.succeeded", it) == "unmatched"
    (row,) = await waiting(stripe.house, it["id"])
    return row["id"], it


async def test_what_a_person_said_went_back_stripe_tells_again(stripe: Stripe) -> None:
    # Compare the reference with nothing → a second 79.90 leaves, as a payout nobody can place; this fails.
    house, before, unapplied = stripe.house, await cash(stripe.house), await balance(stripe.house, UNAPPLIED)
    money, it = await kept_charge(stripe, 7990)
    back = refund(it, 7990)
    await house.recorded(f"/v1/unmatched/{money}/return", {"amount": eur(7990), "reference": back["id"]})
    for kind in ("refund.created", "refund.updated"):
        assert await stripe.tell(kind, back) == "known"
    assert await stripe.tell("charge.refunded", {**it, "refunds": {"data": [back]}}) == "known"
    assert await waiting(house, back["id"]) == []
    assert (await cash(house), await balance(house, UNAPPLIED)) == (before, unapplied)


async def test_what_stripe_tells_went_back_of_what_waits_is_its_return(stripe: Stripe) -> None:
    # Keep it as a payout of nobody → the receipt is listed for ever, a person returns it too; this fails.
    house, before = stripe.house, await cash(stripe.house)
    money, it = await kept_charge(stripe)
    back = refund(it, 2000)
    assert await stripe.tell("refund.created", back) == "recorded"
    assert await stripe.tell("refund.updated", back) == "known"
    row = await listed(house, money)
    assert (row["returned"]["amount"], row["left"]["amount"]) == (2000, 0)
    assert await tasks(house, money) == []
    assert await cash(house) == before
    for body in ({"reference": back["id"]}, {"reference": back["id"], "amount": eur(2000)}):
        again = await house.agent.post(f"/v1/unmatched/{money}/return", body)
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert await cash(house) == before


async def test_what_went_back_in_parts_is_as_many_returns(stripe: Stripe) -> None:
    money, it = await kept_charge(stripe)
    for amount, left in ((500, 1500), (1500, 0)):
        assert await stripe.tell("refund.created", refund(it, amount)) == "recorded"
        assert (await listed(stripe.house, money))["left"]["amount"] == left


async def test_more_than_is_left_goes_back_as_far_as_that_and_the_rest_waits(stripe: Stripe) -> None:
    # Keep all of it → what is left is listed as if it were here, and this fails.
    house, order = stripe.house, await stripe.house.order(2)
    before = await cash(house)
    money, it = await kept_charge(stripe, 2000)
    await house.recorded(f"/v1/unmatched/{money}/assignment", {"order": order, "amount": eur(1500)})
    back = refund(it, 2000)
    assert await stripe.tell("refund.created", back) == "unmatched"
    assert await stripe.tell("refund.updated", back) == "known"
    assert (await listed(house, money))["left"]["amount"] == 0
    (rest,) = await waiting(house, back["id"])
    assert (rest["left"]["amount"], rest["why"]) == (1500, "unmatched-exceeded")
    assert await cash(house) == before


async def test_the_order_it_came_for_waits_for_other_money(stripe: Stripe) -> None:
    house, order = stripe.house, await stripe.house.order(2)
    placed = (await house.agent.get(f"/v1/orders/{order}")).json()
    money, it = await kept_charge(stripe, placed["total"]["amount"] + 1, order)
    assert await stripe.tell("refund.created", refund(it, it["amount"])) == "recorded"
    head = await house.head()
    held = await house.agent.get(f"/v1/declined-payments?min_position={head}&customer={placed['customer']}")
    assert [row["held_because"] for row in held.json()["items"]] == ["given_back"]
    assert (await listed(house, money))["left"]["amount"] == 0


async def test_one_reference_is_that_of_one_return(stripe: Stripe) -> None:
    # Claim nothing → one refund of Stripe's empties any money that waits, and this fails.
    house, name = stripe.house, fresh("re")
    money, other = (await kept_charge(stripe))[0], (await kept_charge(stripe))[0]
    first = await house.agent.post(f"/v1/unmatched/{money}/return", {"amount": eur(100), "reference": name})
    again = await house.agent.post(f"/v1/unmatched/{money}/return", {"amount": eur(100), "reference": name})
    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (201, False)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert (await listed(house, money))["returned"]["amount"] == 100
    more = await house.agent.post(f"/v1/unmatched/{money}/return", {"amount": eur(101), "reference": name})
    assert (more.status_code, more.json()["type"]) == (409, "/problems/reference-paid-out-otherwise")
    elsewhere = await house.agent.post(f"/v1/unmatched/{other}/return", {"reference": name})
    assert (elsewhere.status_code, elsewhere.json()["type"]) == (409, "/problems/claim-taken")


async def test_a_refund_and_a_return_share_no_reference(stripe: Stripe) -> None:
    house = stripe.house
    order, it = await refunded_order(stripe)
    back = refund(it)
    assert await stripe.tell("refund.created", back) == "recorded"
    money, _ = await kept_charge(stripe)
    path = f"/v1/unmatched/{money}/return"
    taken = await house.agent.post(path, {"reference": back["id"]})
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/claim-taken")
    order, it = await refunded_order(stripe)
    mistyped = refund(it)
    await house.recorded(path, {"reference": mistyped["id"]})
    # What Stripe tells has happened all the same, and waits until the mistake is taken back.
    assert await stripe.tell("refund.created", mistyped) == "unmatched"
    assert await stripe.tell("refund.updated", mistyped) == "known"
    (row,) = await waiting(house, mistyped["id"])
    assert (row["direction"], row["why"]) == ("payout", "reference-paid-out-otherwise")
    (granted,) = (await house.agent.get(f"/v1/orders/{order}")).json()["refunds"]
    says = {"order": order, "refund": granted["id"]}
    await house.recorded(f"/v1/unmatched/{row['id']}/assignment", says)
    assert (await account(house, order))["refunded"] == 1000


async def test_what_went_back_without_a_name_is_not_said_to_have_left(house: House) -> None:
    money = await house.unmatched(2000)
    answer = await house.agent.post(f"/v1/unmatched/{money}/return", {})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/reference-missing")


async def test_what_left_before_its_charge_was_told_is_assigned_to_it(stripe: Stripe) -> None:
    # Let it be assigned to orders alone → both wait for ever, this fails.
    house, before, unapplied = stripe.house, await cash(stripe.house), await balance(stripe.house, UNAPPLIED)
    it = charge(None, 2000)
    back = refund(it, 2000)
    assert await stripe.tell("refund.created", back) == "unmatched"
    (payout,) = await waiting(house, back["id"])
    assert await stripe.tell("charge.succeeded", it) == "unmatched"
    (money,) = await waiting(house, it["id"])
    path = f"/v1/unmatched/{payout['id']}/assignment"
    receipt = await house.recorded(path, {"receipt": money["id"]})
    types = [entry["type"] for entry in receipt["entries"]]
    assert types == ["unmatched_payout.assigned", "unmatched_receipt.returned"]
    assert (await listed(house, payout["id"]))["left"]["amount"] == 0
    assert (await listed(house, money["id"]))["returned"]["amount"] == 2000
    assert await tasks(house, payout["id"]) == await tasks(house, money["id"]) == []
    assert (await cash(house), await balance(house, UNAPPLIED)) == (before, unapplied)
    assert await stripe.tell("refund.updated", back) == "known"
    again = await house.agent.post(
        f"/v1/unmatched/{money['id']}/return", {"reference": back["id"], "amount": eur(2000)}
    )
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_what_is_assigned_goes_the_way_it_went(stripe: Stripe) -> None:
    house, order = stripe.house, await stripe.house.order(2)
    money, it = await kept_charge(stripe)
    other, _ = await kept_charge(stripe)
    came = await house.agent.post(f"/v1/unmatched/{money}/assignment", {"receipt": other})
    assert (came.status_code, came.json()["type"]) == (409, "/problems/other-direction")
    back = refund(charge(None), 100)
    await stripe.tell("refund.created", back)
    (payout,) = await waiting(house, back["id"])
    path = f"/v1/unmatched/{payout['id']}/assignment"
    left = await house.agent.post(path, {"receipt": payout["id"]})
    assert (left.status_code, left.json()["type"]) == (409, "/problems/other-direction")
    for body in ({}, {"order": order, "receipt": money}, {"receipt": "unm_00000000000000000000000009"}):
        assert (await house.agent.post(path, body)).status_code == 422
    assert it["id"]


async def test_what_went_back_and_failed_waits_again(stripe: Stripe) -> None:
    # Take it for nothing → the books say that money left which is here, and this fails.
    house = stripe.house
    money, it = await kept_charge(stripe)
    before, back = await cash(house), refund(it, 2000)
    await stripe.tell("refund.created", back)
    failed = back | {"status": "failed"}
    assert await stripe.tell("refund.failed", failed) == "recorded"
    assert await stripe.tell("charge.refund.updated", failed) == "known"
    assert await stripe.tell("refund.updated", back) == "known"
    row = await listed(house, money)
    assert (row["returned"]["amount"], row["left"]["amount"], row["settled_at"]) == (0, 2000, None)
    assert len(await tasks(house, money)) == 1
    assert await cash(house) == before
    assert await stripe.tell("refund.created", refund(it, 2000)) == "recorded"


async def test_a_failure_may_be_told_first(stripe: Stripe) -> None:
    house = stripe.house
    money, it = await kept_charge(stripe)
    before, back = await cash(house), refund(it, 2000)
    assert await stripe.tell("refund.failed", back | {"status": "failed"}) == "recorded"
    assert await stripe.tell("refund.created", back) == "known"
    assert (await listed(house, money))["left"]["amount"] == 2000
    assert await cash(house) == before


async def test_a_return_that_was_said_by_mistake_waits_again(house: House) -> None:
    money = await house.unmatched(2000)
    receipt = await house.recorded(f"/v1/unmatched/{money}/return", {"reference": fresh("re")})
    said = {"settlement": receipt["entries"][0]["data"]["settlement"]}
    path = f"/v1/unmatched/{money}/return-failure"
    taken_back = await house.recorded(path, said)
    assert [entry["type"] for entry in taken_back["entries"]] == ["unmatched_receipt.came_again"]
    assert (await house.agent.post(path, said)).headers["Idempotent-Replayed"] == "true"
    assert (await listed(house, money))["left"]["amount"] == 2000
    unknown = await house.agent.post(path, {"settlement": "stl_00000000000000000000000009"})
    assert (unknown.status_code, unknown.json()["type"]) == (409, "/problems/return-unknown")


async def said_and_taken_back(house: House, money: str, name: str, **amount: Any) -> None:
    """A person says that it went back under that name, and that it did not."""
    receipt = await house.recorded(f"/v1/unmatched/{money}/return", {"reference": name, **amount})
    said = {"settlement": receipt["entries"][0]["data"]["settlement"]}
    await house.recorded(f"/v1/unmatched/{money}/return-failure", said)


async def test_what_came_back_goes_back_once_more_under_its_name(house: House) -> None:
    # Answer it as known → nothing is recorded, the money waits for ever, and this fails.
    before, money, name = await cash(house), await house.unmatched(2000), fresh("wire")
    for _ in range(2):
        await said_and_taken_back(house, money, name)
    assert (await cash(house), (await listed(house, money))["left"]["amount"]) == (before + 2000, 2000)
    again = await house.agent.post(f"/v1/unmatched/{money}/return", {"reference": name})
    assert (again.status_code, "Idempotent-Replayed" in again.headers) == (201, False)
    assert (await cash(house), (await listed(house, money))["left"]["amount"]) == (before, 0)


@pytest.mark.parametrize("amount", [2000, 200], ids=["too early", "and mistyped"])
async def test_what_stripe_tells_counts_after_a_person_took_back_what_they_said(
    stripe: Stripe, amount: int
) -> None:
    # Take it for what the person said → the books hold 20.00 that left, and this fails.
    house = stripe.house
    money, it = await kept_charge(stripe, 2000)
    here, back = await cash(house), refund(it, 2000)
    await said_and_taken_back(house, money, back["id"], amount=eur(amount))
    assert await stripe.tell("refund.created", back) == "recorded"
    assert await stripe.tell("refund.updated", back) == "known"
    assert (await cash(house), (await listed(house, money))["left"]["amount"]) == (here - 2000, 0)
    assert await stripe.tell("refund.failed", back | {"status": "failed"}) == "recorded"
    assert await stripe.tell("refund.updated", back) == "known"
    assert (await cash(house), (await listed(house, money))["left"]["amount"]) == (here, 2000)


async def test_a_failure_told_first_counts_after_a_person_took_back_what_they_said(stripe: Stripe) -> None:
    # Take the failure for what the person took back → told late of the success, 20.00 leave, this fails.
    house = stripe.house
    money, it = await kept_charge(stripe, 2000)
    here, back = await cash(house), refund(it, 2000)
    await said_and_taken_back(house, money, back["id"])
    for kind, status, result in (
        ("refund.failed", "failed", "recorded"),
        ("charge.refund.updated", "failed", "known"),
        ("refund.created", "succeeded", "known"),
    ):
        assert await stripe.tell(kind, back | {"status": status}) == result
        assert (await cash(house), (await listed(house, money))["left"]["amount"]) == (here, 2000)


async def test_a_payout_kept_beside_a_mistyped_return_is_assigned_once_that_is_taken_back(
    stripe: Stripe,
) -> None:
    # Keep the name for the mistake → both wait with no way out, and this fails.
    house = stripe.house
    money, it = await kept_charge(stripe, 2000)
    here, back = await cash(house), refund(it, 2000)
    receipt = await house.recorded(
        f"/v1/unmatched/{money}/return", {"reference": back["id"], "amount": eur(200)}
    )
    assert await stripe.tell("refund.created", back) == "unmatched"
    (row,) = await waiting(house, back["id"])
    path, said = f"/v1/unmatched/{row['id']}/assignment", {"receipt": money, "amount": eur(1800)}
    refused = await house.agent.post(path, said)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/reference-paid-out-otherwise")
    mistake = {"settlement": receipt["entries"][0]["data"]["settlement"]}
    await house.recorded(f"/v1/unmatched/{money}/return-failure", mistake)
    await house.recorded(path, {"receipt": money})
    assert [(await listed(house, name))["left"]["amount"] for name in (money, row["id"])] == [0, 0]
    assert await cash(house) == here - 2000


async def test_what_stripe_told_and_a_person_took_back_stays_theirs_to_say_again(stripe: Stripe) -> None:
    house = stripe.house
    money, it = await kept_charge(stripe, 2000)
    here, back = await cash(house), refund(it, 2000)
    await stripe.tell("refund.created", back)
    await house.recorded(
        f"/v1/unmatched/{money}/return-failure", {"settlement": derived_id("stl", back["id"])}
    )
    order = await house.order(2)
    await house.recorded(f"/v1/unmatched/{money}/assignment", {"order": order})
    for kind, status in (("refund.updated", "succeeded"), ("refund.failed", "failed")):
        assert await stripe.tell(kind, back | {"status": status}) == "known"
    assert await waiting(house, back["id"]) == []
    assert await cash(house) == here


@pytest.mark.parametrize("named", [True, False])
async def test_a_payout_that_waits_and_came_back_came_back_once(stripe: Stripe, *, named: bool) -> None:
    # Keep what came back as money of its own → two wait that are one and gone, and this fails.
    house, before = stripe.house, await cash(stripe.house)
    back = refund(charge(None), 2000)
    assert await stripe.tell("refund.created", back) == "unmatched"
    (payout,) = await waiting(house, back["id"])
    failed = back | {"status": "failed"}
    said = {"reference": back["id"]} if named else {}
    await house.recorded(f"/v1/unmatched/{payout['id']}/return", said)
    assert await stripe.tell("refund.failed", failed) == "known"
    other = refund(charge(None), 1000)
    await stripe.tell("refund.created", other)
    assert await stripe.tell("refund.failed", other | {"status": "failed"}) == "recorded"
    for name in (back["id"], other["id"]):
        assert [row["left"]["amount"] for row in await waiting(house, name)] == [0]
    assert await cash(house) == before


async def test_a_reference_recorded_for_an_order_is_not_that_of_a_return(stripe: Stripe) -> None:
    house, order = stripe.house, await stripe.house.order(2)
    money, it = await kept_charge(stripe)
    await house.recorded(f"/v1/orders/{order}/payments", payment_body(2000, it["id"]))
    back = refund(it, 2000)
    # The charge is a payment of the order by now: the money that waits is the same, and somebody matches it.
    assert await stripe.tell("refund.created", back) == "recorded"
    assert (await listed(house, money))["left"]["amount"] == 0


# What left for a refund that belongs to no order


async def asked_as_money(stripe: Stripe) -> tuple[str, str, dict[str, Any]]:
    """What was cancelled was kept as credit, and is asked for as money: order, refund and charge."""
    house = stripe.house
    order = await house.order(1)
    it = charge(order, 1000)
    await stripe.tell("charge.succeeded", it)
    await house.recorded(f"/v1/orders/{order}/cancellation", {})
    it_is = await shown(house, order)
    (granted,) = it_is["refunds"]
    failed = {"method": "original_method", "why": "card_closed"}
    await house.recorded(f"/v1/refunds/{granted['id']}/payment-failure", failed)
    await house.recorded(f"/v1/refunds/{granted['id']}/settlement", {"method": "store_credit"})
    asked = await house.recorded(f"/v1/customers/{it_is['customer']}/refunds", {"credit": eur(1000)})
    return order, asked["entries"][0]["data"]["refund"], it


async def test_what_left_for_credit_asked_as_money_is_said_to_be_its_payout(stripe: Stripe) -> None:
    # Ask for an order → it can be said of nothing, is settled by hand, leaves twice, and this fails.
    house = stripe.house
    order, refund_of_credit, it = await asked_as_money(stripe)
    before, back = await cash(house), refund(it, 1000)
    assert await stripe.tell("refund.created", back) == "unmatched"
    (row,) = await waiting(house, back["id"])
    # Record it by hand all the same → it is shown twice until somebody assigns it, and this fails.
    settled = {"method": "cheque", "reference": back["id"]}
    twice = await house.agent.post(f"/v1/refunds/{refund_of_credit}/settlement", settled)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/payout-told-already")
    path = f"/v1/unmatched/{row['id']}/assignment"
    for wrong in (
        {"refund": "ref_00000000000000000000000001"},
        {"refund": refund_of_credit, "payment": "pay_00000000000000000000000001"},
    ):
        assert (await house.agent.post(path, wrong)).status_code == 422
    assert (await house.agent.post(path, {"order": order, "refund": refund_of_credit})).status_code == 409
    receipt = await house.recorded(path, {"refund": refund_of_credit})
    types = [entry["type"] for entry in receipt["entries"]]
    assert types == ["unmatched_payout.assigned", "refund.paid"]
    assert await cash(house) == before - 1000
    (row,) = await waiting(house, back["id"])
    assert (row["left"]["amount"], row["order"]) == (0, None)
    assert await stripe.tell("refund.updated", back) == "known"
    again = await house.agent.post(f"/v1/refunds/{refund_of_credit}/settlement", {"method": "cheque"})
    assert again.status_code == 409


async def test_a_refund_of_an_order_is_found_by_itself(stripe: Stripe) -> None:
    house = stripe.house
    order, it = await refunded_order(stripe)
    mistyped = refund(it)
    mistyped["charge"] = mistyped["payment_intent"] = None
    assert await stripe.tell("refund.created", mistyped) == "unmatched"
    (row,) = await waiting(house, mistyped["id"])
    (granted,) = (await shown(house, order))["refunds"]
    await house.recorded(f"/v1/unmatched/{row['id']}/assignment", {"refund": granted["id"]})
    assert (await account(house, order))["refunded"] == 1000
    came = await house.unmatched(1000)
    no = await house.agent.post(f"/v1/unmatched/{came}/assignment", {"refund": granted["id"]})
    assert no.status_code == 422


@pytest.mark.parametrize("told_first", ["created", "funds_withdrawn"])
async def test_what_a_bank_takes_of_a_charge_assigned_in_part_goes_back_of_its_rest_too(
    stripe: Stripe, told_first: str
) -> None:
    # Ask about the payment for all of the charge → it is refused, its refund leaves meanwhile, and the rest
    # waits though the bank has it; this fails.
    house = stripe.house
    order, before = await house.order(2), await cash(stripe.house)
    money, it = await kept_charge(stripe, 2500)
    await house.recorded(f"/v1/unmatched/{money}/assignment", {"amount": eur(2000), "order": order})
    asked = dispute(it, status="needs_response")
    if told_first == "created":
        assert await stripe.tell("charge.dispute.created", asked) == "recorded"
    assert await stripe.tell("charge.dispute.funds_withdrawn", asked) == "unmatched"
    assert await stripe.tell("charge.dispute.funds_withdrawn", asked) == "known"
    (opened,) = (await shown(house, order))["disputes"]
    assert opened["amount"] == eur(2000)
    assert (await listed(house, money))["left"] == eur(0)
    (row,) = await waiting(house, asked["id"])
    assert (row["direction"], row["left"], row["order"]) == ("payout", eur(2000), order)
    assert await cash(house) == before


async def test_what_a_bank_takes_of_a_payment_that_is_a_part_of_a_charge_is_taken_back_of_it(
    stripe: Stripe,
) -> None:
    house = stripe.house
    order = await house.order(2)
    money, it = await kept_charge(stripe, 2500)
    await house.recorded(f"/v1/unmatched/{money}/assignment", {"amount": eur(2000), "order": order})
    asked = dispute(it, amount=2000, status="needs_response")
    assert await stripe.tell("charge.dispute.funds_withdrawn", asked) == "recorded"
    assert await stripe.tell("charge.dispute.funds_withdrawn", asked) == "known"
    assert (await account(house, order))["reversed"] == 2000
    assert (await listed(house, money))["left"] == eur(500)


async def test_a_refund_that_may_have_left_is_not_paid_out_until_somebody_says_what_left(
    stripe: Stripe,
) -> None:
    # Name nothing that waits → what a person gave back at Stripe's page is paid out again, and this fails.
    house = stripe.house
    order, before = await house.order(2), await cash(stripe.house)
    it = charge(order, 2000)
    await stripe.tell("charge.succeeded", it)
    back = refund(it, 1000)
    assert await stripe.tell("refund.created", back) == "unmatched"
    (row,) = await waiting(house, back["id"])
    await house.recorded(f"/v1/orders/{order}/cancellation", {"parts": [{"line": 1, "quantity": 1}]})
    (granted,) = (await shown(house, order))["refunds"]
    tried = await house.agent.post(f"/v1/refunds/{granted['id']}/settlement", {})
    assert (tried.status_code, tried.json()["type"]) == (409, "/problems/refund-may-have-left")
    await house.recorded(f"/v1/unmatched/{row['id']}/assignment", {"refund": granted["id"]})
    assert (await account(house, order))["refunded"] == 1000
    assert await cash(house) - before == 1000
