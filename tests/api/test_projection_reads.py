"""Read models over HTTP: what was just written can be waited for, the past is shown, every figure adds up."""

import asyncio
import csv
import io
import threading
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI

from api.lists import ListQuery
from api.render import rfc3339
from ledger.composition import Ledger
from ledger.database import Database
from ledger.errors import Undecodable
from ledger.projecting import cursors
from ledger.projecting.entries import connect
from ledger.projecting.following import Following
from ledger.projecting.rebuild import Receipt
from ledger.projecting.rebuilding import rebuild_alone
from ledger.projecting.verify import verify
from projections.catalogue import PROJECTIONS
from projections.customer_balance import CustomerBalance
from projections.folding import Parked
from projections.journal import Journal
from tests.api.conftest import followed
from tests.api.house import House, eur, opened_house, payment_body
from tests.api.scene import DECLARED, scene_in

pytestmark = pytest.mark.anyio

BALANCE, JOURNAL = CustomerBalance(), Journal()


async def got(house: House, path: str, **headers: str) -> dict[str, Any]:
    answer = await house.agent.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def written(house: House, path: str, body: object) -> int:
    """The position of what was just written."""
    return (await house.recorded(path, body))["position"]


async def test_what_was_written_is_read_by_its_position_under_load(house: House) -> None:
    """Answer without waiting for `min_position` → this fails."""

    async def writes_and_reads(customer: str) -> None:
        for number in range(1, 6):
            order = await house.order(customer_id=customer)
            position = await written(house, f"/v1/orders/{order}/payments", payment_body(1000))
            page = await got(house, f"/v1/customers/{customer}/balance?min_position={position}")
            assert page["as_of_position"] >= position
            assert page["items"][0]["received"] == eur(1000 * number)

    customers = [await house.customer() for _ in range(6)]
    await asyncio.gather(*[writes_and_reads(customer) for customer in customers])


async def test_a_position_the_book_never_reached_is_no_reason_to_wait(house: House) -> None:
    answer = await house.agent.get("/v1/journal?min_position=999999999")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["min_position"]


async def test_rows_that_nobody_keeps_answer_that_they_are_being_built(
    ledger: Ledger, fresh_house: House
) -> None:
    answer = await fresh_house.agent.get("/v1/journal")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["type"] == "/problems/projection-building"
    (named, *_) = (await got(fresh_house, "/v1/projections"))["items"]
    assert (named["status"], named["position"]) == ("building", None)
    async with followed(ledger, fresh_house.book):
        assert (await got(fresh_house, "/v1/journal"))["items"] == []
        listed = (await got(fresh_house, "/v1/projections"))["items"]
    assert [item["name"] for item in listed] == [projection.name for projection in PROJECTIONS]
    assert {item["status"] for item in listed} == {"current"}


async def test_rows_that_stand_still_are_not_waited_for_for_ever(
    ledger: Ledger, fresh_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.projecting.read_models.PATIENCE", 0.05)
    async with followed(ledger, fresh_house.book):
        pass
    position = (await fresh_house.recorded("/v1/customers", {}))["position"]
    answer = await fresh_house.agent.get(f"/v1/journal?min_position={position}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["type"] == "/problems/read-model-behind"


async def test_a_balance_is_what_its_orders_charge_and_receive(kept: House) -> None:
    customer = await kept.customer()
    order = await kept.order(quantity=3, customer_id=customer)
    await kept.recorded(f"/v1/orders/{order}/payments", payment_body(3000))
    before = await kept.head()
    await kept.shipment(order, 2)
    head = await kept.head()
    path = f"/v1/customers/{customer}/balance"

    (now,) = (await got(kept, f"{path}?min_position={head}"))["items"]
    assert [now[of] for of in ("charged", "received", "balance", "deposits_held")] == [
        eur(2000),
        eur(3000),
        eur(-1000),
        eur(1000),
    ]
    then = await got(kept, f"{path}?as_of_position={before}")
    assert then["as_of_position"] == before
    assert then["items"][0]["balance"] == eur(-3000)
    assert (await got(kept, f"{path}?as_of=2000-01-01T00:00:00Z"))["items"] == []

    lines = (await got(kept, f"/v1/customers/{customer}/statement?min_position={head}"))["items"]
    assert [(line["event"], line["balance"]) for line in lines] == [
        ("paid", eur(-3000)),
        ("shipped", eur(-1000)),
    ]
    newest = (await got(kept, f"/v1/customers/{customer}/statement?sort=-position&limit=1"))["items"]
    assert newest == lines[1:]


async def test_an_order_that_cost_us_only_goodwill_is_in_the_balance(kept: House) -> None:
    """Count only what was charged or paid → this fails."""
    customer = await kept.customer()
    free = {"order_discount": eur(1000), "shipping": eur(500), "shipping_credit": eur(500)}
    order = await kept.order(quantity=1, customer_id=customer, **free)
    await kept.shipment(order, 1)
    path = f"/v1/customers/{customer}/balance?min_position={await kept.head()}"
    (now,) = (await got(kept, path))["items"]
    assert (now["charged"], now["goodwill_cost"]) == (eur(0), eur(500))


async def test_what_was_entered_late_counts_from_when_it_took_effect(kept: House) -> None:
    customer = await kept.customer()
    order = await kept.order(customer_id=customer, effective_at="2026-01-05T10:00:00Z")
    body = payment_body(2000) | {"effective_at": "2026-01-06T10:00:00Z"}
    paid = await written(kept, f"/v1/orders/{order}/payments", body)
    figures = ((f"/v1/customers/{customer}/balance", "balance", -2000), ("/v1/trial-balance", "debit", 2000))
    for path, column, figure in figures:
        query = f"?min_position={paid}&as_of="
        before = await got(kept, f"{path}{query}2026-01-06T09:59:59Z")
        assert [item[column] for item in before["items"]] in ([], [eur(0)])
        assert paid not in before["late"]
        after = await got(kept, f"{path}{query}2026-01-06T10:00:00Z")
        assert eur(figure) in [item[column] for item in after["items"]]
        assert paid in after["late"]


async def test_every_list_shows_what_had_been_recorded_by_a_moment(kept: House) -> None:
    """The same as of the last entry of that time, on both sides of its moment. Forget `as_of_recorded` in one
    way of answering (live lines, rows folded anew, rows folded from a stream) → this fails.
    """
    scene = await scene_in(kept)
    entries = await kept.book.page(0, 1_000)
    for chosen in (entries[-1], entries[-4]):
        for nudge in (-1, 0):
            moment = chosen.recorded_at + nudge
            position = sum(entry.recorded_at <= moment for entry in entries)
            then = rfc3339(moment)
            paths = [scene.path(declared) for declared in DECLARED if declared.lists_rows]
            for path in (*paths, f"/v1/orders?customer={scene.ids['customer']}"):
                asked = f"{path}{'&' if '?' in path else '?'}min_position={entries[-1].position}&"
                by_time = await got(kept, f"{asked}as_of_recorded={then}")
                assert by_time == await got(kept, f"{asked}as_of_position={position}"), path
                assert (by_time["as_of_position"], by_time["late"]) == (position, [])
    path = f"/v1/orders/{scene.ids['order']}"
    placed = next(entry for entry in entries if entry.stream == scene.ids["order"])
    shown = await got(kept, f"{path}?as_of_recorded={rfc3339(placed.recorded_at)}")
    assert (shown["position"], shown["version"]) == (placed.position, 1)
    before = await kept.agent.get(f"{path}?as_of_recorded={rfc3339(placed.recorded_at - 1)}")
    assert before.status_code == 404


async def test_every_figure_is_explained_by_deltas_that_sum_to_it(kept: House) -> None:
    """Leave an entry out of an explanation, or count one twice → this fails."""
    customer = await kept.customer()
    for quantity in (1, 2, 3):
        order = await kept.order(quantity, customer_id=customer)
        await kept.recorded(f"/v1/orders/{order}/payments", payment_body(1000 * quantity))
        await kept.shipment(order)
    head = await kept.head()
    (balance,) = (await got(kept, f"/v1/customers/{customer}/balance?min_position={head}"))["items"]
    for column in balance.keys() - {"customer", "currency", "last_position", "incomplete"}:
        path = f"/v1/customers/{customer}/balance/explain?column={column}&limit=2"
        await adds_up(kept, path, balance[column])
    accounts = (await got(kept, f"/v1/trial-balance?min_position={head}"))["items"]
    for account in accounts:
        for column in ("debit", "credit", "balance"):
            path = f"/v1/trial-balance/explain?account={account['account']}&currency=EUR&column={column}"
            await adds_up(kept, f"{path}&limit=2", account[column])
    assert sum(account["balance"]["amount"] for account in accounts) == 0


async def adds_up(house: House, path: str, figure: dict[str, object]) -> None:
    assert (await got(house, path))["figure"] == figure
    deltas = await house.every(path)
    assert sum(delta["delta"]["amount"] for delta in deltas) == figure["amount"]
    for delta in deltas[:2]:
        entry = await got(house, delta["entry"])
        assert (entry["type"], entry["stream"]) == (delta["type"], delta["stream"])


@pytest.mark.parametrize("path", ["/v1/trial-balance/explain?currency=EUR&account=", "/v1/journal?account="])
async def test_an_account_the_books_do_not_have_is_pointed_at(house: House, path: str) -> None:
    # Take any name for an account → 0, as if it were there and empty, and this fails.
    answer = await house.agent.get(f"{path}assets:nope")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "account"
    assert "assets:customers" in fault["detail"]


async def test_a_customer_of_several_currencies_is_explained_one_by_one(house: House) -> None:
    customer = await house.customer()
    path = f"/v1/customers/{customer}/balance/explain"
    assert (await house.agent.get(path)).status_code == 404
    for currency in ("EUR", "USD"):
        price = {"amount": 900, "currency": currency}
        line = {"sku": "MUG", "description": "A mug", "quantity": 1, "unit_price": price}
        await house.order(lines=[line], customer_id=customer)
    assert (await house.agent.get(path)).status_code == 422
    assert (await got(house, f"{path}?currency=USD"))["figure"] == {"amount": 0, "currency": "USD"}


async def test_orders_are_filtered_sorted_and_paged_without_gap_or_overlap(kept: House) -> None:
    customer = await kept.customer()
    placed = [await kept.order(quantity, customer_id=customer) for quantity in (3, 1, 2, 3, 1)]
    await kept.paid_order()
    await kept.recorded(f"/v1/orders/{placed[1]}/cancellation", {})
    head = await kept.head()
    everything = await kept.every(f"/v1/orders?limit=2&min_position={head}")
    assert [item["id"] for item in everything[:5]] == placed
    assert len(everything) == 6
    backwards = await kept.every("/v1/orders?limit=1&sort=-placed_at")
    assert backwards == everything[::-1]
    by_total = await kept.every("/v1/orders?limit=4&sort=-total")
    totals = [item["total"]["amount"] for item in by_total]
    assert totals == sorted(totals, reverse=True)
    assert [item["id"] for item in (await got(kept, "/v1/orders?status=cancelled"))["items"]] == [placed[1]]
    assert (await got(kept, "/v1/orders?standing=existing"))["items"] == []
    late = everything[3]["placed_at"]
    assert [item["id"] for item in await kept.every(f"/v1/orders?placed_from={late}&limit=3")] == [
        item["id"] for item in everything[3:]
    ]


async def test_a_reference_or_a_customer_is_found_at_once_without_any_rows(fresh_house: House) -> None:
    """Answer these from the rows → a book whose rows nobody keeps fails this."""
    customer, reference = await fresh_house.customer(), uuid4().hex
    first = await fresh_house.order(customer_id=customer, external_ref=reference)
    before = await fresh_house.head()
    second = await fresh_house.order(customer_id=customer)
    (by_reference,) = (await got(fresh_house, f"/v1/orders?external_ref={reference}"))["items"]
    assert by_reference["id"] == first
    found = await fresh_house.every(f"/v1/orders?customer={customer}&limit=1")
    assert [item["id"] for item in found] == [first, second]
    assert found[0] == by_reference
    then = await got(fresh_house, f"/v1/orders?customer={customer}&as_of_position={before}")
    assert [item["id"] for item in then["items"]] == [first]
    others = f"/v1/orders?customer={await fresh_house.customer()}&external_ref={reference}"
    assert (await got(fresh_house, others))["items"] == []


async def test_orders_are_searched_by_what_a_caller_says(kept: House) -> None:
    mark = uuid4().hex[:8]
    points = [{"kind": "email", "value": f"{mark}@example.com"}]
    customer = (await kept.recorded("/v1/customers", {"name": f"Ann {mark}", "contact_points": points}))[
        "subject"
    ]
    order = await kept.order(customer_id=customer, external_ref=f"{mark}-1")
    other = await kept.order(external_ref=f"{mark}-2")
    head = await kept.head()

    async def found(house_member: str, search: str) -> list[str]:
        path = f"/v1/orders?search={search}&min_position={head}"
        answer = await kept.callers[house_member].get(path)
        return [item["id"] for item in answer.json()["items"]]

    assert await found("agent", f"{mark}-") == [order, other]
    assert await found("agent", order) == [order]
    assert await found("agent", f"{mark.upper()}@example.com") == [order]
    assert await found("agent", f"Ann%20{mark}") == [order]
    assert await found("auditor", f"{mark}@example.com") == [], "who may not see it may not search it"


async def test_lists_are_given_as_csv_to_who_asks(kept: House) -> None:
    customer = await kept.customer()
    order = await kept.order(customer_id=customer)
    await kept.recorded(f"/v1/orders/{order}/payments", payment_body(1050))
    head = await kept.head()
    path = f"/v1/customers/{customer}/statement?min_position={head}"
    answer = await kept.agent.get(path, headers={"Accept": "text/csv, application/json;q=0.5"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert int(answer.headers["Ledger-Position"]) >= head
    heading, line = csv.reader(io.StringIO(answer.text))
    row = dict(zip(heading, line, strict=True))
    assert (row["minus"], row["balance"], row["currency"], row["incomplete"]) == (
        "10.50",
        "-10.50",
        "EUR",
        "",
    )
    assert (await kept.agent.get(path)).headers["content-type"] == "application/json"
    for listed in [each.path for each in DECLARED if each.flat and "{" not in each.path]:
        if listed.endswith("/explain"):
            continue
        both = [await kept.agent.get(listed, headers={"Accept": kind}) for kind in ("text/csv", "*/*")]
        lines = both[0].text.splitlines()
        assert len(lines) == 1 + len(both[1].json()["items"])


async def test_tasks_are_due_by_now_or_by_the_moment_asked_about(kept: House) -> None:
    customer = await kept.customer()
    order = await kept.order(customer_id=customer)
    head = await kept.head()
    later = (await got(kept, f"/v1/tasks?min_position={head}&due_by=2999-01-01T00:00:00Z"))["items"]
    assert {task["kind"] for task in later} >= {"acknowledgement", "thanks"}
    now = (await got(kept, "/v1/tasks"))["items"]
    assert {task["kind"] for task in now} < {task["kind"] for task in later}
    contact = {"kind": "acknowledgement", "channel": "email", "automatic": True}
    done = await written(kept, f"/v1/orders/{order}/contacts", contact)
    after = (await got(kept, f"/v1/tasks?order={order}&min_position={done}&due_by=2999-01-01T00:00:00Z"))[
        "items"
    ]
    assert "acknowledgement" not in {task["kind"] for task in after}
    before = (await got(kept, f"/v1/tasks?as_of_position={head}&due_by=2999-01-01T00:00:00Z"))["items"]
    assert before == later


async def test_rows_of_a_parked_group_are_shown_as_incomplete(kept: House, database: Database) -> None:
    """Leave `stands_still_at` out of a page → this fails."""
    ann, ben = await kept.customer(), await kept.customer()
    for customer in (ann, ben):
        await kept.recorded(
            f"/v1/orders/{await kept.order(customer_id=customer)}/payments", payment_body(500)
        )
    head = await kept.head()
    (shown,) = (await got(kept, f"/v1/customers/{ann}/balance?min_position={head}"))["items"]
    assert shown["incomplete"] is None
    with psycopg.connect(database.app_conninfo) as connection:
        group = (ann, "EUR", "ord_x")
        cursors.park(
            connection, kept.book.name, BALANCE, [Parked(group, head, "ord_x", ann, "LookupError: x")]
        )
        cursors.park(
            connection, kept.book.name, JOURNAL, [Parked((head, 1), head, "ord_x", ann, "LookupError: x")]
        )
    for position, incomplete in ((head - 1, []), (head, [head])):  # its future says nothing about the past
        past = await got(kept, f"/v1/journal?as_of_position={position}")
        assert past["incomplete"] == incomplete
    page = await got(kept, f"/v1/customers/{ann}/balance")
    assert page["incomplete"] == [head]
    assert page["items"][0]["incomplete"] == head
    assert (await got(kept, f"/v1/customers/{ben}/balance"))["items"][0]["incomplete"] is None
    listed = {item["name"]: item["parked"] for item in (await got(kept, "/v1/projections"))["items"]}
    assert (listed["customer_balance"], listed["orders"]) == (1, 0)
    exposed = (await kept.agent.get("/metrics")).text
    assert 'makegood_projection_parked{projection="customer_balance"} 1.0' in exposed
    assert 'makegood_projection_lag_entries{projection="orders"}' in exposed
    assert "makegood_projection_entries_total" in exposed
    assert "LookupError" not in exposed + str(page)
    ready = (await kept.agent.get("/readyz")).json()
    assert (ready["status"], ready["parked"] >= 2) == ("degraded: some rows stand still", True)


@pytest.mark.parametrize(
    "cursor", ["AAAA", "W10", "WyJhIiwgMV0", "WyJcdTAwMDAiLCAxXQ", "WzFlOTksIDFd", "W251bGwsIDFd"]
)
async def test_a_cursor_of_another_list_is_refused(house: House, cursor: str) -> None:
    answer = await house.agent.get(f"/v1/journal?cursor={cursor}")
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["cursor"]


async def test_a_cursor_goes_on_with_the_very_list_it_is_of(kept: House) -> None:
    # Check only the types of what a cursor holds → this fails: the page is another list's, or has gaps.
    head = 0
    for _ in range(3):
        head = await written(kept, "/v1/customers", {"name": "Ann"})
    first = await got(kept, f"/v1/customers?limit=1&min_position={head}&channel=api")
    cursor = f"&cursor={first['next']}"
    for same in ("limit=2&channel=api&sort=registered_at", f"channel=api&as_of_position={head}"):
        assert (await got(kept, f"/v1/customers?{same}{cursor}"))["items"], same
    for other in (
        "/v1/customers?limit=1",
        "/v1/customers?channel=web",
        "/v1/customers?channel=api&sort=-registered_at",
        "/v1/customers?channel=api&sort=active_at",
        "/v1/orders?channel=api",
    ):
        answer = await kept.agent.get(other + cursor)
        assert answer.status_code == 422, (other, answer.text)
        assert answer.json()["errors"] == [
            {"pointer": "cursor", "detail": "Should be `next` of a page of this very list"}
        ]


async def test_two_pasts_at_once_are_refused(house: House) -> None:
    assert ListQuery().at is None
    then = "2026-01-01T00:00:00Z"
    for pasts in (f"as_of_position=1&as_of={then}", f"as_of={then}&as_of_recorded={then}"):
        assert (await house.agent.get(f"/v1/journal?{pasts}")).status_code == 422


async def test_the_service_is_ready_and_says_when_rows_stand_still(
    kept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = await kept.agent.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["parked"] >= 0
    models = kept.book.read_models
    models.stands_at = models.readers.position
    assert (await kept.agent.get("/readyz")).json()["status"] == "degraded: read models stand still"
    assert (await got(kept, "/v1/projections"))["items"][0]["status"] == "stopped"
    head = (await kept.recorded("/v1/customers", {}))["position"]
    await got(kept, f"/v1/journal?min_position={head}")
    assert not models.is_stopped, "it went on, so it does not stand still"


async def test_the_service_says_how_many_books_are_not_ticked(kept: House, ledger: Ledger) -> None:
    """Leave them out of either address, or of the status → this fails. That a tick that failed is counted is
    seen in `tests/ticking`.
    """
    assert (await kept.agent.get("/readyz")).json()["not_ticked"] == 0
    ledger.not_ticked.add(kept.book.name)
    ready = (await kept.agent.get("/readyz")).json()
    assert (ready["not_ticked"], ready["status"]) == (1, "degraded: books are not ticked")
    assert "makegood_books_not_ticked 1.0" in (await kept.agent.get("/metrics")).text
    ledger.not_ticked.clear()


async def test_an_entry_nobody_can_read_stops_the_rows_and_not_the_service(
    ledger: Ledger, app: FastAPI, fresh_house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let `follow` die silently → this fails."""
    monkeypatch.setattr("ledger.projecting.following.AGAIN_AFTER", 0.05)
    book, told = fresh_house.book, asyncio.Event()
    failures: list[Exception] = []

    def tell(_: str, failure: Exception) -> None:
        failures.append(failure)
        told.set()

    task = asyncio.create_task(Following(ledger, tell).follow(book))
    await fresh_house.order()
    assert await book.read_models.readers.wait_for(book.position, 20)
    with psycopg.connect(database.app_conninfo) as connection:
        connection.execute(
            "INSERT INTO entries SELECT book, position + 1, stream || 'x', version, type, schema_version + 1,"
            " customer, effective_at, recorded_at, meta, data, hash FROM entries"
            " WHERE book = %s AND position = (SELECT max(position) FROM entries WHERE book = %s)",
            (book.name, book.name),
        )
        connection.execute("UPDATE heads SET position = position + 1 WHERE book = %s", (book.name,))
    await asyncio.wait_for(told.wait(), 20)
    assert book.read_models.is_stopped
    assert (await fresh_house.agent.get("/readyz")).json()["status"].startswith("degraded")
    assert len(failures) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_is_built_is_followed_while_something_new_is_being_built(
    ledger: Ledger, fresh_house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Build before following → the rows of the others stand still for as long as it takes, this fails."""
    book, go_on, built = fresh_house.book, threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    new, others = PROJECTIONS[0], PROJECTIONS[1:]

    def when_told(*arguments: Any) -> list[Receipt]:
        go_on.wait(20)
        receipts = rebuild_alone(*arguments)
        loop.call_soon_threadsafe(built.set)
        return receipts

    monkeypatch.setattr("ledger.projecting.following.rebuild_alone", when_told)
    await asyncio.to_thread(rebuild_alone, database.app_conninfo, book.name, others)
    async with followed(ledger, book):
        await fresh_house.paid_order()
        head = book.position
        assert await book.read_models.readers.wait_for(head, 20)
        lags = {lag.projection: lag.position for lag in await book.read_models.lags()}
        assert (lags.pop(new.name), set(lags.values())) == (None, {head})
        go_on.set()
        await asyncio.wait_for(built.wait(), 20)
        await fresh_house.paid_order()
        assert await book.read_models.readers.wait_for(book.position, 20)
    verdicts = await asyncio.to_thread(verify, database.app_conninfo, book.name, PROJECTIONS)
    assert all(verdict.sound and verdict.position == book.position for verdict in verdicts)


async def test_a_build_that_cannot_be_is_told_and_shown(
    ledger: Ledger, fresh_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Event()

    def unreadable(*_: Any) -> list[Receipt]:
        raise Undecodable(1, "written by a newer release")

    monkeypatch.setattr("ledger.projecting.following.rebuild_alone", unreadable)
    task = asyncio.create_task(Following(ledger, lambda *_: told.set()).follow(fresh_house.book))
    await asyncio.wait_for(told.wait(), 20)
    assert (await fresh_house.agent.get("/readyz")).json()["status"] == "degraded: read models stand still"
    assert {item["status"] for item in (await got(fresh_house, "/v1/projections"))["items"]} == {"stopped"}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_was_followed_equals_a_fresh_fold(kept: House, database: Database) -> None:
    for quantity in (1, 2):
        order = await kept.paid_order(quantity)
        await kept.shipment(order)
    head = await kept.head()
    await got(kept, f"/v1/journal?min_position={head}")
    verdicts = await asyncio.to_thread(verify, database.app_conninfo, kept.book.name, PROJECTIONS)
    assert [verdict.sound for verdict in verdicts] == [True] * len(PROJECTIONS)
    with connect(database.app_conninfo) as connection:
        assert {lag.entries for lag in cursors.lags_of(connection, kept.book.name, PROJECTIONS)} == {0}


async def test_new_books_are_followed_too(
    ledger: Ledger, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.projecting import following

    monkeypatch.setattr(following, "LOOK_EVERY", 0.05)
    name = f"book-{uuid4().hex}"

    async def only() -> list[str]:
        return [name] if name in {book.name for book in ledger.opened()} else []

    monkeypatch.setattr(ledger, "books", only)
    failures: list[Exception] = []
    async with following.following(ledger, lambda _, failure: failures.append(failure)):
        house = await opened_house(ledger, app, name)
        await house.order()
        assert await house.book.read_models.readers.wait_for(house.book.position, 20)
    assert not failures
