"""Refunds of the customer's own stream, of credit asked as money and of what nobody could verify, as Stripe
tells of them: found like those of an order, once, whoever tells first.
"""

from typing import Any

import pytest

from ledger.composition import Ledger
from tests.api.house import House, eur
from tests.api.stripe import Stripe, fresh, stripe_of
from tests.api.test_stripe import charge, refund, shown, waiting
from tests.api.test_unmatched_went_back import asked_as_money, cash

pytestmark = pytest.mark.anyio
FAILED = {"status": "failed", "failure_reason": "lost_or_stolen_card"}


@pytest.fixture
async def stripe(ledger: Ledger, house: House) -> Stripe:
    return await stripe_of(ledger, house)


async def owed(stripe: Stripe, amount: int = 1000) -> tuple[str, str]:
    """So much is due to a customer for what nobody could verify: customer and refund."""
    customer = await stripe.house.customer()
    claims = [{"sku": "X", "quantity": 1, "amount": eur(amount)}]
    said = await stripe.house.recorded(f"/v1/customers/{customer}/refunds", {"claims": claims})
    return customer, said["entries"][0]["data"]["refund"]


async def told_in(stripe: Stripe, customer: str) -> list[str]:
    """What was recorded of payouts in the customer's stream."""
    known = ("refund.paid", "refund.payout_named", "refund.returned")
    page = await stripe.house.owner.get(f"/v1/events?customer={customer}&limit=200")
    told = [it for it in page.json()["items"] if it["stream"] == customer]
    return [it["type"] for it in told if it["type"] in known]


async def asks_to_pay(stripe: Stripe, customer: str) -> bool:
    """Whether somebody is to pay the customer's refund out."""
    head = await stripe.house.head()
    tasks = await stripe.house.agent.get(f"/v1/tasks?customer={customer}&min_position={head}")
    return "refund_payout" in [task["kind"] for task in tasks.json()["items"]]


async def test_what_names_a_customers_own_refund_is_its_payout(stripe: Stripe) -> None:
    # Look for it in the order alone → it waits, is settled by hand too, leaves twice, and this fails.
    customer, own = await owed(stripe)
    before, back = await cash(stripe.house), refund(charge(None), metadata={"refund": own})
    assert await asks_to_pay(stripe, customer)
    assert await stripe.tell("refund.created", back) == "recorded"
    assert await stripe.tell("refund.updated", back) == "known"
    assert await stripe.tell("refund.updated", back | {"metadata": {}}) == "known", "by its reference"
    assert (await told_in(stripe, customer), await waiting(stripe.house, back["id"])) == (["refund.paid"], [])
    assert (await cash(stripe.house), await asks_to_pay(stripe, customer)) == (before - 1000, False)
    assert await stripe.tell("refund.failed", back | FAILED | {"metadata": {}}) == "recorded"
    assert await stripe.tell("refund.updated", back | FAILED) == "known"
    assert (await cash(stripe.house), await asks_to_pay(stripe, customer)) == (before, True)


async def test_more_than_is_left_of_it_waits(stripe: Stripe) -> None:
    customer, own = await owed(stripe)
    back = refund(charge(None), 1001, metadata={"refund": own})
    assert await stripe.tell("refund.created", back) == "unmatched"
    (row,) = await waiting(stripe.house, back["id"])
    assert (row["why"], row["customer"], row["order"]) == ("payout-exceeds-due", customer, None)
    path = f"/v1/unmatched/{row['id']}/assignment"
    said = await stripe.house.recorded(path, {"refund": own, "amount": eur(1000)})
    assert said["entries"][1]["data"]["reference"] == back["id"]


async def test_its_failure_may_be_told_first(stripe: Stripe) -> None:
    customer, own = await owed(stripe)
    before, back = await cash(stripe.house), refund(charge(None), metadata={"refund": own})
    assert await stripe.tell("refund.failed", back | FAILED) == "recorded"
    assert await stripe.tell("refund.created", back) == "known"
    assert await told_in(stripe, customer) == ["refund.paid", "refund.returned"]
    assert (await cash(stripe.house), await asks_to_pay(stripe, customer)) == (before, True)


async def test_an_orders_money_is_for_the_customers_own_refund_that_it_names(stripe: Stripe) -> None:
    order, own, it = await asked_as_money(stripe)
    customer = (await shown(stripe.house, order))["customer"]
    assert await stripe.tell("refund.created", refund(it, metadata={"refund": own})) == "recorded"
    assert await told_in(stripe, customer) == ["refund.paid"]


async def test_what_was_assigned_to_it_and_failed_is_owed_again(stripe: Stripe) -> None:
    # Keep what came back as money without a place → it is owed to nobody, and this fails.
    order, own, it = await asked_as_money(stripe)
    customer = (await shown(stripe.house, order))["customer"]
    before, back = await cash(stripe.house), refund(it)
    assert await stripe.tell("refund.created", back) == "unmatched"
    (row,) = await waiting(stripe.house, back["id"])
    await stripe.house.recorded(f"/v1/unmatched/{row['id']}/assignment", {"refund": own})
    assert not await asks_to_pay(stripe, customer)
    assert await stripe.tell("refund.failed", back | FAILED) == "recorded"
    assert await stripe.tell("refund.updated", back | {"status": "failed"}) == "known"
    assert await told_in(stripe, customer) == ["refund.paid", "refund.returned"]
    assert [row["direction"] for row in await waiting(stripe.house, back["id"])] == ["payout"]
    assert (await cash(stripe.house), await asks_to_pay(stripe, customer)) == (before, True)


@pytest.mark.parametrize("rest", [0, 500])
async def test_what_was_assigned_to_several_comes_back_to_each(stripe: Stripe, rest: int) -> None:
    # Look for one payout under its reference → the other customer is told that they were paid; this fails.
    customers = [await owed(stripe) for _ in range(2)]
    before, back = await cash(stripe.house), refund(charge(None), 2000 + rest)
    await stripe.tell("refund.created", back)
    (row,) = await waiting(stripe.house, back["id"])
    for _, own in customers:
        said = {"refund": own, "amount": eur(1000)}
        await stripe.house.recorded(f"/v1/unmatched/{row['id']}/assignment", said)
    assert await stripe.tell("refund.failed", back | FAILED) == "recorded"
    assert await stripe.tell("refund.updated", back | FAILED) == "known"
    for customer, _ in customers:
        assert await told_in(stripe, customer) == ["refund.paid", "refund.returned"]
    (row,) = await waiting(stripe.house, back["id"])
    assert (row["left"]["amount"], await cash(stripe.house)) == (0, before)


@pytest.mark.parametrize("named", [True, False], ids=["named", "of the customer's charge"])
async def test_what_was_sent_by_hand_is_the_one_that_stripe_tells_of(stripe: Stripe, *, named: bool) -> None:
    # Keep it as unmatched → it counts twice until somebody assigns it, and this fails.
    order, own, it = await asked_as_money(stripe)
    customer = (await shown(stripe.house, order))["customer"]
    await store_card(stripe, customer)
    await stripe.house.recorded(f"/v1/refunds/{own}/settlement", {"method": "other_card"})
    before, back = await cash(stripe.house), refund(it, metadata={"refund": own} if named else {})
    assert await stripe.tell("refund.created", back) == "recorded"
    assert await stripe.tell("refund.updated", back) == "known"
    assert await told_in(stripe, customer) == ["refund.paid", "refund.payout_named"]
    assert (await waiting(stripe.house, back["id"]), await cash(stripe.house)) == ([], before)
    assert await stripe.tell("refund.failed", back | FAILED) == "recorded"
    assert await told_in(stripe, customer) == ["refund.paid", "refund.payout_named", "refund.returned"]


async def test_what_was_sent_by_hand_under_its_reference_is_known(stripe: Stripe) -> None:
    customer, own = await owed(stripe)
    back = refund(charge(None))
    settled = {"method": "cheque", "reference": back["id"]}
    await stripe.house.recorded(f"/v1/refunds/{own}/settlement", settled)
    assert await stripe.tell("refund.created", back) == "known"
    assert await told_in(stripe, customer) == ["refund.paid"]


async def store_card(stripe: Stripe, customer: str) -> None:
    """The customer has another card on file."""
    card: dict[str, Any] = {"token": fresh("pm"), "brand": "visa", "last4": "4242", "expiry": "2099-12"}
    await stripe.house.recorded(f"/v1/customers/{customer}/payment-methods", card | {"reuse_consent": True})
