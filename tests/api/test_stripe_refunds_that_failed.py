"""A refund that Stripe says failed is here again as a whole: whatever was recorded of it, told or said by a
person, comes back to what it was of.

Source: R-G8, H-notice, I12
"""

from typing import Any

import pytest

from ledger.composition import Ledger
from tests.api.house import House, eur
from tests.api.stripe import Stripe, fresh, stripe_of
from tests.api.test_stripe import account, cash, charge, refund, refunded_order, shown, waiting
from tests.api.test_unmatched import listed
from tests.api.test_unmatched_went_back import kept_charge

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stripe(ledger: Ledger, house: House) -> Stripe:
    return await stripe_of(ledger, house)


async def fails(stripe: Stripe, back: dict[str, Any]) -> None:
    """Stripe says twice that it failed, and then late that it had left: it is taken once."""
    failed = back | {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    assert await stripe.tell("refund.failed", failed) == "recorded"
    assert await stripe.tell("charge.refund.updated", failed) == "known"
    assert await stripe.tell("refund.updated", back) == "known"


async def kept_payout(stripe: Stripe, back: dict[str, Any]) -> str:
    """It left, and waits without a place."""
    assert await stripe.tell("refund.created", back) == "unmatched"
    (row,) = await waiting(stripe.house, back["id"])
    return row["id"]


async def assigned(stripe: Stripe, money: str, amount: int, **to: str) -> None:
    await stripe.house.recorded(f"/v1/unmatched/{money}/assignment", {"amount": eur(amount), **to})


async def of_two_refunds(stripe: Stripe) -> tuple[str, list[str], dict[str, Any]]:
    """Of an order that a charge paid two units are cancelled, one by one: order, refunds and charge."""
    house = stripe.house
    order = await house.order(3)
    it = charge(order, 3000)
    await stripe.tell("charge.succeeded", it)
    for _ in range(2):
        await house.recorded(f"/v1/orders/{order}/cancellation", {"parts": [{"line": 1, "quantity": 1}]})
    return order, [each["id"] for each in (await shown(house, order))["refunds"]], it


@pytest.mark.parametrize("rest", [0, 500], ids=["all of it", "but for a rest"])
async def test_what_was_assigned_in_parts_is_owed_again_of_each_refund(stripe: Stripe, rest: int) -> None:
    # Take back what stands first under its name alone → the other refund counts as paid, and this fails.
    house = stripe.house
    order, refunds, it = await of_two_refunds(stripe)
    before, back = await cash(house), refund(it, 2000 + rest)
    money = await kept_payout(stripe, back)
    for granted in refunds:
        await assigned(stripe, money, 1000, order=order, refund=granted)
    assert (await account(house, order))["refunded"] == 2000
    await fails(stripe, back)
    assert (await account(house, order))["refunded"] == 0
    assert (await cash(house), (await listed(house, money))["left"]["amount"]) == (before, 0)


async def test_what_a_person_named_in_parts_is_owed_again_of_each_refund(stripe: Stripe) -> None:
    # Take the part under its very name for all of it → 10.00 are missing, and this fails.
    house = stripe.house
    order, refunds, it = await of_two_refunds(stripe)
    before, back = await cash(house), refund(it, 2000)
    for granted, name in zip(refunds, (back["id"], f"{back['id']}/2"), strict=True):
        said = {"method": "original_method", "reference": name, "amount": eur(1000)}
        await house.recorded(f"/v1/refunds/{granted}/settlement", said)
    assert await cash(house) == before - 2000
    failed = back | {"status": "failed"}
    assert await stripe.tell("refund.failed", failed) == "recorded"
    assert await stripe.tell("charge.refund.updated", failed) == "known"
    assert (await cash(house), (await account(house, order))["refunded"]) == (before, 0)


async def test_what_was_assigned_in_part_comes_back_as_far_as_that_and_the_rest_to_us(stripe: Stripe) -> None:
    house = stripe.house
    order, it = await refunded_order(stripe)
    before, back = await cash(house), refund(it, 1500)
    money = await kept_payout(stripe, back)
    (granted,) = (await shown(house, order))["refunds"]
    await assigned(stripe, money, 1000, order=order, refund=granted["id"])
    await fails(stripe, back)
    assert (await cash(house), (await account(house, order))["refunded"]) == (before, 0)
    row = await listed(house, money)
    assert (row["returned"]["amount"], row["left"]["amount"]) == (500, 0)


async def beyond(stripe: Stripe) -> tuple[str, str, dict[str, Any]]:
    """Of a charge of 20.00 that waited 15.00 were assigned; then Stripe sends all of it back, so that 5.00
    are its return and the rest waits: receipt, payout and refund.
    """
    order = await stripe.house.order(2)
    money, it = await kept_charge(stripe, 2000)
    await assigned(stripe, money, 1500, order=order)
    back = refund(it, 2000)
    return money, await kept_payout(stripe, back), back


async def test_what_went_back_in_part_and_left_beyond_it_is_here_as_a_whole(stripe: Stripe) -> None:
    # Look for the return alone → 15.00 wait as if they had left, and this fails.
    house = stripe.house
    before = await cash(house)
    money, payout, back = await beyond(stripe)
    assert await cash(house) == before
    await fails(stripe, back)
    assert await cash(house) == before + 2000
    assert (await listed(house, money))["left"]["amount"] == 500
    assert (await listed(house, payout))["left"]["amount"] == 0


async def test_what_left_beyond_a_return_and_was_assigned_is_owed_again(stripe: Stripe) -> None:
    house = stripe.house
    before = await cash(house)
    money, payout, back = await beyond(stripe)
    order, _ = await refunded_order(stripe)
    paid = await cash(house) - before
    (granted,) = (await shown(house, order))["refunds"]
    await assigned(stripe, payout, 1000, order=order, refund=granted["id"])
    await fails(stripe, back)
    assert (await cash(house), (await account(house, order))["refunded"]) == (before + paid + 2000, 0)
    assert (await listed(house, money))["left"]["amount"] == 500


@pytest.mark.parametrize("said", [[500], [500, 1500]], ids=["some", "all, in parts"])
async def test_what_a_person_said_came_back_comes_back_once(stripe: Stripe, said: list[int]) -> None:
    # Take back all of it again → more is here than ever left, and this fails.
    house, before = stripe.house, await cash(stripe.house)
    back = refund(charge(None), 2000)
    money = await kept_payout(stripe, back)
    for amount in said:
        await house.recorded(f"/v1/unmatched/{money}/return", {"amount": eur(amount)})
    failed = back | {"status": "failed"}
    result = "known" if sum(said) == 2000 else "recorded"
    assert await stripe.tell("refund.failed", failed) == result
    assert await stripe.tell("charge.refund.updated", failed) == "known"
    assert [row["direction"] for row in await waiting(house, back["id"])] == ["payout"]
    assert (await cash(house), (await listed(house, money))["left"]["amount"]) == (before, 0)


async def test_what_was_recorded_by_hand_before_it_was_assigned_comes_back_too(stripe: Stripe) -> None:
    # Look for it under the id of the assignment alone → the notice is answered with a fault, and this fails.
    house, order = stripe.house, await stripe.house.order(1)
    it = charge(order, 1000)
    await stripe.tell("charge.succeeded", it)
    before, back = await cash(house), refund(charge(None), 1000)
    (payment,) = (await shown(house, order))["payments"]
    taken = {"kind": "chargeback", "amount": eur(1000), "reference": back["id"], "payment": payment["id"]}
    await house.recorded(f"/v1/orders/{order}/payment-reversals", taken)
    money = await kept_payout(stripe, back)
    await assigned(stripe, money, 1000, order=order, payment=payment["id"])
    await fails(stripe, back)
    assert await cash(house) == before


@pytest.mark.parametrize("rest", [0, 500], ids=["all of it", "but for a rest"])
async def test_what_was_said_to_be_a_payment_taken_back_is_paid_after_all(stripe: Stripe, rest: int) -> None:
    # Keep what came of it as a return of the payout → more comes back than is left of it, and this fails.
    house, order = stripe.house, await stripe.house.order(1)
    it = charge(order, 1000)
    await stripe.tell("charge.succeeded", it)
    before, back = await cash(house), refund(charge(None), 1000 + rest)
    money = await kept_payout(stripe, back)
    (payment,) = (await shown(house, order))["payments"]
    await assigned(stripe, money, 1000, order=order, payment=payment["id"])
    assert (await account(house, order))["reversed"] == 1000
    await fails(stripe, back)
    assert await cash(house) == before
    assert [row["direction"] for row in await waiting(house, back["id"])] == ["payout"]
    reversals = (await shown(house, order))["reversals"]
    assert [each["reinstated"]["amount"] for each in reversals] == [1000]


async def test_what_came_again_of_such_a_payment_already_comes_once(stripe: Stripe) -> None:
    house, order = stripe.house, await stripe.house.order(1)
    it = charge(order, 1000)
    await stripe.tell("charge.succeeded", it)
    before, back = await cash(house), refund(charge(None), 1000)
    money = await kept_payout(stripe, back)
    (payment,) = (await shown(house, order))["payments"]
    await assigned(stripe, money, 1000, order=order, payment=payment["id"])
    (reversal,) = (await shown(house, order))["reversals"]
    again = {"amount": eur(1000), "reference": fresh("txn")}
    path = f"/v1/orders/{order}/payment-reversals/{reversal['id']}/reinstatements"
    await house.recorded(path, again)
    assert await stripe.tell("refund.failed", back | {"status": "failed"}) == "kept"
    assert await cash(house) == before


async def test_what_came_again_of_such_a_payment_in_part_brings_the_rest(stripe: Stripe) -> None:
    # Take it for known because all of it would be too much → 6.00 are missing for ever, and this fails.
    house, order = stripe.house, await stripe.house.order(1)
    await stripe.tell("charge.succeeded", charge(order, 1000))
    before, back = await cash(house), refund(charge(None), 1000)
    money = await kept_payout(stripe, back)
    (payment,) = (await shown(house, order))["payments"]
    await assigned(stripe, money, 1000, order=order, payment=payment["id"])
    (reversal,) = (await shown(house, order))["reversals"]
    again = {"amount": eur(400), "reference": fresh("txn")}
    await house.recorded(f"/v1/orders/{order}/payment-reversals/{reversal['id']}/reinstatements", again)
    await fails(stripe, back)
    assert await cash(house) == before
