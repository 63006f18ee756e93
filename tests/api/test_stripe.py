"""Stripe tells: signed or not at all; once each; in any order; and what no rule can place is kept."""

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI

from api.door import LARGEST_BODY
from api.examples import EXAMPLES
from api.stripe.signatures import TOLERANCE
from domain.moments import HOUR, SECOND, moment_of
from ledger.book import machine_now
from ledger.clocks import DemoClock
from ledger.composition import Ledger
from ledger.identity import mint
from tests.api.house import House, eur, shipment_body
from tests.api.stripe import SECRET, Stripe, event, fresh, sample, signature, stripe_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stripe(ledger: Ledger, house: House) -> Stripe:
    return await stripe_of(ledger, house)


def charge(order: str | None, amount: int = 2000, **other: Any) -> dict[str, Any]:
    """A charge in euros, for that order."""
    named = {"id": fresh("ch"), "payment_intent": fresh("pi")}
    metadata = {} if order is None else {"order": order}
    paid = {"amount": amount, "amount_captured": amount, "currency": "eur", "metadata": metadata}
    return sample("charge", **{**named, **paid, **other})


def intent(it: dict[str, Any], **other: Any) -> dict[str, Any]:
    """The payment intent of a charge."""
    paid = {"amount": it["amount"], "amount_received": it["amount_captured"], "currency": it["currency"]}
    named = {"id": it["payment_intent"], "latest_charge": it["id"], "metadata": it["metadata"]}
    return sample("payment_intent", **{**paid, **named, **other})


def dispute(it: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A dispute about the whole of a charge."""
    about = {"charge": it["id"], "payment_intent": it["payment_intent"], "currency": it["currency"]}
    return sample("dispute", **{"id": fresh("dp"), "amount": it["amount"], **about, **other})


async def shown(house: House, order: str) -> dict[str, Any]:
    return (await house.agent.get(f"/v1/orders/{order}")).json()


async def account(house: House, order: str) -> dict[str, int]:
    return {name: it["amount"] for name, it in (await shown(house, order))["account"].items()}


async def types_of(house: House, order: str) -> list[str]:
    """The types of an order's entries."""
    entries = (await house.agent.get(f"/v1/orders/{order}/events")).json()["items"]
    return [entry["type"] for entry in entries]


async def waiting(house: House, reference: str) -> list[dict[str, Any]]:
    """What is unmatched under that reference."""
    head = await house.head()
    answer = await house.agent.get(f"/v1/unmatched?min_position={head}&sort=-since&limit=200")
    return [row for row in answer.json()["items"] if row["reference"] == reference]


async def cash(house: House) -> int:
    """What the books say that we hold, in euros."""
    answer = await house.owner.get(f"/v1/trial-balance?min_position={await house.head()}")
    rows = answer.json()["items"]
    return sum(
        row["balance"]["amount"]
        for row in rows
        if row["account"] == "assets:cash" and row["balance"]["currency"] == "EUR"
    )


# The door


@pytest.mark.parametrize("header", ["", "nonsense", "t=1", "v1=00", "t=abc,v1=00", "t=-1,v1=00"])
async def test_what_is_not_signed_is_refused(stripe: Stripe, header: str) -> None:
    before = await stripe.house.head()
    answer = await stripe.send(b"{}", header)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/signature-refused")
    assert await stripe.house.head() == before


async def test_a_signature_holds_for_its_body_secret_and_scheme(stripe: Stripe) -> None:
    # Compare nothing, or any scheme → one of these gets in, this fails.
    body = json.dumps(event("charge.succeeded", charge(None))).encode()
    right = signature(body)
    moment, v1, _ = right.split(",")
    wrong = [
        signature(body + b" "),
        signature(body, secret=SECRET + "x"),
        f"{moment},{v1.replace('v1=', 'v0=')}",
        f"{moment},v1={'0' * 64}",
        right.replace("t=", "t=1"),
    ]
    for header in wrong:
        assert (await stripe.send(body, header)).status_code == 400
    assert (await stripe.send(body, f"{moment},v1={'0' * 64},{v1}")).status_code == 200


@pytest.mark.parametrize("late", [-1, 1])
async def test_an_old_signature_is_refused_and_so_is_one_of_the_future(stripe: Stripe, late: int) -> None:
    # Ask no moment → whoever caught a notice may send it years later, this fails.
    body = json.dumps(event("charge.succeeded", charge(None))).encode()
    now = int(time.time())
    beyond = signature(body, at=now + late * (TOLERANCE + 60))
    assert (await stripe.send(body, beyond)).status_code == 400
    within = signature(body, at=now + late * (TOLERANCE - 60))
    assert (await stripe.send(body, within)).status_code == 200


async def test_the_address_decides_the_book(ledger: Ledger, stripe: Stripe, other_house: House) -> None:
    theirs = await stripe_of(ledger, other_house)
    order = await stripe.house.order(2)
    assert await theirs.tell("charge.succeeded", charge(order)) == "unmatched"
    assert (await account(stripe.house, order))["received"] == 0
    for unknown in ("in_nobody_01h455vb4pex5vsknk084sn02q", stripe.endpoint[:-1] + "!", "nonsense"):
        answer = await Stripe(stripe.house, unknown).send(b"{}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_a_closed_endpoint_takes_nothing(ledger: Ledger, stripe: Stripe) -> None:
    assert await ledger.endpoints.revoke(stripe.house.book.name, stripe.endpoint, 1)
    assert (await stripe.send(b"{}")).status_code == 404
    assert not await ledger.endpoints.revoke(stripe.house.book.name, "in_nobody_" + "0" * 26, 1)


async def test_the_secret_is_not_in_the_database(ledger: Ledger, stripe: Stripe) -> None:
    rows = await ledger.reader.rows(
        "SELECT id, wrapped FROM endpoints WHERE book = %s", (stripe.house.book.name,)
    )
    assert rows
    assert all(SECRET.encode() not in bytes(wrapped) for _, wrapped in rows)


MARKER = "zanzibar9pelican"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json: zanzibar9pelican",
        b"[]",
        b'{"id": "evt_1", "type": "zanzibar9pelican"}',
        b'{"id": "evt 1", "type": "a", "created": 1, "data": {"object": {}}}',
        b'{"id": "evt_1", "type": "charge.succeeded", "created": -1, "data": {"object": {}}}',
        b"\xff\xfe",
    ],
)
async def test_a_body_that_is_no_notice_is_refused_and_not_repeated(stripe: Stripe, body: bytes) -> None:
    answer = await stripe.send(body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-json")
    assert MARKER not in answer.text


async def test_the_doors_rules_hold_here_too(stripe: Stripe) -> None:
    large = b" " * (LARGEST_BODY + 1)
    assert (await stripe.send(large)).status_code == 413
    text = await stripe.send(b"{}", **{"Content-Type": "text/plain"})
    assert text.status_code == 415
    query = await stripe.client.post(f"/v1/inbound/stripe/{stripe.endpoint}?a=b", content=b"{}")
    assert query.status_code == 422
    assert (await stripe.client.get(f"/v1/inbound/stripe/{stripe.endpoint}")).status_code == 405


async def test_an_api_key_opens_nothing_here_and_a_signature_nothing_elsewhere(
    app: FastAPI, stripe: Stripe
) -> None:
    body = json.dumps(event("charge.succeeded", charge(None))).encode()
    answer = await stripe.send(body, "", Authorization=f"Bearer {stripe.house.owner.key}")
    assert answer.status_code == 400
    listed = await stripe.client.get("/v1/inbound", headers={"Stripe-Signature": signature(b"")})
    assert listed.status_code == 401


# Payments


async def test_a_charge_is_recorded_once_whoever_tells_it(stripe: Stripe) -> None:
    order = await stripe.house.order(2)
    it = charge(order)
    assert await stripe.tell("charge.succeeded", it) == "recorded"
    assert await stripe.tell("payment_intent.succeeded", intent(it)) == "known"
    assert await stripe.tell("charge.captured", it) == "known"
    state = await shown(stripe.house, order)
    assert [payment["reference"] for payment in state["payments"]] == [it["id"]]
    assert state["account"]["received"]["amount"] == 2000


async def test_the_intent_of_an_old_version_names_its_charge_in_a_list(stripe: Stripe) -> None:
    """Read only the newer versions' field → the charge and its intent are counted each, and this fails."""
    order = await stripe.house.order(4)
    it = charge(order)
    paid = intent(it, latest_charge=None, charges={"object": "list", "data": [it]})
    assert await stripe.tell("charge.succeeded", it) == "recorded"
    assert await stripe.tell("payment_intent.succeeded", paid) == "known"
    assert (await account(stripe.house, order))["received"] == 2000


async def test_a_bill_payment_and_a_chargeback_recorded_by_hand_are_those_that_stripe_tells(
    stripe: Stripe,
) -> None:
    """Ask only for captures, or for our own ids → what it tells is counted again, and this fails."""
    house = stripe.house
    order = await house.order(2, terms="bill_after")
    shipped = await house.recorded(f"/v1/orders/{order}/shipments", shipment_body(2))
    (bill,) = [each["data"]["bill"] for each in shipped["entries"] if each["type"] == "bill.issued"]
    it = charge(None)
    unnamed = {"amount": eur(2000), "method": "stripe"}
    paid = {**unnamed, "reference": it["id"]}
    nameless = await house.agent.post(f"/v1/bills/{bill}/payments", unnamed)
    (fault,) = nameless.json()["errors"]
    assert (nameless.status_code, fault["pointer"]) == (422, "/reference")
    received = await house.recorded(f"/v1/bills/{bill}/payments", paid)
    assert await stripe.tell("charge.succeeded", it) == "known"
    asked = dispute(it, amount=500)
    (payment,) = [each["data"]["payment"] for each in received["entries"]]
    taken = {"payment": payment, "kind": "chargeback", "amount": eur(500), "reference": asked["id"]}
    await house.recorded(f"/v1/orders/{order}/payment-reversals", taken)
    assert await stripe.tell("charge.dispute.created", asked) == "recorded"
    assert await stripe.tell("charge.dispute.funds_withdrawn", asked) == "known"
    money = await account(house, order)
    assert (money["received"], money["reversed"]) == (2000, 500)


async def test_the_same_notice_twice_at_once_is_kept_once(stripe: Stripe) -> None:
    # Take the notice's own stream out of `ReceiveNotice.writes` → it is kept several times, this fails.
    order = await stripe.house.order(2)
    body = json.dumps(event("charge.succeeded", charge(order))).encode()
    before = await stripe.house.head()
    answers = await asyncio.gather(*[stripe.send(body) for _ in range(8)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert await stripe.house.head() == before + 2
    assert (await account(stripe.house, order))["received"] == 2000


async def test_two_notices_of_one_charge_at_once_record_it_once(stripe: Stripe) -> None:
    order = await stripe.house.order(2)
    it = charge(order)
    results = await asyncio.gather(
        stripe.tell("charge.succeeded", it), stripe.tell("payment_intent.succeeded", intent(it))
    )
    assert sorted(results) == ["known", "recorded"]
    assert (await account(stripe.house, order))["received"] == 2000


async def test_what_the_shop_recorded_itself_is_known(stripe: Stripe) -> None:
    order = await stripe.house.order(2)
    it = charge(None)
    paid = {"amount": {"amount": 2000, "currency": "EUR"}, "processor": "stripe"}
    await stripe.house.recorded(f"/v1/orders/{order}/payments", {**paid, "reference": it["payment_intent"]})
    assert await stripe.tell("charge.succeeded", it) == "known"
    assert (await account(stripe.house, order))["received"] == 2000


async def test_only_reserved_money_is_no_payment(stripe: Stripe) -> None:
    order = await stripe.house.order(2)
    assert await stripe.tell("charge.succeeded", charge(order, captured=False, amount_captured=0)) == "kept"
    assert (await account(stripe.house, order))["received"] == 0


async def test_money_no_rule_can_place_waits_once_and_is_assigned(stripe: Stripe) -> None:
    # Claim nothing for unmatched money → two notices of it make two, this fails.
    house, order = stripe.house, await stripe.house.order(2)
    it = charge(order, 2001)
    assert await stripe.tell("charge.succeeded", it) == "unmatched"
    assert await stripe.tell("payment_intent.succeeded", intent(it)) == "known"
    (row,) = await waiting(house, it["id"])
    assert (row["why"], row["order"], row["left"]["amount"]) == ("capture-exceeds-price", order, 2001)
    await house.recorded(f"/v1/unmatched/{row['id']}/assignment", {"order": order, "amount": eur(2000)})
    await house.recorded(f"/v1/unmatched/{row['id']}/return", {"reference": fresh("re")})
    assert (await account(house, order))["received"] == 2000
    assert (await waiting(house, it["id"]))[0]["left"]["amount"] == 0


async def test_money_for_nobody_waits_too(stripe: Stripe) -> None:
    it = charge(None)
    assert await stripe.tell("charge.succeeded", it) == "unmatched"
    (row,) = await waiting(stripe.house, it["id"])
    assert (row["why"], row["order"], row["customer"]) == ("unknown", None, None)


async def test_a_charge_told_of_with_more_than_is_recorded_is_matched_as_far_as_it_is_recorded(
    stripe: Stripe,
) -> None:
    """Say nothing of how → whoever assigns all of it is only told that it may not count twice: this fails."""
    house, order = stripe.house, await stripe.house.order(3)
    it = charge(order, 1000)
    assert await stripe.tell("charge.succeeded", it) == "recorded"
    before = await cash(house)
    assert (
        await stripe.tell("charge.captured", {**it, "amount": 3000, "amount_captured": 3000}) == "unmatched"
    )
    (row,) = await waiting(house, it["id"])
    path = f"/v1/unmatched/{row['id']}/assignment"
    refused = (await house.agent.post(path, {"order": order})).json()
    assert refused["type"] == "/problems/reference-captured-otherwise"
    assert "assign first as much as that payment" in refused["way_out"]
    await house.recorded(path, {"order": order, "amount": refused["figures"]["recorded"]})
    await house.recorded(path, {"order": order})
    assert [row["left"]["amount"] for row in await waiting(house, it["id"])] == [0]
    assert (await account(house, order))["received"] == 3000
    assert await cash(house) - before == 2000


async def test_a_payment_corrected_by_a_person_is_not_recorded_again_by_a_notice(stripe: Stripe) -> None:
    house, order = stripe.house, await stripe.house.order(2)
    it = charge(order)
    await stripe.tell("charge.succeeded", it)
    (payment,) = (await shown(house, order))["payments"]
    await house.recorded(f"/v1/entries/{payment['position']}/correction", {"reason": "Another order's."})
    assert await stripe.tell("payment_intent.succeeded", intent(it)) == "unmatched"
    assert (await account(house, order))["received"] == 0
    other = await house.order(2)
    (row,) = await waiting(house, it["id"])
    await house.recorded(f"/v1/unmatched/{row['id']}/assignment", {"order": other})
    assert (await account(house, other))["received"] == 2000


async def test_a_yen_is_a_yen_a_krona_no_hundredth_and_an_ariary_not_a_fifth(stripe: Stripe) -> None:
    # Take Stripe's units for ISO's everywhere → Icelandic payments are a hundred times too large, this fails.
    told_in = (("JPY", 500, 500), ("ISK", 50000, 500), ("UGX", 50000, 500), ("MGA", 500, 50000))
    for currency, told, minor in (*told_in, ("BHD", 5000, 5000)):
        it = charge(None, told, currency=currency.lower())
        await stripe.tell("charge.succeeded", it)
        (row,) = await waiting(stripe.house, it["id"])
        assert row["amount"] == {"amount": minor, "currency": currency}


async def test_what_is_in_no_currency_is_kept_and_the_books_stay_readable(stripe: Stripe) -> None:
    """Keep it as unmatched money → these lists cannot be had as CSV ever after, and this fails."""
    house, before = stripe.house, await stripe.house.head()
    for currency in ("xxx", "xau", "usdc", "us"):
        assert await stripe.tell("charge.succeeded", charge(None, currency=currency)) == "not_understood"
    kept = (
        await house.agent.get(
            f"/v1/inbound?result=not_understood&min_position={await house.head()}&sort=-position&limit=5"
        )
    ).json()
    assert len([item for item in kept["items"] if item["position"] > before]) == 4
    assert await stripe.tell("charge.succeeded", charge(None, currency="hrk")) == "unmatched"
    for path in ("trial-balance", "unmatched", "period-report"):
        answer = await house.owner.get(f"/v1/{path}", headers={"Accept": "text/csv"})
        assert answer.status_code == 200, path


@pytest.mark.parametrize(
    "other",
    [
        {"currency": None},
        {"amount": "500"},
        {"amount": -1},
        {"amount": 2**53 // 100 + 1},
        {"amount": 2**53, "amount_captured": 2**53, "currency": "mga"},
        {"metadata": {"order": ["ord_1"]}},
    ],
)
async def test_an_object_of_another_shape_is_kept_and_somebodys_task(
    stripe: Stripe, other: dict[str, Any]
) -> None:
    """Refuse it → Stripe sends it again for days and nothing of it is kept, and this fails."""
    house = stripe.house
    assert await stripe.tell("charge.succeeded", charge(None, **other)) == "not_understood"
    position = await house.head()
    listed = await house.agent.get(f"/v1/inbound?min_position={position}&sort=-position&limit=1")
    (row,) = listed.json()["items"]
    assert (row["position"], row["result"], row["why"]) == (position, "not_understood", "shape_unknown")
    tasks = await house.every("/v1/tasks?kind=notice&limit=200")
    assert str(position) in {task["subject"] for task in tasks}


# Declines


async def test_a_declined_card_holds_the_order_up(stripe: Stripe) -> None:
    house, order = stripe.house, await stripe.house.order(2)
    refused = {
        "reason": "insufficient_funds",
        "network_status": "declined_by_network",
        "type": "issuer_declined",
    }
    it = charge(
        order, captured=False, amount_captured=0, paid=False, failure_code="card_declined", outcome=refused
    )
    assert await stripe.tell("charge.failed", it) == "recorded"
    error = {
        "charge": it["id"],
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "type": "card_error",
    }
    failed = intent(it, amount_received=0, status="requires_payment_method", last_payment_error=error)
    assert await stripe.tell("payment_intent.payment_failed", failed) == "known"
    types = await types_of(house, order)
    assert types.count("payment.declined") == 1
    assert "order.placed_on_hold" in types
    assert await stripe.tell("charge.failed", charge(None, failure_code="expired_card")) == "kept"


async def test_a_card_on_file_that_paid_ends_the_hold_though_we_might_not_have_charged_it(
    stripe: Stripe,
) -> None:
    # Ask of a capture what is asked of an attempt → the order is billed beside its money, this fails.
    house = stripe.house
    order, token = await house.order(2), fresh("pm")
    customer = (await shown(house, order))["customer"]
    body = EXAMPLES["store_payment_method"] | {"token": token, "reuse_consent": False}
    await house.recorded(f"/v1/customers/{customer}/payment-methods", body)
    first = declined(order, {"type": "issuer_declined", "reason": "insufficient_funds"})
    assert await stripe.tell("charge.failed", first) == "recorded"
    assert await stripe.tell("charge.succeeded", charge(order, payment_method=token)) == "recorded"
    assert "order.released" in await types_of(house, order)
    assert (await account(house, order))["received"] == 2000


def declined(order: str | None, outcome: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A charge that did not come."""
    nothing = {"captured": False, "amount_captured": 0, "paid": False, "failure_code": "card_declined"}
    return charge(order, **{**nothing, "outcome": outcome, **other})


def failed_intent(it: dict[str, Any], code: str) -> dict[str, Any]:
    """The payment intent of a declined charge."""
    error = {"charge": it["id"], "code": "card_declined", "decline_code": code, "type": "card_error"}
    return intent(it, amount_received=0, status="requires_payment_method", last_payment_error=error)


async def decline_of(house: House, order: str) -> dict[str, Any]:
    """The row about the order's declined payments, on whichever page."""
    path = f"/v1/declined-payments?min_position={await house.head()}&limit=200"
    page = (await house.agent.get(path)).json()
    rows = list(page["items"])
    while page["has_more"]:
        page = (await house.agent.get(f"{path}&cursor={page['next']}")).json()
        rows += page["items"]
    (row,) = [row for row in rows if row["order"] == order]
    return row


async def test_what_stripe_itself_blocks_is_suspected_fraud(stripe: Stripe) -> None:
    # Read the outcome's reason alone → a code nobody knows, which is soft and released by rule, this fails.
    house, order = stripe.house, await stripe.house.order(2)
    it = declined(order, {"type": "blocked", "reason": "highest_risk_level"})
    assert await stripe.tell("charge.failed", it) == "recorded"
    row = await decline_of(house, order)
    assert (row["decline_code"], row["kind"]) == ("fraudulent", "fraud")
    assert await stripe.tell("payment_intent.payment_failed", failed_intent(it, "fraudulent")) == "known"


async def test_a_second_notice_of_a_decline_may_make_it_worse_and_never_better(stripe: Stripe) -> None:
    house, order = stripe.house, await stripe.house.order(2)
    it = declined(order, {"type": "issuer_declined", "reason": "generic_decline"})
    assert await stripe.tell("charge.failed", it) == "recorded"
    assert await stripe.tell("payment_intent.payment_failed", failed_intent(it, "stolen_card")) == "recorded"
    assert await stripe.tell("payment_intent.payment_failed", failed_intent(it, "do_not_honor")) == "known"
    assert await stripe.tell("charge.failed", it) == "known"
    row = await decline_of(house, order)
    assert (row["kind"], row["attempts"]) == ("fraud", 1)


async def test_a_payment_named_on_an_intent_is_one_try_and_later_charges_are_others(stripe: Stripe) -> None:
    # Take the name for every charge → the fraud is lost, and the money that came at last waits, this fails.
    house, order = stripe.house, await stripe.house.order(2)
    named = {"order": order, "payment": mint("pay")}
    soft, stolen = ({"type": "issuer_declined", "reason": why} for why in ("do_not_honor", "stolen_card"))
    for outcome in (soft, stolen):
        it = declined(order, outcome, metadata=named)
        assert await stripe.tell("charge.failed", it) == "recorded"
    assert (await decline_of(house, order))["kind"] == "fraud"
    paid = charge(order, metadata=named)
    assert await stripe.tell("charge.succeeded", paid) == "recorded"
    assert await stripe.tell("payment_intent.succeeded", intent(paid)) == "known"
    assert (await account(house, order))["received"] == 2000


async def test_money_that_waits_is_not_recorded_by_a_second_notice(stripe: Stripe) -> None:
    # Ask the order alone → what waits is recorded as a payment too, once the order needs it, this fails.
    house, order = stripe.house, await stripe.house.order(2)
    first, second = charge(order), charge(order)
    await stripe.tell("charge.succeeded", first)
    assert await stripe.tell("charge.succeeded", second) == "unmatched"
    (payment,) = (await shown(house, order))["payments"]
    await house.recorded(f"/v1/entries/{payment['position']}/correction", {"reason": "Another order's."})
    assert await stripe.tell("payment_intent.succeeded", intent(second)) == "known"
    assert (await account(house, order))["received"] == 0


# Refunds


async def refunded_order(stripe: Stripe) -> tuple[str, dict[str, Any]]:
    """An order paid by a charge, of which one unit's money is due back."""
    house, order = stripe.house, await stripe.house.order(2)
    it = charge(order)
    await stripe.tell("charge.succeeded", it)
    await house.recorded(f"/v1/orders/{order}/cancellation", {"parts": [{"line": 1, "quantity": 1}]})
    return order, it


def refund(it: dict[str, Any], amount: int = 1000, **other: Any) -> dict[str, Any]:
    about = {"charge": it["id"], "payment_intent": it["payment_intent"], "currency": it["currency"]}
    return sample("refund", **{"id": fresh("re"), "amount": amount, **about, **other})


async def test_a_refund_is_a_payout_of_what_was_granted(stripe: Stripe) -> None:
    order, it = await refunded_order(stripe)
    back = refund(it)
    assert await stripe.tell("refund.created", back) == "recorded"
    assert await stripe.tell("refund.updated", back) == "known"
    assert await stripe.tell("charge.refunded", {**it, "refunds": {"data": [back]}}) == "known"
    assert await stripe.tell("charge.refunded", it) == "kept"
    assert (await account(stripe.house, order))["refunded"] == 1000


async def test_a_refund_nobody_granted_waits(stripe: Stripe) -> None:
    order, it = await refunded_order(stripe)
    back = refund(it, 1001)
    assert await stripe.tell("refund.created", back) == "unmatched"
    (row,) = await waiting(stripe.house, back["id"])
    assert (row["direction"], row["left"]["amount"]) == ("payout", 1001)
    assert (await account(stripe.house, order))["refunded"] == 0


async def test_an_order_whose_charge_went_back_in_the_dashboard_does_not_ship_unseen(stripe: Stripe) -> None:
    # Name no payouts with the shipment → the goods leave, the money is gone, and this fails.
    house, order = stripe.house, await stripe.house.order(2)
    it = charge(order)
    await stripe.tell("charge.succeeded", it)
    assert await stripe.tell("refund.created", refund(it, 2000)) == "unmatched"
    (step,) = [
        each
        for each in (await house.agent.get(f"/v1/orders/{order}/next-steps")).json()["steps"]
        if each["step"] == "ship"
    ]
    assert (step["allowed"], step["type"]) == (False, "/problems/payout-waits")
    refused = await house.agent.post(f"/v1/orders/{order}/shipments", shipment_body(2))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/payout-waits")


async def test_a_refund_that_waits_is_not_recorded_too_once_it_is_granted(stripe: Stripe) -> None:
    # Look only at what is due by now → told again it counts twice, and this fails.
    order = await stripe.house.order(2)
    it = charge(order)
    await stripe.tell("charge.succeeded", it)
    back = refund(it)
    assert await stripe.tell("refund.created", back) == "unmatched"
    await stripe.house.recorded(f"/v1/orders/{order}/cancellation", {"parts": [{"line": 1, "quantity": 1}]})
    assert await stripe.tell("refund.updated", back) == "known"
    assert (await account(stripe.house, order))["refunded"] == 0


async def test_a_refund_that_waits_is_not_settled_by_hand_too(stripe: Stripe) -> None:
    # Let what waits claim nothing → the same money left twice, and this fails.
    house = stripe.house
    order, it = await refunded_order(stripe)
    back = refund(it, 1001)
    assert await stripe.tell("refund.created", back) == "unmatched"
    (granted,) = (await shown(house, order))["refunds"]
    path = f"/v1/refunds/{granted['id']}/settlement"
    tried = await house.agent.post(path, {"reference": back["id"]})
    assert (tried.status_code, tried.json()["type"]) == (409, "/problems/payout-told-already")
    assert "Say what that money was for" in tried.json()["way_out"]
    assert (await house.agent.post(path, {"reference": fresh("re")})).status_code == 201


@pytest.mark.parametrize("amount", [1000, 900])
async def test_a_refund_whose_reference_was_typed_for_another_waits_once_and_may_be_assigned(
    stripe: Stripe, amount: int
) -> None:
    # Read it anew until the claim is free → Stripe is told "busy" for ever, and this fails.
    house = stripe.house
    mistaken, other = await refunded_order(stripe)
    order, it = await refunded_order(stripe)
    back = refund(it, amount)
    (wrong,) = (await shown(house, mistaken))["refunds"]
    paid = await house.recorded(f"/v1/refunds/{wrong['id']}/settlement", {"reference": back["id"]})
    assert await stripe.tell("refund.created", back) == "unmatched"
    assert await stripe.tell("refund.updated", back) == "known"
    (row,) = await waiting(house, back["id"])
    assert (row["left"]["amount"], row["why"]) == (amount, "reference-paid-out-otherwise")
    (granted,) = (await shown(house, order))["refunds"]
    says = {"order": order, "refund": granted["id"]}
    await house.recorded(f"/v1/unmatched/{row['id']}/assignment", says)
    assert (await account(house, order))["refunded"] == amount
    assert await stripe.tell("refund.created", refund(other)) == "unmatched"
    payout = paid["entries"][0]["data"]["payout"]
    await house.recorded(f"/v1/refunds/{wrong['id']}/return", {"payout": payout, "why": "typed_wrongly"})
    assert (await account(house, mistaken))["refunded"] == 0


async def test_a_refund_told_with_another_amount_than_was_typed_waits(stripe: Stripe) -> None:
    house = stripe.house
    order, it = await refunded_order(stripe)
    back = refund(it, 900)
    (granted,) = (await shown(house, order))["refunds"]
    await house.recorded(f"/v1/refunds/{granted['id']}/settlement", {"reference": back["id"]})
    assert await stripe.tell("refund.created", back) == "unmatched"
    assert await stripe.tell("refund.updated", back) == "known"
    (row,) = await waiting(house, back["id"])
    assert (row["left"]["amount"], row["why"]) == (900, "reference-paid-out-otherwise")


async def test_one_payout_is_assigned_to_several_refunds(stripe: Stripe) -> None:
    # Name every part alike → the second is taken for the first, and this fails.
    house, order = stripe.house, await stripe.house.order(2)
    it = charge(order)
    await stripe.tell("charge.succeeded", it)
    back = refund(it, 2000)
    assert await stripe.tell("refund.created", back) == "unmatched"
    (row,) = await waiting(house, back["id"])
    for _ in range(2):
        part = {"parts": [{"line": 1, "quantity": 1}]}
        cancelled = await house.recorded(f"/v1/orders/{order}/cancellation", part)
        (granted,) = {each["data"]["refund"] for each in cancelled["entries"] if "refund" in each["data"]}
        says = {"order": order, "refund": granted, "amount": eur(1000)}
        await house.recorded(f"/v1/unmatched/{row['id']}/assignment", says)
    assert (await account(house, order))["refunded"] == 2000


async def test_what_was_only_reserved_and_is_let_go_has_never_left_us(stripe: Stripe) -> None:
    """Take every refund of a charge for money → a payout that nobody made waits for ever, and this fails.

    Stripe tells so by versions older than 2025-03-31, of a charge cancelled and of one captured in part.
    """
    house, order = stripe.house, await stripe.house.order(2)
    void = charge(order, captured=False, amount_captured=None, amount_refunded=2000, refunded=True)
    let_go = refund(void, 2000)
    assert await stripe.tell("charge.refunded", {**void, "refunds": {"data": [let_go]}}) == "kept"
    expired = refund(void, 2000, reason="expired_uncaptured_charge")
    assert await stripe.tell("charge.refund.updated", expired) == "kept"
    part = charge(order, amount_captured=1500)
    assert await stripe.tell("charge.captured", part) == "recorded"
    rest, real = refund(part, 500), refund(part, 300)
    partly = {**part, "amount_refunded": 500, "refunds": {"data": [rest]}}
    assert await stripe.tell("charge.refunded", partly) == "kept"
    more = {**part, "amount_refunded": 800, "refunds": {"data": [real, rest]}}
    assert await stripe.tell("charge.refunded", more) == "unmatched"
    assert [row["amount"]["amount"] for row in await waiting(house, real["id"])] == [300]
    assert (await account(house, order))["received"] == 1500


async def test_a_notice_of_nothing_is_kept(stripe: Stripe) -> None:
    """Build the fact all the same → the notice is answered 500 and lost, and this fails."""
    house, order = stripe.house, await stripe.house.order(2)
    it = charge(order)
    await stripe.tell("charge.succeeded", it)
    nothing = dispute(it, amount=0)
    for kind in ("created", "closed", "funds_withdrawn", "funds_reinstated"):
        assert await stripe.tell(f"charge.dispute.{kind}", nothing) in {"kept", "refused"}
    given_back = {**nothing, "balance_transactions": [moved(2000)]}
    assert await stripe.tell("charge.dispute.funds_reinstated", given_back) == "unmatched"
    assert await stripe.tell("refund.created", refund(it, 0)) == "kept"
    small = declined(order, {"type": "issuer_declined"}, amount=50, currency="isk")
    assert await stripe.tell("charge.failed", small) == "kept"
    assert (await account(house, order))["reversed"] == 0


async def test_a_code_may_begin_with_a_digit_and_is_soft(stripe: Stripe) -> None:
    order = await stripe.house.order(2)
    it = declined(order, {"type": "issuer_declined"}, failure_code="51_declined")
    assert await stripe.tell("charge.failed", it) == "recorded"
    row = await decline_of(stripe.house, order)
    assert (row["decline_code"], row["kind"]) == ("51_declined", "soft")


async def test_a_refund_that_does_not_arrive_is_owed_again(stripe: Stripe) -> None:
    order, it = await refunded_order(stripe)
    back = refund(it)
    assert await stripe.tell("refund.created", refund(it, status="pending")) == "kept"
    assert await stripe.tell("refund.created", back) == "recorded"
    failed = {**back, "status": "failed", "failure_reason": "lost_or_stolen_card"}
    assert await stripe.tell("charge.refund.updated", failed) == "recorded"
    assert await stripe.tell("refund.failed", failed) == "known"
    assert (await account(stripe.house, order))["refunded"] == 0


async def test_a_refund_whose_failure_is_told_first_is_owed_again(stripe: Stripe) -> None:
    # Keep the failure and no more → the success told after it says refunded for ever, this fails.
    house = stripe.house
    order, it = await refunded_order(stripe)
    back = refund(it)
    failed = {**back, "status": "failed", "failure_reason": "lost_or_stolen_card"}
    assert await stripe.tell("refund.failed", failed) == "recorded"
    assert await stripe.tell("refund.created", back) == "known"
    assert await stripe.tell("refund.updated", {**failed, "failure_reason": None}) == "known"
    assert (await account(house, order))["refunded"] == 0
    assert await waiting(house, back["id"]) == []
    tasks = await house.agent.get(f"/v1/tasks?order={order}&min_position={await house.head()}")
    assert "refund_payout" in [task["kind"] for task in tasks.json()["items"]]


async def test_a_refund_nobody_granted_that_failed_is_kept(stripe: Stripe) -> None:
    order, it = await refunded_order(stripe)
    assert await stripe.tell("refund.failed", {**refund(it, 1001), "status": "failed"}) == "kept"
    assert (await account(stripe.house, order))["refunded"] == 0


# Disputes


async def disputed(stripe: Stripe) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A shipped order, its charge, and a dispute about it."""
    house, order = stripe.house, await stripe.house.order(2)
    it = charge(order)
    await stripe.tell("charge.succeeded", it)
    await house.shipment(order, 2)
    return order, it, dispute(it, reason="product_not_received", status="needs_response")


def moved(amount: int) -> dict[str, Any]:
    return sample("balance_transaction", amount=amount, currency="eur")


async def test_a_chargeback_won(stripe: Stripe) -> None:
    order, _, it = await disputed(stripe)
    taken = {**it, "balance_transactions": [moved(-2000)]}
    won = {**it, "status": "won", "balance_transactions": [moved(-2000), moved(2000)]}
    assert await stripe.tell("charge.dispute.created", it) == "recorded"
    assert await stripe.tell("charge.dispute.funds_withdrawn", taken) == "recorded"
    figures = await account(stripe.house, order)
    assert (figures["balance"], figures["open_bills"]) == (2000, 2000)
    assert await stripe.tell("charge.dispute.funds_reinstated", won) == "recorded"
    assert await stripe.tell("charge.dispute.closed", won) == "recorded"
    figures = await account(stripe.house, order)
    assert (figures["balance"], figures["open_bills"], figures["reversed"]) == (0, 0, 0)


async def test_notices_of_a_dispute_may_come_in_any_order(stripe: Stripe) -> None:
    # Ask for the dispute to be known → what was taken waits as unmatched for ever, this fails.
    order, _, it = await disputed(stripe)
    won = {**it, "status": "won", "balance_transactions": [moved(-2000), moved(2000)]}
    assert await stripe.tell("charge.dispute.funds_reinstated", won) == "recorded"
    assert await stripe.tell("charge.dispute.closed", won) == "recorded"
    assert await stripe.tell("charge.dispute.funds_withdrawn", it) == "known"
    assert await stripe.tell("charge.dispute.created", it) == "known"
    events = (await stripe.house.agent.get(f"/v1/orders/{order}/events")).json()["items"]
    told = [entry["type"] for entry in events if entry["type"].startswith(("dispute.", "payment.re"))]
    assert told == ["dispute.opened", "payment.reversed", "payment.reinstated", "dispute.closed"]
    figures = await account(stripe.house, order)
    assert (figures["balance"], figures["open_bills"], figures["reversed"]) == (0, 0, 0)


async def test_all_notices_of_a_dispute_at_once_tell_it_once(stripe: Stripe) -> None:
    order, _, it = await disputed(stripe)
    lost = {**it, "status": "lost"}
    kinds = ("created", "funds_withdrawn", "closed")
    results = await asyncio.gather(*[stripe.tell(f"charge.dispute.{kind}", lost) for kind in kinds])
    assert "unmatched" not in results
    events = (await stripe.house.agent.get(f"/v1/orders/{order}/events")).json()["items"]
    told = sorted(entry["type"] for entry in events if entry["type"].startswith(("dispute.", "payment.re")))
    assert told == ["dispute.closed", "dispute.opened", "payment.reversed"]
    figures = await account(stripe.house, order)
    assert (figures["balance"], figures["open_bills"]) == (2000, 2000)


async def test_what_was_taken_back_of_a_payment_nobody_knows_waits(stripe: Stripe) -> None:
    it = dispute(charge(None), status="needs_response")
    assert await stripe.tell("charge.dispute.created", it) == "refused"
    assert await stripe.tell("charge.dispute.funds_withdrawn", it) == "unmatched"
    (row,) = await waiting(stripe.house, it["id"])
    assert (row["direction"], row["why"]) == ("payout", "unknown")


async def test_a_dispute_about_money_without_a_place_is_somebodys_task(stripe: Stripe) -> None:
    """Keep it as a notice of a kind that tells nothing → nobody contests it in time, and this fails."""
    paid = await stripe.house.paid_order(2)
    it = charge(paid)
    assert await stripe.tell("charge.succeeded", it) == "unmatched"
    for kind, status in (("created", "needs_response"), ("closed", "lost")):
        assert await stripe.tell(f"charge.dispute.{kind}", dispute(it, status=status)) == "refused"
        assert await to_look_at(stripe) == "kept_before"


async def test_what_a_bank_takes_of_a_charge_that_waits_is_no_money_to_assign(stripe: Stripe) -> None:
    """Keep it beside the charge → the order is said to be paid with what the bank has, and this fails."""
    house = stripe.house
    order = await house.paid_order(2)
    it = charge(order)
    assert await stripe.tell("charge.succeeded", it) == "unmatched", "it is paid already"
    asked = dispute(it, status="needs_response")
    (row,) = await waiting(house, it["id"])
    assert await stripe.tell("charge.dispute.funds_withdrawn", asked) == "recorded"
    assert await stripe.tell("charge.dispute.funds_withdrawn", asked) == "known"
    assert await waiting(house, asked["id"]) == []
    (row,) = await waiting(house, it["id"])
    assert (row["left"], row["returned"]) == (eur(0), eur(2000))
    to = await house.agent.post(f"/v1/unmatched/{row['id']}/assignment", {"order": await house.order(2)})
    assert (to.status_code, to.json()["type"]) == (409, "/problems/unmatched-settled")
    won = {**asked, "status": "won"}
    assert await stripe.tell("charge.dispute.funds_reinstated", won) == "recorded"
    assert await stripe.tell("charge.dispute.funds_reinstated", won) == "known"
    (row,) = await waiting(house, it["id"])
    assert (row["left"], row["returned"]) == (eur(2000), eur(0))
    await house.recorded(f"/v1/unmatched/{row['id']}/assignment", {"order": await house.order(2)})


async def test_money_recorded_for_another_order_than_the_shop_named_is_somebodys_task(stripe: Stripe) -> None:
    """Take its reference's word for it → the order it was for waits unpaid and unseen, and this fails."""
    house = stripe.house
    meant, typed = await house.order(2), await house.order(2)
    it = charge(meant)
    by_hand = {"amount": eur(2000), "processor": "stripe", "reference": it["id"]}
    await house.recorded(f"/v1/orders/{typed}/payments", by_hand)
    assert await stripe.tell("charge.succeeded", it) == "refused"
    assert await to_look_at(stripe) == "named_otherwise"
    (payment,) = (await shown(house, typed))["payments"]
    await house.recorded(f"/v1/entries/{payment['position']}/correction", {"reason": "Another order's."})
    await house.recorded(f"/v1/orders/{meant}/payments", by_hand)
    assert await stripe.tell("payment_intent.succeeded", intent(it)) == "known"


async def test_money_that_a_person_gave_another_place_than_the_shop_named_is_known(stripe: Stripe) -> None:
    house = stripe.house
    paid, other = await house.paid_order(2), await house.order(2)
    it = charge(paid)
    assert await stripe.tell("charge.succeeded", it) == "unmatched"
    (row,) = await waiting(house, it["id"])
    await house.recorded(f"/v1/unmatched/{row['id']}/assignment", {"order": other})
    assert await stripe.tell("payment_intent.succeeded", intent(it)) == "known"


async def to_look_at(stripe: Stripe) -> str:
    """Why somebody looks at the notice that came last; there is a task to."""
    house, head = stripe.house, await stripe.house.head()
    listed = await house.agent.get(f"/v1/inbound?min_position={head}&sort=-position&limit=1")
    (notice,) = listed.json()["items"]
    tasks = await house.every(f"/v1/tasks?kind=notice&limit=200&min_position={head}")
    assert str(notice["position"]) in {task["subject"] for task in tasks}
    return notice["why"]


async def test_what_was_taken_back_and_waits_is_not_recorded_by_hand_too(stripe: Stripe) -> None:
    # Let a reversal claim nothing → the same money is taken back twice, and this fails.
    order, _, it = await disputed(stripe)
    (paid,) = (await shown(stripe.house, order))["payments"]
    assert await stripe.tell("charge.dispute.funds_withdrawn", {**it, "amount": 2001}) == "unmatched"
    by_hand = {"payment": paid["id"], "kind": "chargeback", "amount": eur(2000), "reference": it["id"]}
    tried = await stripe.house.agent.post(f"/v1/orders/{order}/payment-reversals", by_hand)
    assert (tried.status_code, tried.json()["type"]) == (409, "/problems/claim-taken")
    assert "say what it was for" in tried.json()["way_out"]


# Everything else


async def test_an_unknown_kind_is_kept_sealed_and_listed(stripe: Stripe) -> None:
    house = stripe.house
    told = event("customer.created", sample("customer"))
    answer = await stripe.send(json.dumps(told).encode())
    assert answer.json()["result"] == "kept"
    position = answer.json()["position"]
    assert answer.headers["Ledger-Position"] == str(position)
    listed = await house.agent.get(f"/v1/inbound?min_position={position}&sort=-position&limit=1")
    (row,) = listed.json()["items"]
    assert (row["position"], row["kind"], row["notice"]) == (position, "customer.created", told["id"])
    stored = await house.book.entry(position)
    assert stored is not None
    body: str = stored.event.body  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    assert "ann@example.com" not in body
    entry = (await house.agent.get(f"/v1/entries/{position}")).json()
    assert json.loads(entry["data"]["body"]) == told
    assert entry["meta"]["origin"] == "provider"
    withheld = (await house.auditor.get(f"/v1/entries/{position}")).json()
    assert withheld["data"]["body"] == "[withheld]"


async def test_a_bill_is_paid_by_a_charge_of_its_second_and_of_one_before(stripe: Stripe) -> None:
    # Stripe tells no more than seconds. Let the moment it tells of stand → both wait, and this fails.
    house = stripe.house
    for later in (False, True):
        order = await house.order(2, terms="bill_after", effective_at="2026-01-01T12:00:00Z")
        body = shipment_body(2) | {"effective_at": f"2026-01-01T12:00:0{1 + later}.25Z"}
        await house.recorded(f"/v1/orders/{order}/shipments", body)
        second = moment_of(datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)) // SECOND
        assert await stripe.tell("charge.succeeded", charge(order), created=second) == "recorded"


async def test_a_demo_books_notices_happen_by_its_own_clock(ledger: Ledger, fresh_house: House) -> None:
    """Compare the machine's time with the book's → Stripe never pays what is billed there, this fails."""
    house, stripe = fresh_house, await stripe_of(ledger, fresh_house)
    clock = DemoClock(house.book.name, ledger.reader)
    clock.ahead = 30 * 24 * HOUR
    house.book.clock = clock
    order = await house.order(2, terms="bill_after")
    await house.recorded(f"/v1/orders/{order}/shipments", shipment_body(2))
    now = machine_now() // SECOND + 1
    assert await stripe.tell("charge.succeeded", charge(order), created=now) == "recorded"


async def test_a_notice_from_before_the_order_takes_effect_with_it(stripe: Stripe) -> None:
    # Take effect when the processor's clock said → the payment precedes its order and waits, this fails.
    order = await stripe.house.order(2)
    it = charge(order)
    assert await stripe.tell("charge.succeeded", it, created=int(time.time()) - 3600) == "recorded"
    ahead = charge(await stripe.house.order(2))
    assert await stripe.tell("charge.succeeded", ahead, created=int(time.time()) + 3600) == "recorded"


async def won_in_part(stripe: Stripe) -> tuple[str, str, dict[str, Any]]:
    """A bank took a payment back and gives 5.00 again: the order, where a person says so, the notice."""
    order, _, it = await disputed(stripe)
    await stripe.tell("charge.dispute.funds_withdrawn", {**it, "balance_transactions": [moved(-2000)]})
    shown = (await stripe.house.agent.get(f"/v1/orders/{order}")).json()
    path = f"/v1/orders/{order}/payment-reversals/{shown['reversals'][0]['id']}/reinstatements"
    return order, path, {**it, "status": "won", "balance_transactions": [moved(-2000), moved(500)]}


async def test_what_came_again_in_part_and_was_recorded_by_hand_counts_once(stripe: Stripe) -> None:
    # Give it no name → it comes again twice, and this fails.
    order, path, won = await won_in_part(stripe)
    said = {"amount": {"amount": 500, "currency": "EUR"}, "reference": won["id"]}
    await stripe.house.recorded(path, said)
    assert await stripe.tell("charge.dispute.funds_reinstated", won) == "known"
    assert (await account(stripe.house, order))["reversed"] == 1500
    (shown,) = (await stripe.house.agent.get(f"/v1/orders/{order}")).json()["reversals"]
    (again,) = shown["reinstatements"]
    assert (again["amount"]["amount"], again["reference"]) == (500, won["id"])


async def test_what_came_again_under_a_name_that_another_order_took_waits(stripe: Stripe) -> None:
    # Read it as if nobody had → its name is taken, Stripe tells it for ever, and this fails.
    order, _, won = await won_in_part(stripe)
    _, other, _ = await won_in_part(stripe)
    said = {"amount": {"amount": 500, "currency": "EUR"}, "reference": won["id"]}
    await stripe.house.recorded(other, said)
    assert await stripe.tell("charge.dispute.funds_reinstated", won) == "unmatched"
    assert (await account(stripe.house, order))["reversed"] == 2000


async def test_a_refund_sent_by_hand_is_the_one_that_stripe_tells_of(stripe: Stripe) -> None:
    # Keep it as unmatched → it counts twice, and its coming back is of no payout we know; this fails.
    house = stripe.house
    order, it = await refunded_order(stripe)
    (granted,) = (await shown(house, order))["refunds"]
    await house.recorded(f"/v1/refunds/{granted['id']}/settlement", {})
    back = refund(it, 1000)
    assert await stripe.tell("refund.created", back) == "recorded"
    assert await stripe.tell("refund.updated", back) == "known"
    assert (await waiting(house, back["id"]), (await account(house, order))["refunded"]) == ([], 1000)
    events = (await house.owner.get(f"/v1/orders/{order}/events")).json()["items"]
    assert (events[-1]["type"], events[-1]["data"]["reference"]) == ("refund.payout_named", back["id"])
    assert await stripe.tell("refund.failed", back | {"status": "failed"}) == "recorded"
    assert (await account(house, order))["refunded"] == 0


async def test_a_refund_sent_by_hand_at_once_may_have_left_in_two_parts(stripe: Stripe) -> None:
    # Assign only what is as much as was recorded → no part has a place, whatever somebody says; this fails.
    house = stripe.house
    order, it = await refunded_order(stripe)
    (granted,) = (await shown(house, order))["refunds"]
    await house.recorded(f"/v1/refunds/{granted['id']}/settlement", {})
    first = refund(it, 600)
    assert await stripe.tell("refund.created", first) == "unmatched", "of whichever refund it is"
    (row,) = await waiting(house, first["id"])
    says = {"order": order, "refund": granted["id"]}
    await house.recorded(f"/v1/unmatched/{row['id']}/assignment", says)
    second = refund(it, 400, metadata={"refund": granted["id"]})
    assert await stripe.tell("refund.created", second) == "recorded"
    assert await stripe.tell("refund.updated", first) == "known"
    assert (await account(house, order))["refunded"] == 1000
    assert await stripe.tell("refund.failed", first | {"status": "failed"}) == "recorded"
    assert (await account(house, order))["refunded"] == 400
