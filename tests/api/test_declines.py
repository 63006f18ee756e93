"""Declines over HTTP: an old card that works, a customer reached late, one never reached; charges that crash.

Source: R-D1 … R-D7, I2, I3, I4
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.examples import EXAMPLES
from ledger.errors import OutOfReach
from ledger.processors.gateway import Charge, Charged, ChargeDeclined
from ledger.processors.trial_cards import TRIAL_CARDS, TrialCards
from tests.api.house import House, eur, order_body, shipment_body
from tests.api.stripe import fresh

pytestmark = pytest.mark.anyio


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds").replace("+00:00", "Z")


async def customer_with(
    house: House, *tokens: str, since: float = 80, **card: object
) -> tuple[str, list[str]]:
    """A customer with an email address and these cards on file, and the cards' ids."""
    who = {"contact_points": [{"kind": "email", "value": "cy@example.com"}], "effective_at": ago(80)}
    customer = (await house.recorded("/v1/customers", who))["subject"]
    cards: list[str] = []
    for token in tokens:
        body = EXAMPLES["store_payment_method"] | {"token": token, "effective_at": ago(80)}
        stored = await house.recorded(f"/v1/customers/{customer}/payment-methods", body)
        cards.append(stored["entries"][0]["data"]["payment_method"])
    return customer, cards


async def existing(house: House, *tokens: str) -> tuple[str, list[str]]:
    """The same, of somebody who once paid for an order that shipped."""
    customer, cards = await customer_with(house, *tokens)
    order = await placed(house, customer, 70)
    paid = {"amount": eur(2000), "processor": "bank", "reference": f"first-{order}"}
    await house.recorded(f"/v1/orders/{order}/payments", paid | {"effective_at": ago(70)})
    await house.recorded(f"/v1/orders/{order}/shipments", shipment_body(2) | {"effective_at": ago(69)})
    return customer, cards


async def placed(house: House, customer: str, days_ago: float) -> str:
    body = order_body(2, customer_id=customer, effective_at=ago(days_ago))
    return (await house.recorded("/v1/orders", body))["subject"]


async def failed(house: House, order: str, days_ago: float, **other: object) -> dict[str, Any]:
    body = EXAMPLES["record_payment_failure"] | {"reference": f"fail-{order}", "amount": eur(2000)}
    body |= {"effective_at": ago(days_ago)}
    return await house.recorded(f"/v1/orders/{order}/payment-failures", body | other)


async def steps(house: House, order: str) -> dict[str, dict[str, Any]]:
    answer = await house.agent.get(f"/v1/orders/{order}/next-steps")
    assert answer.status_code == 200, answer.text
    return {step["step"]: step for step in answer.json()["steps"]}


async def row(house: House, order: str) -> dict[str, Any]:
    answer = await house.agent.get(f"/v1/declined-payments?min_position={await house.head()}&limit=200")
    assert answer.status_code == 200, answer.text
    (found,) = [item for item in answer.json()["items"] if item["order"] == order]
    return found


async def test_what_is_on_hold_ships_no_goods_and_leads_to_its_next_steps(house: House) -> None:
    # Refuse it as any order that is not covered → nothing says that it waits, and this fails.
    customer, _ = await customer_with(house)
    order = await placed(house, customer, 3)
    await failed(house, order, 2)
    answer = await house.agent.post(f"/v1/orders/{order}/shipments", shipment_body(2))
    refused = answer.json()
    assert (answer.status_code, refused["type"]) == (409, "/problems/shipment-on-hold")
    assert (
        refused["detail"] == "The order is on hold: the shipment costs 20.00 EUR, and nothing covers it yet."
    )
    assert refused["see"] == f"/v1/orders/{order}/next-steps"
    assert "next steps" in refused["way_out"]
    assert (await house.agent.get(refused["see"])).status_code == 200


def kinds(receipt: dict[str, Any]) -> list[str]:
    return [entry["type"] for entry in receipt["entries"]]


@pytest.fixture
def trial(kept: House) -> House:
    """A house of its own whose book charges trial cards."""
    kept.book.gateway = TrialCards()
    return kept


async def test_nobody_is_charged_while_money_that_came_for_the_order_waits(trial: House) -> None:
    # Name no money with the charge, or with the next steps → the customer pays twice, and this fails.
    customer, (card,) = await existing(trial, "trial_declines")
    order = await placed(trial, customer, 1)
    await failed(trial, order, 1)
    money = await trial.unmatched(2000, order=order)
    charge = await trial.agent.post(f"/v1/orders/{order}/charges", {"payment_method": card})
    assert (charge.status_code, charge.json()["type"]) == (409, "/problems/money-waits")
    step = (await steps(trial, order))["charge_card"]
    assert (step["allowed"], step["type"]) == (False, "/problems/money-waits")
    assert (await row(trial, order))["next_step"] == "assign_money"
    waits = (await steps(trial, order))["assign_money"]
    assert (waits["allowed"], waits["by"], waits["rule"]) == (True, "agent", "I12")
    await trial.recorded(f"/v1/unmatched/{money}/return", {"reference": fresh("re")})
    assert (await steps(trial, order))["charge_card"]["allowed"]
    assert (await row(trial, order))["next_step"] == "search_cards"


async def test_an_existing_customers_old_card_works_and_they_are_told_which(trial: House) -> None:
    customer, (new, old) = await existing(trial, "tok_declined_insufficient_funds", "tok_old_visa")
    order = await placed(trial, customer, 0.01)
    charges = f"/v1/orders/{order}/charges"
    first = await trial.recorded(charges, {"payment_method": new, "named_by_customer": True})
    assert kinds(first) == [
        "payment.attempted",
        "payment.declined",
        "payment_method.failed",
        "order.placed_on_hold",
    ]
    assert (await steps(trial, order))["ship"]["refused_by"] == "I2"
    searched = await trial.recorded(f"/v1/orders/{order}/card-search", {})
    cards = searched["entries"][0]["data"]["cards"]
    assert [(card["payment_method"], card["verdict"]) for card in cards] == [(old, "usable"), (new, "tried")]
    assert (await row(trial, order))["next_step"] == "charge_card"
    paid = await trial.recorded(charges, {"payment_method": old})
    assert kinds(paid) == ["payment.attempted", "payment.captured", "order.released"]
    found = await row(trial, order)
    assert (found["standing"], found["attempts"], found["result"], found["next_step"]) == (
        "existing",
        1,
        "paid",
        None,
    )
    tasks = (await trial.agent.get(f"/v1/tasks?order={order}&min_position={await trial.head()}")).json()
    assert "card_used" in {task["kind"] for task in tasks["items"]}
    told = {"kind": "card_used", "channel": "email", "note": "We charged your card ending 4242."}
    await trial.recorded(f"/v1/orders/{order}/contacts", told)
    tasks = (await trial.agent.get(f"/v1/tasks?order={order}&min_position={await trial.head()}")).json()
    assert not {task["kind"] for task in tasks["items"]} & {"card_used", "reach_customer", "search_cards"}
    await trial.recorded(f"/v1/orders/{order}/shipments", shipment_body(2))


async def test_an_existing_customer_nobody_reached_gets_the_goods_and_a_bill(trial: House) -> None:
    customer, _ = await existing(trial)
    order = await placed(trial, customer, 10)
    await failed(trial, order, 10)
    path = f"/v1/orders/{order}"
    await trial.recorded(f"{path}/card-search", {"effective_at": ago(9.9)})
    assert (await row(trial, order))["next_step"] == "reach_customer"
    point = {"channel": "phone", "reached": False, "effective_at": ago(9.5)}
    await trial.recorded(f"{path}/contact-attempts", point)
    assert (await row(trial, order))["next_step"] == "released_by_rule"
    listed = "/v1/declined-payments?next_step="

    async def with_next(step: str) -> list[str]:
        answer = await trial.agent.get(f"{listed}{step}&min_position={await trial.head()}")
        return [item["order"] for item in answer.json()["items"]]

    assert (await with_next("released_by_rule"), await with_next("owner_decides")) == ([order], [])
    past = await trial.agent.get(f"/v1/declined-payments?as_of={ago(0)}")
    assert [item["next_step"] for item in past.json()["items"]] == [None]
    assert (await trial.agent.get(f"{listed}owner_decides&as_of={ago(0)}")).status_code == 422
    ticked = await trial.owner.client.post("/v1/ticks", json={})
    (entry,) = ticked.json()["entries"]
    assert (entry["type"], entry["stream"], entry["meta"]["origin"]) == (
        "order.released_without_payment",
        order,
        "tick",
    )
    shipped = await trial.recorded(f"{path}/shipments", shipment_body(2))
    assert kinds(shipped)[:2] == ["order.shipped", "bill.issued"]
    assert (await row(trial, order))["result"] == "released_by_rule"
    outcomes = await trial.agent.get(f"/v1/decline-outcomes?min_position={await trial.head()}")
    (found,) = outcomes.json()["items"]
    assert (found["outcome"], found["orders"], found["share"]) == ("open", 1, 10_000)
    assert (found["amount"], found["shipped_unpaid"]) == (eur(2000), eur(2000))
    (bill,) = (await trial.agent.get(path)).json()["bills"]
    owed = {step: it["by"] for step, it in (await steps(trial, order)).items() if it["subject"] == bill["id"]}
    assert owed == {
        "record_bill_payment": "agent",
        "remind": "agent",
        "promise_to_pay": "agent",
        "call_customer": "agent",
        "mark_uncollectible": "owner",
        "write_off_bill": None,
    }
    paid = {"amount": eur(667), "processor": "bank", "reference": f"late-{order}"}
    await trial.recorded(f"{path}/payments", paid)
    called = EXAMPLES["record_collection_call"]
    await trial.recorded(f"/v1/bills/{bill['id']}/calls", called)
    last = await trial.recorded(
        f"{path}/payments", paid | {"amount": eur(666), "reference": f"later-{order}"}
    )

    async def came(query: str) -> list[tuple[str, dict[str, Any], int]]:
        answer = await trial.agent.get(f"/v1/decline-outcomes?{query}")
        items = answer.json()["items"]
        assert sum(it["share"] for it in items) == 10_000
        assert sum(it["amount"]["amount"] for it in items) == items[0]["shipped_unpaid"]["amount"] == 2000
        return [(it["outcome"], it["amount"], it["share"]) for it in items]

    parts = [("open", eur(667), 3335), ("paid_after_call", eur(666), 3330), ("paid_later", eur(667), 3335)]
    assert await came(f"min_position={await trial.head()}") == parts
    before = await came(f"as_of_position={last['position'] - 1}")
    assert before == [("open", eur(1333), 6665), ("paid_later", eur(667), 3335)]
    assert bill["amount"] == eur(2000)


async def test_a_command_to_an_order_long_ripe_brings_its_release_along(trial: House) -> None:
    # Leave `facts_due` out of `Book._view` → the book cannot decide, and this fails.
    customer, _ = await existing(trial)
    order = await placed(trial, customer, 10)
    await failed(trial, order, 10)
    await trial.recorded(f"/v1/orders/{order}/card-search", {"effective_at": ago(9.9)})
    tried = {"channel": "phone", "reached": False, "effective_at": ago(9.5)}
    await trial.recorded(f"/v1/orders/{order}/contact-attempts", tried)
    # Prepare a bill only for what may be billed already → the shipment is refused until a tick, this fails.
    shipped = await trial.recorded(f"/v1/orders/{order}/shipments", shipment_body(2))
    assert kinds(shipped)[:2] == ["order.shipped", "bill.issued"]
    events = (await trial.agent.get(f"/v1/orders/{order}/events")).json()["items"]
    assert [event["type"] for event in events[-3:]] == [
        "order.released_without_payment",
        "order.shipped",
        "bill.issued",
    ]


async def test_a_new_customer_reached_late_with_a_good_card(trial: House) -> None:
    customer, _ = await customer_with(trial)
    order = await placed(trial, customer, 20)
    await failed(trial, order, 20)
    path = f"/v1/orders/{order}"
    for day in (19, 16, 13, 10):
        tried = {"channel": "mail", "reached": False, "effective_at": ago(day)}
        await trial.recorded(f"{path}/contact-attempts", tried)
    assert (await steps(trial, order))["close_as_not_delivered"]["type"] == "/problems/effort-too-few"
    reached = {"channel": "phone", "reached": True, "note": "Was abroad.", "effective_at": ago(5)}
    await trial.recorded(f"{path}/contact-attempts", reached)
    found = await row(trial, order)
    assert (found["contacts"], found["reached"], found["next_step"]) == (5, True, "owner_decides")
    closing = await trial.agent.post(f"{path}/not-delivered", {})
    assert (closing.status_code, closing.json()["type"]) == (409, "/problems/customer-was-reached")
    await trial.recorded(f"{path}/payments", {"amount": eur(2000), "processor": "acme", "reference": order})
    assert (await row(trial, order))["result"] == "paid"


async def test_a_new_customer_never_reached_goes_without(trial: House) -> None:
    customer, _ = await customer_with(trial)
    order = await placed(trial, customer, 20)
    held = await failed(trial, order, 20)
    (way,) = held["entries"][-1]["data"]["on_file"]
    path = f"/v1/orders/{order}"
    assert (await row(trial, order))["channels_left"] == "email"
    for day in (19, 17, 14, 11, 8):
        tried = {"channel": "mail", "reached": False, "effective_at": ago(day)}
        await trial.recorded(f"{path}/contact-attempts", tried)
    # Show numbers and amounts alone → this fails: "by every way shown" shows none.
    untried = (await trial.agent.post(f"{path}/not-delivered", {})).json()
    assert (untried["type"], untried["figures"]) == ("/problems/channels-untried", {"untried": [way]})
    for day in (18, 16, 13, 10, 7):
        tried = {"channel": "email", "contact_point": way["contact_point"], "reached": False}
        await trial.recorded(f"{path}/contact-attempts", tried | {"effective_at": ago(day)})
    ready = (await steps(trial, order))["close_as_not_delivered"]
    assert (ready["allowed"], ready["by"], ready["rule"]) == (True, "agent", "I4")
    release = (await steps(trial, order))["release_unpaid"]
    assert (release["allowed"], release["by"], release["needs_reason"]) == (True, "owner", True)
    closed = await trial.recorded(f"{path}/not-delivered", {"reason": "Tried by every way we have."})
    assert kinds(closed) == ["order.not_delivered", "order.units_cancelled"]
    found = await row(trial, order)
    assert (found["result"], found["next_step"], found["channels_left"]) == ("not_delivered", None, "")
    listed = await trial.agent.get(f"/v1/orders?status=not_delivered&min_position={await trial.head()}")
    assert order in [item["id"] for item in listed.json()["items"]]
    after = await steps(trial, order)
    assert after["ship"]["allowed"] is False
    assert after["close_as_not_delivered"]["done"] is True


async def test_who_gives_up_too_early_reads_the_day_from_which_they_may(trial: House) -> None:
    customer, _ = await customer_with(trial)
    order = await placed(trial, customer, 3)
    held = await failed(trial, order, 3)
    path = f"/v1/orders/{order}"
    for hours in range(5):
        tried = {"channel": "email", "reached": False, "effective_at": ago(2 - hours / 24)}
        await trial.recorded(f"{path}/contact-attempts", tried)
    refused = (await trial.agent.post(f"{path}/not-delivered", {})).json()
    assert refused["type"] == "/problems/effort-too-short"
    from_day = date.fromisoformat(held["entries"][-1]["data"]["held_on"]) + timedelta(days=14)
    assert refused["figures"] == {"days": 14, "from_day": from_day.isoformat()}


async def test_the_owner_releases_with_a_reason(trial: House) -> None:
    customer, _ = await customer_with(trial)
    order = await placed(trial, customer, 1)
    await failed(trial, order, 1)
    path = f"/v1/orders/{order}/release"
    refused = await trial.agent.post(path, {"reason": "They sound nice."})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/role-too-low")
    assert refused.json()["detail"] == "This takes at least the role owner."
    assert refused.json()["figures"] == {"least": "owner"}
    silent = await trial.owner.post(path, {})
    assert silent.json()["type"] == "/problems/reason-missing"
    released = await trial.owner.post(path, {"reason": "A nurse; she will pay."})
    assert released.status_code == 201, released.text
    shipped = await trial.recorded(f"/v1/orders/{order}/shipments", shipment_body(2))
    assert "bill.issued" in kinds(shipped)


# Charges


class Crashing:
    """A processor that charges and dies before it answers, the first time."""

    processor = "trial_cards"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.charged: set[str] = set()

    async def charge(self, charge: Charge) -> Charged | ChargeDeclined:
        self.asked.append(charge.payment)
        self.charged.add(charge.payment)
        if len(self.asked) == 1:
            raise OutOfReach("it died")
        return Charged(reference=f"ch_{charge.payment}")

    async def became_of_charge(self, charge: Charge) -> Charged | ChargeDeclined | None:
        return Charged(reference=f"ch_{charge.payment}") if charge.payment in self.charged else None


async def test_a_charge_whose_answer_was_lost_is_asked_for_again_and_never_made_twice(trial: House) -> None:
    # Mint another payment for the repeated request → the card pays twice, and this fails.
    customer, (card,) = await customer_with(trial, "tok_visa")
    order = await placed(trial, customer, 1)
    gateway = trial.book.gateway = Crashing()
    path, body = f"/v1/orders/{order}/charges", {"payment_method": card}
    lost = await trial.agent.post(path, body, key="charge-1")
    assert (lost.status_code, lost.json()["type"]) == (503, "/problems/processor-silent")
    attempted = (await trial.agent.get(f"/v1/orders/{order}/events")).json()["items"][-1]
    assert attempted["type"] == "payment.attempted"
    other = await trial.agent.post(path, body, key="charge-2")
    assert (other.status_code, other.json()["type"]) == (409, "/problems/attempt-unresolved")
    again = await trial.agent.post(path, body, key="charge-1")
    assert (again.status_code, kinds(again.json())) == (201, ["payment.attempted", "payment.captured"])
    assert gateway.charged == {attempted["data"]["payment"]}
    once_more = await trial.agent.post(path, body, key="charge-1")
    assert once_more.content == again.content
    assert len(gateway.asked) == 2


async def test_an_attempt_of_unknown_outcome_is_a_task_and_resolved_by_naming_it(trial: House) -> None:
    customer, (card,) = await customer_with(trial, "tok_silent")
    order = await placed(trial, customer, 1)
    path = f"/v1/orders/{order}/charges"
    assert (await trial.agent.post(path, {"payment_method": card})).status_code == 503
    tasks = (await trial.agent.get(f"/v1/tasks?order={order}&min_position={await trial.head()}")).json()
    (task,) = [task for task in tasks["items"] if task["kind"] == "resolve_payment"]
    gateway = trial.book.gateway = Crashing()
    gateway.asked.append("before")
    resolved = await trial.recorded(path, {"payment": task["subject"]})
    assert kinds(resolved) == ["payment.captured"]
    tasks = (await trial.agent.get(f"/v1/tasks?order={order}&min_position={await trial.head()}")).json()
    assert "resolve_payment" not in {task["kind"] for task in tasks["items"]}
    unknown = await trial.agent.post(path, {"payment": "pay_01h455vb4pex5vsknk084sn02q"})
    assert unknown.status_code == 404


@pytest.mark.parametrize("told_first", [False, True])
async def test_a_charge_let_through_after_the_order_was_cancelled_waits_as_unmatched(
    trial: House, told_first: bool
) -> None:
    # Record a capture alone → its refusal leaves the attempt open for ever, and this fails.
    customer, (card,) = await customer_with(trial, "tok_silent")
    order = await placed(trial, customer, 1)
    path = f"/v1/orders/{order}/charges"
    assert (await trial.agent.post(path, {"payment_method": card})).status_code == 503
    await trial.recorded(f"/v1/orders/{order}/cancellation", {})
    attempted = [
        event["data"]["payment"]
        for event in (await trial.agent.get(f"/v1/orders/{order}/events")).json()["items"]
        if event["type"] == "payment.attempted"
    ]
    gateway = trial.book.gateway = Crashing()
    gateway.charged.add(attempted[0])
    if told_first:  # by the processor itself, before anybody asked again
        await trial.unmatched(2000, f"ch_{attempted[0]}", processor=gateway.processor)
    resolved = await trial.recorded(path, {"payment": attempted[0]})
    kept = [] if told_first else ["unmatched_receipt.recorded"]
    assert kinds(resolved) == [*kept, "payment.unmatched"]
    waiting = resolved["entries"][-1]["data"]["unmatched"]
    tasks = await trial.every(f"/v1/tasks?min_position={await trial.head()}&limit=200")
    assert waiting in {task["subject"] for task in tasks if task["kind"] == "unmatched"}
    assert (order, "resolve_payment") not in {(task["order"], task["kind"]) for task in tasks}
    assert await trial.recorded(path, {"payment": attempted[0]}) == resolved


async def test_a_charge_whose_money_was_recorded_for_another_order_is_settled_once_that_is_corrected(
    trial: House,
) -> None:
    """Ask for the reference as if nobody had given it back → the attempt stays open for ever: this fails."""
    customer, (card,) = await customer_with(trial, "tok_silent")
    order, other = await placed(trial, customer, 1), await placed(trial, customer, 1)
    path = f"/v1/orders/{order}/charges"
    assert (await trial.agent.post(path, {"payment_method": card})).status_code == 503
    tasks = (await trial.agent.get(f"/v1/tasks?order={order}&min_position={await trial.head()}")).json()
    (task,) = [task for task in tasks["items"] if task["kind"] == "resolve_payment"]
    gateway = trial.book.gateway = Crashing()
    gateway.asked.append("before")
    by_hand = {"amount": eur(2000), "processor": gateway.processor, "reference": f"ch_{task['subject']}"}
    typed = await trial.recorded(f"/v1/orders/{other}/payments", by_hand)
    taken = await trial.agent.post(path, {"payment": task["subject"]})
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/claim-taken")
    position = typed["entries"][0]["position"]
    await trial.recorded(f"/v1/entries/{position}/correction", {"reason": "Another order's."})
    settled = await trial.recorded(path, {"payment": task["subject"]})
    assert kinds(settled) == ["payment.captured"]


async def test_without_a_processor_the_way_out_is_said(fresh_house: House) -> None:
    customer, (card,) = await customer_with(fresh_house, "tok_visa")
    order = await placed(fresh_house, customer, 1)
    head = await fresh_house.head()
    answer = await fresh_house.agent.post(f"/v1/orders/{order}/charges", {"payment_method": card})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-processor")
    assert "payment-failures" in answer.json()["way_out"]
    assert await fresh_house.head() == head
    # Ask the decision alone → the step is allowed that nobody can take here, and this fails.
    step = (await steps(fresh_house, order))["charge_card"]
    assert (step["allowed"], step["by"], step["type"]) == (False, None, "/problems/no-processor")
    assert "payment-failures" in step["way_out"]
    assert step["refused_by"] == "R-D4", "whatever is refused here names its rule"


async def test_a_charge_tried_without_recording_asks_nobody(trial: House) -> None:
    customer, (card,) = await customer_with(trial, "tok_visa")
    order = await placed(trial, customer, 1)
    gateway = trial.book.gateway = Crashing()
    answer = await trial.agent.post(f"/v1/orders/{order}/charges?dry_run=true", {"payment_method": card})
    assert (answer.status_code, kinds(answer.json())) == (200, ["payment.attempted"])
    assert gateway.asked == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"payment_method": "pm_01h455vb4pex5vsknk084sn02q", "payment": "pay_01h455vb4pex5vsknk084sn02q"},
        {"payment": "pay_01h455vb4pex5vsknk084sn02q", "amount": eur(1)},
        {"payment_method": "pm_01h455vb4pex5vsknk084sn02q", "effective_at": "2020-01-01T00:00:00Z"},
    ],
)
async def test_a_charge_is_one_thing_and_now(house: House, body: dict[str, object]) -> None:
    answer = await house.agent.post(f"/v1/orders/{await house.order()}/charges", body)
    assert answer.status_code == 422


@pytest.mark.parametrize("token", TRIAL_CARDS)
async def test_a_trial_card_is_declined_by_its_token(token: str) -> None:
    charge = Charge(payment="pay_01h455vb4pex5vsknk084sn02q", token=token, amount=1, currency="EUR")
    said = await TrialCards().charge(charge)
    assert isinstance(said, ChargeDeclined)
    assert said.decline_code == TRIAL_CARDS[token]
    assert await TrialCards().charge(charge) == said
