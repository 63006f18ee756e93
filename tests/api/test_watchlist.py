"""The watchlist over HTTP: five customers, five ends; what comes late, what banks take; months.

Every figure comes from the read models' SQL, as of the day the story tells.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from domain.book.register import OpenBook
from ledger.composition import Ledger
from tests.api.conftest import followed
from tests.api.house import opened_house
from tests.api.telling import Told, of, usd
from tests.domain.specification import ZONE

pytestmark = pytest.mark.anyio

ILL = {"outcome": "reached", "good_reason": "illness", "note": "In hospital since March."}
TRANSFER = {"method": "bank_transfer"}


@pytest.fixture
async def told(ledger: Ledger, app: FastAPI, book_name: str) -> AsyncIterator[Told]:
    house = await opened_house(ledger, app, book_name, OpenBook(zone=ZONE, country="US"))
    async with followed(ledger, house.book):
        told = Told(house)
        told.on("2010-08-10")
        yield told


def dresses(customer: str | None = None, terms: str = "bill_after") -> dict[str, Any]:
    """Two dresses and the shipping: 75.95."""
    buyer: dict[str, Any] = {"customer": {"name": "Jane"}} if customer is None else {"customer_id": customer}
    line = {"sku": "DRESS-36", "description": "A dress", "quantity": 2, "unit_price": usd("34.00")}
    return {**buyer, "lines": [line], "shipping": usd("7.95"), "terms": terms}


def parcel(units: int = 2) -> dict[str, Any]:
    parts = [{"line": 1, "quantity": units}]
    return {"parts": parts, "method": "parcel", "tracking": "1Z999", "description": "Two dresses, soon."}


async def billed(told: Told, customer: str | None = None) -> tuple[str, str, str]:
    """(customer, order, bill) of two dresses shipped unpaid."""
    placed = await told.done("/v1/orders", dresses(customer))
    shipped = await told.done(f"/v1/orders/{placed['subject']}/shipments", parcel())
    bill = of(shipped, "bill.issued")
    return bill["customer"], placed["subject"], bill["bill"]


async def row(told: Told, bill: str, query: str = "") -> dict[str, Any]:
    """The bill's row on the watchlist, whatever its stage."""
    stages = ("open", "watched", "call_due", "called", "will_pay", "closed")
    found = [
        item
        for stage in stages
        for item in await told.rows(f"/v1/unpaid-bills?stage={stage}{query}")
        if item["bill"] == bill
    ]
    assert len(found) == 1, found
    return found[0]


async def state_of(told: Told, path: str) -> dict[str, Any]:
    """One thing as it is now, folded from its stream."""
    answer = await told.house.owner.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def stage(told: Told, bill: str) -> tuple[str, str | None]:
    found = await row(told, bill)
    return found["stage"], found["next_action"]


async def test_the_stages_of_a_bill_follow_the_days(told: Told) -> None:
    _, _, bill = await billed(told)
    expected = [
        ("2010-08-10", "open", "first_reminder", 0),
        ("2010-09-09", "open", "first_reminder", 0),
        ("2010-09-10", "watched", "first_reminder", 1),
        ("2010-11-09", "watched", "first_reminder", 61),
        ("2010-11-10", "call_due", "first_reminder", 62),
    ]
    for day, stage_then, action, overdue in expected:
        told.on(day)
        found = await row(told, bill)
        assert (found["stage"], found["next_action"], found["days_overdue"]) == (stage_then, action, overdue)
    then = await row(told, bill, "&as_of=2010-09-01T12:00:00Z")
    assert (then["stage"], then["days_overdue"]) == ("open", 0)
    await told.done(f"/v1/bills/{bill}/reminders", {"channel": "email", "note": "A kind word."})
    assert (await row(told, bill))["next_action"] == "collection_call"
    await told.done(f"/v1/bills/{bill}/calls", {"outcome": "not_reached"})
    found = await row(told, bill)
    assert (found["stage"], found["calls"], found["last_result"]) == ("called", 1, "not_reached")
    assert found["next_due"] == "2010-12-10T05:00:00Z"
    story = await state_of(told, f"/v1/bills/{bill}")
    assert [call["outcome"] for call in story["calls"]] == ["not_reached"]
    assert [reminder["note"] for reminder in story["reminders"]] == ["A kind word."]


async def test_a_promise_to_pay_what_is_let_off_lapses(told: Told) -> None:
    """Negative control: without `is_over` in `bill_answers` the promise stays open for ever."""
    _, _, bill = await billed(told)
    told.on("2010-09-17")
    await told.done(f"/v1/bills/{bill}/calls", ILL)
    await told.done(f"/v1/bills/{bill}/promises", {"due_on": "2010-09-20"})
    assert [it["outcome"] for it in (await state_of(told, f"/v1/bills/{bill}"))["promises"]] == [None]
    await told.done(f"/v1/bills/{bill}/write-off", {}, by=told.house.owner)
    told.on("2010-09-22")
    assert await told.tick() == []
    assert [it["outcome"] for it in (await state_of(told, f"/v1/bills/{bill}"))["promises"]] == ["lapsed"]


async def test_five_customers_come_to_five_ends(told: Told) -> None:
    ends = [await billed(told) for _ in range(5)]
    (_, _, pays), (_, _, keeps), (_, _, breaks), (let_off, _, ill), (gone, _, gives_up) = ends
    told.on("2010-09-01")
    await told.done(f"/v1/bills/{pays}/payments", {"amount": usd("75.95"), **TRANSFER})
    told.on("2010-09-17")
    await told.tick()
    await told.done(f"/v1/bills/{keeps}/promises", {"due_on": "2010-09-20"})
    await told.done(f"/v1/bills/{breaks}/promises", {"due_on": "2010-09-20"})
    assert await stage(told, keeps) == ("will_pay", "first_reminder")
    told.on("2010-09-20", "18:00")
    await told.done(f"/v1/bills/{keeps}/payments", {"amount": usd("75.95"), **TRANSFER})
    told.on("2010-09-21", "00:00")
    assert [entry["type"] for entry in await told.tick()] == ["promise.broken"]
    assert (await stage(told, breaks))[0] == "watched"
    told.on("2010-11-10")
    owner = told.house.owner
    refused = await told.refused(f"/v1/bills/{ill}/write-off", {}, by=owner)
    assert refused["type"] == "/problems/customer-not-reached"
    await told.done(f"/v1/bills/{ill}/calls", ILL)
    assert (await row(told, ill))["last_result"] == "illness"
    tasks = await told.rows("/v1/tasks?kind=write_off_decision")
    assert [(task["subject"], task["assignee"]) for task in tasks] == [(ill, "owner")]
    await told.done(f"/v1/bills/{ill}/write-off", {}, by=owner)
    await told.done(f"/v1/bills/{gives_up}/calls", {"outcome": "not_reached"})
    await told.done(f"/v1/bills/{gives_up}/uncollectible", {}, by=owner)
    closed = {item["bill"]: item["closed_as"] for item in await told.rows("/v1/unpaid-bills?stage=closed")}
    assert closed == {pays: "paid", keeps: "paid", ill: "written_off"}
    left = {item["bill"]: item["stage"] for item in await told.rows("/v1/unpaid-bills")}
    assert left == {breaks: "call_due", gives_up: "called"}
    assert (await row(told, gives_up))["uncollectible"] == usd("75.95")
    # Written off, they are clear; given up for the books, they are watched.
    for customer, watched in ((let_off, False), (gone, True)):
        placed = await told.done("/v1/orders", dresses(customer, "card"))
        data = of(placed, "order.placed")
        assert (data["standing"], bool(data["watched_for"])) == ("new" if watched else "existing", watched)
    assert (await row(told, gives_up))["orders_since"] == 1
    assert (await told.figures(gone))["balance"] == "75.95"


async def test_an_instalment_under_the_number_on_the_bill_is_never_taken_for_the_one_before(
    told: Told,
) -> None:
    # Answer what is on record as if it were recorded now → the header is missing, and this fails.
    _, _, bill = await billed(told)
    path, paid = f"/v1/bills/{bill}/payments", {"amount": usd("20.00"), **TRANSFER, "reference": "RF18-5390"}
    first = await told.done(path, paid)
    for query in ("", "?dry_run=true"):
        again = await told.house.agent.post(path + query, paid)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json()["entries"] == first["entries"]
        assert again.json()["dry_run"] is bool(query)
    told.on("2010-08-24")
    problem = await told.refused(path, paid)
    assert problem["type"] == "/problems/payers-reference-used"
    received = next(entry for entry in first["entries"] if entry["type"] == "bill.payment_received")
    assert problem["see"] == f"/v1/entries/{received['position']}"
    assert problem["figures"]["day"] == "2010-08-10"
    assert problem["figures"]["payment"] == received["data"]["payment"]
    other = await told.house.agent.post(path, {**paid, "reference": "RF18-5390/2"})
    assert other.status_code == 201
    assert "Idempotent-Replayed" not in other.headers


async def test_what_they_bought_since_they_were_let_off_is_measured(told: Told) -> None:
    customer, _, bill = await billed(told)
    told.on("2010-11-10")
    await told.done(f"/v1/bills/{bill}/calls", ILL)
    await told.done(f"/v1/bills/{bill}/write-off", {}, by=told.house.owner)
    told.on("2010-12-01")
    placed = await told.done("/v1/orders", dresses(customer, "card"))
    order = f"/v1/orders/{placed['subject']}"
    paid = {"amount": usd("75.95"), "processor": "acme", "reference": "ch_1"}
    await told.done(f"{order}/payments", paid)
    await told.done(f"{order}/shipments", parcel())

    async def measured() -> tuple[Any, ...]:
        (item,) = await told.rows("/v1/write-offs")
        return item["let_off"], item["written_off"], item["orders"], item["revenue"]

    assert await measured() == (usd("75.95"), usd("75.95"), 1, usd("75.95"))
    # A part of it comes late: it reverses as much of the write-off, and the customer stays clear.
    late = await told.done(f"/v1/bills/{bill}/payments", {"amount": usd("50.00"), **TRANSFER})
    assert of(late, "write_off.reversed")["amount"] == usd("50.00")
    assert await measured() == (usd("75.95"), usd("25.95"), 1, usd("75.95"))
    assert (await row(told, bill))["closed_as"] == "written_off"
    figures = await told.figures(customer)
    assert (figures["balance"], figures["written_off"]) == ("0.00", "25.95")
    # The rest, and more: the excess is credit, and pays for the next order.
    rest = await told.done(f"/v1/bills/{bill}/payments", {"amount": usd("30.00"), **TRANSFER})
    assert of(rest, "bill.payment_received")["set_aside"] == usd("4.05")
    assert (await row(told, bill))["closed_as"] == "paid"
    assert (await told.figures(customer))["credit_available"] == "4.05"
    following = await told.done("/v1/orders", dresses(customer, "card"))
    path = f"/v1/orders/{following['subject']}/credit"
    problem = await told.refused(path, {"amount": usd("4.06")})
    assert problem["type"] == "/problems/credit-exceeds-available"
    await told.done(path, {"amount": usd("4.05")})
    assert (await told.figures(customer))["credit_available"] == "0.00"
    assert (await measured())[2:] == (2, usd("75.95"))


async def test_a_watched_customers_order_is_reviewed_and_never_blocked_silently(told: Told) -> None:
    customer, _, bill = await billed(told)
    told.on("2010-09-20")
    placed = await told.done("/v1/orders", dresses(customer))
    order, owner = placed["subject"], told.house.owner
    (watched,) = await told.rows("/v1/watched-orders")
    assert (watched["order"], watched["open_then"], watched["bills_then"]) == (order, usd("75.95"), 1)
    assert watched["decision"] is None
    tasks = await told.rows("/v1/tasks?kind=watched_review")
    assert [(task["order"], task["assignee"]) for task in tasks] == [(order, "owner")]
    review = f"/v1/watched-orders/{order}/review"
    body = {"decision": "payment_first"}
    assert (await told.refused(review, body, by=owner))["type"] == "/problems/payment-first-without-reason"
    assert (await told.house.agent.post(review, body)).status_code == 403
    await told.done(review, {**body, "reason": "The second unpaid bill."}, by=owner)
    (watched,) = await told.rows("/v1/watched-orders")
    assert (watched["decision"], watched["reviewed_by"]) == ("payment_first", owner.person)
    assert watched["ask_again_on"] == "2010-09-27"
    asked = await told.refused(f"/v1/orders/{order}/shipments", parcel())
    assert asked["type"] == "/problems/payment-asked-first"
    assert (await state_of(told, f"/v1/orders/{order}"))["asks_payment_first"]
    await told.done(review, {"decision": "ship"}, by=owner)
    await told.done(f"/v1/orders/{order}/shipments", parcel())
    assert (await told.rows("/v1/watched-orders"))[0]["units_left"] == 0
    assert (await row(told, bill))["orders_since"] == 1


async def test_nobody_is_asked_again_about_a_watched_order_that_was_cancelled(told: Told) -> None:
    customer, _, _ = await billed(told)
    told.on("2010-09-20")
    order, owner = (await told.done("/v1/orders", dresses(customer)))["subject"], told.house.owner
    first = {"decision": "payment_first", "reason": "The second unpaid bill."}
    await told.done(f"/v1/watched-orders/{order}/review", first, by=owner)
    assert (await told.rows("/v1/watched-orders"))[0]["ask_again_on"] == "2010-09-27"
    await told.done(f"/v1/orders/{order}/cancellation", {})
    (watched,) = await told.rows("/v1/watched-orders")
    assert (watched["units_left"], watched["decision"], watched["ask_again_on"]) == (0, "payment_first", None)


async def test_nobody_is_asked_again_about_a_watched_order_that_was_paid_first(told: Told) -> None:
    # List what was decided alone → the owner is to decide on an order that may ship, this fails.
    customer, _, _ = await billed(told)
    told.on("2010-09-20")
    order, owner = (await told.done("/v1/orders", dresses(customer)))["subject"], told.house.owner
    first = {"decision": "payment_first", "reason": "The second unpaid bill."}
    await told.done(f"/v1/watched-orders/{order}/review", first, by=owner)
    paid = {"amount": usd("75.95"), "processor": "acme", "reference": "ch_1"}
    await told.done(f"/v1/orders/{order}/payments", paid)
    (watched,) = await told.rows("/v1/watched-orders")
    assert (watched["units_left"], watched["decision"], watched["ask_again_on"]) == (2, "payment_first", None)


async def test_the_order_of_somebody_who_has_paid_up_need_not_be_reviewed(told: Told) -> None:
    # Leave the bills out of the rows → the owner is asked about somebody who owes nothing, this fails.
    customer, _, bill = await billed(told)
    told.on("2010-09-20")
    order = (await told.done("/v1/orders", dresses(customer)))["subject"]

    async def asked(query: str = "") -> tuple[bool, int, int, int]:
        (watched,) = await told.rows(f"/v1/watched-orders{query}")
        tasks = await told.rows(f"/v1/tasks{query or '?'}&kind=watched_review")
        return watched["to_review"], len(tasks), watched["bills_now"], watched["open_now"]["amount"]

    assert await asked() == (True, 1, 1, 7595)
    await told.done(f"/v1/bills/{bill}/payments", {"amount": usd("75.94"), **TRANSFER})
    assert await asked() == (True, 1, 1, 1)
    told.on("2010-09-21")
    await told.done(f"/v1/bills/{bill}/payments", {"amount": usd("0.01"), **TRANSFER})
    assert await asked() == (False, 0, 0, 0)
    assert await asked("?as_of=2010-09-20T20:00:00Z") == (True, 1, 1, 1)
    assert await told.rows("/v1/watched-orders?to_review=true") == []
    review, owner = f"/v1/watched-orders/{order}/review", told.house.owner
    body = {"decision": "payment_first", "reason": "Late."}
    refused = await told.refused(review, body, by=owner)
    assert refused["type"] == "/problems/customer-no-longer-watched"
    # Half of it ships on bill, and is overdue in its turn: due on 21 October, watched from the 22nd on.
    half = {**parcel(), "parts": [{"line": 1, "quantity": 1}]}
    await told.done(f"/v1/orders/{order}/shipments", half)
    told.on("2010-10-21")
    assert await asked() == (False, 0, 0, 0)
    told.on("2010-10-22")
    assert await asked() == (True, 1, 1, 4195)
    await told.done(review, body, by=owner)
    # What was asked first is to be decided again once its days are over, whoever pays what else.
    # List only what was never decided → the owner looks for what to review and finds nothing, this fails.
    (owed,) = await told.rows("/v1/unpaid-bills")
    await told.done(f"/v1/bills/{owed['bill']}/payments", {"amount": usd("41.95"), **TRANSFER})
    told.on("2010-10-28")
    assert await asked() == (False, 0, 0, 0)
    told.on("2010-10-29")
    assert await asked() == (True, 1, 0, 0)
    assert [each["order"] for each in await told.rows("/v1/watched-orders?to_review=true")] == [order]
    assert await asked("?as_of=2010-10-28T12:00:00Z") == (False, 0, 0, 0)
    refused = await told.refused(f"/v1/orders/{order}/shipments", half)
    assert refused["type"] == "/problems/payment-asked-first"
    again = {"decision": "payment_first", "reason": "Not yet."}
    assert (await told.refused(review, again, by=owner))["type"] == "/problems/customer-no-longer-watched"
    await told.done(review, {"decision": "ship"}, by=owner)
    assert await asked() == (False, 0, 0, 0)


@pytest.mark.parametrize("won", [True, False])
async def test_a_chargeback_won_and_one_lost(told: Told, won: bool) -> None:
    placed = await told.done("/v1/orders", dresses(terms="card"))
    order, customer = f"/v1/orders/{placed['subject']}", of(placed, "order.placed")["customer"]
    taken = {"amount": usd("75.95"), "processor": "acme", "reference": "ch_1"}
    payment = of(await told.done(f"{order}/payments", taken), "payment.captured")["payment"]
    await told.done(f"{order}/shipments", parcel())
    about = {"payment": payment, "amount": usd("75.95")}
    opened = await told.done(f"{order}/disputes", {**about, "why": "fraudulent"})
    dispute = of(opened, "dispute.opened")["dispute"]
    reversed_ = await told.done(
        f"{order}/payment-reversals", {**about, "kind": "chargeback", "dispute": dispute}
    )
    owed = of(reversed_, "payment.reversed")
    told.on("2010-08-11")
    found = await row(told, owed["bill"])
    assert (found["why"], found["number"], found["stage"], found["open"]) == (
        "chargeback",
        None,
        "watched",
        usd("75.95"),
    )
    assert found["next_action"] is None
    assert (await told.figures(customer))["balance"] == "75.95"
    outcome = {"outcome": "won" if won else "lost"}
    await told.done(f"{order}/disputes/{dispute}/closing", outcome)
    if won:
        back = f"{order}/payment-reversals/{owed['reversal']}/reinstatements"
        await told.done(back, {"amount": usd("75.95"), "reference": "dp_1"})
        assert (await row(told, owed["bill"]))["closed_as"] == "paid"
    shown = await state_of(told, order)
    assert shown["disputes"][0]["outcome"] == outcome["outcome"]
    assert (await told.figures(customer))["balance"] == ("0.00" if won else "75.95")


async def test_aging_counts_days_since_issue(told: Told) -> None:
    for day in ("2010-08-10", "2010-09-09", "2010-09-10", "2010-10-10", "2010-11-09"):
        told.on(day)
        await billed(told)
    told.on("2010-11-09")  # 91, 61, 60, 30 and 0 days later
    (ages,) = await told.rows("/v1/aging")
    one, two = usd("75.95"), usd("151.90")
    columns = ("up_to_30", "from_31_to_60", "from_61_to_90", "over_90")
    assert tuple(ages[column] for column in columns) == (two, one, one, one)
    assert (ages["bills"], ages["open"], ages["overdue"]) == (5, usd("379.75"), usd("227.85"))
    (then,) = await told.rows("/v1/aging?as_of=2010-09-09T20:00:00Z")
    assert (then["bills"], then["up_to_30"]) == (2, usd("151.90"))


async def test_what_comes_late_counts_in_the_first_open_month_and_is_listed(told: Told) -> None:
    # Leave the closings out of `month_of` → this fails: the late payment would change a closed month.
    _, _, bill = await billed(told)
    told.on("2010-09-05")
    closing = {"month": "2010-08"}
    refused = await told.house.agent.post("/v1/periods", closing)
    assert refused.status_code == 403
    assert (await told.refused("/v1/periods", {"month": "2010-09"}, by=told.house.owner))["type"] == (
        "/problems/month-not-over"
    )
    await told.done("/v1/periods", closing, by=told.house.owner)
    paid = {"amount": usd("75.95"), **TRANSFER, "effective_at": "2010-08-20T12:00:00Z"}
    receipt = await told.done(f"/v1/bills/{bill}/payments", paid)

    async def month(name: str) -> tuple[dict[str, Any], list[int]]:
        shown = await told.shown(f"/v1/trial-balance?month={name}")
        balances = {item["account"]: item["balance"]["amount"] for item in shown["items"]}
        return balances, shown["late"]

    august, none = await month("2010-08")
    assert august == {"assets:customers": 7595, "revenue:sales": -6800, "revenue:shipping": -795}
    assert none == []
    september, late = await month("2010-09")
    assert september == {"assets:cash": 7595, "assets:customers": -7595}
    assert late == [receipt["position"]]
    assert (await month("2010-07")) == ({}, [])

    async def reported(by: str) -> list[tuple[str, int, int, int]]:
        shown = await told.rows(f"/v1/period-report{by}")
        return [
            (it["month"], it["sales"]["amount"], it["collected"]["amount"], it["late_entries"])
            for it in shown
        ]

    # Leave `first_open` out of BY_BOOKS → this fails: the report would tell another August than its books.
    assert await reported("") == [("2010-08", 6800, 0, 0), ("2010-09", 0, 7595, 1)]
    assert await reported("?by=effective") == [("2010-08", 6800, 7595, 0)]
    periods = await told.house.owner.get("/v1/periods")
    assert [period["through"] for period in periods.json()["items"]] == ["2010-08-31"]


async def test_a_customers_standing_is_what_the_next_order_would_freeze(told: Told) -> None:
    # Answer from the last order's frozen standing → this fails: a bill was paid, or became overdue, since.
    customer, order, bill = await billed(told)
    asked = f"/v1/customers/{customer}/standing"

    async def shown(query: str = "") -> dict[str, Any]:
        answer = await told.house.agent.get(asked + query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    new = await shown()
    assert (new["standing"], new["rests_on"], new["watched"]) == ("new", None, False)
    told.on("2010-09-10")
    late = await shown()
    assert (late["standing"], late["watched"]) == ("new", True)
    assert late["open_bills"] == [
        {"bill": bill, "order": order, "due_on": "2010-09-09", "open": usd("75.95"), "overdue": True}
    ]
    await told.done(f"/v1/bills/{bill}/payments", {"amount": usd("75.95"), **TRANSFER})
    paid = await shown()
    assert (paid["standing"], paid["rests_on"]) == ("existing", order)
    assert (paid["watched"], paid["open_bills"]) == (False, [])
    assert (await shown("?as_of=2010-09-09T20:00:00Z"))["standing"] == "new"
    assert not (await shown("?as_of=2010-09-09T20:00:00Z"))["watched"]


async def test_the_signals_about_a_customer_stand_with_their_standing(told: Told) -> None:
    customer, _, _ = await billed(told)
    claim = {"claims": [{"sku": "SOAP", "quantity": 1, "amount": usd("1.00")}]}
    for _ in range(2):
        granted = await told.done(f"/v1/customers/{customer}/refunds", claim)
    shown = (await told.house.agent.get(f"/v1/customers/{customer}/standing")).json()
    assert (shown["refunds"], shown["unverified_refunds"]) == (2, 2)
    (signal,) = shown["signals"]
    refund = of(granted, "refund.granted")["refund"]
    assert (signal["kind"], signal["refund"], signal["dismissed"]) == ("unverified_again", refund, None)


async def test_open_books_are_reported_by_month_of_effect_or_of_recording(told: Told) -> None:
    # Take the months of UTC → this fails: half past nine in the evening is tomorrow there.
    told.on("2010-08-31", "21:30")
    _, order, bill = await billed(told)
    told.on("2010-09-05")
    await told.done(f"/v1/bills/{bill}/payments", {"amount": usd("50.00"), **TRANSFER})
    one = {"parts": [{"line": 1, "quantity": 1}]}
    refund = of(await told.done(f"/v1/orders/{order}/refunds", one), "refund.granted")["refund"]
    await told.done(f"/v1/refunds/{refund}/settlement", {"reference": "RF-40"})
    august, september = await told.rows("/v1/period-report")
    assert (august["month"], august["sales"], august["shipping"]) == ("2010-08", usd("68.00"), usd("7.95"))
    assert (august["net_sales"], august["collected"]) == (usd("75.95"), usd("0.00"))
    assert (september["month"], september["returned"], september["net_sales"]) == (
        "2010-09",
        usd("34.00"),
        usd("-34.00"),
    )
    assert (september["collected"], september["paid_out"]) == (usd("50.00"), usd("8.05"))
    totals = await told.rows("/v1/trial-balance")
    cash = next(item["balance"]["amount"] for item in totals if item["account"] == "assets:cash")
    assert cash == september["collected"]["amount"] - september["paid_out"]["amount"]
    (all_at_once,) = await told.rows("/v1/period-report?by=recorded")
    assert all_at_once["sales"] == usd("68.00")
    assert all_at_once["returned"] == usd("34.00")
