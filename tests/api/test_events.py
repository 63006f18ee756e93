"""The book's entries over HTTP: in pages, one by one, and as a stream that resumes where it was cut off."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jsonschema_rs import validator_for

from api.v1 import events
from ledger.composition import Ledger
from tests.api.house import Caller, House

pytestmark = pytest.mark.anyio


class Listener:
    """What a stream of server-sent events has sent so far."""

    def __init__(self) -> None:
        self.status = 0
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._ended = asyncio.Event()

    async def send(self, message: dict[str, Any]) -> None:
        """Take one message of the application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if not message.get("more_body", False):
            self._ended.set()
        for block in message["body"].decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if line and line[0] != ":")
            if fields:
                self._events.put_nowait(fields)

    async def ended(self) -> None:
        """Wait until the server has ended the stream."""
        await asyncio.wait_for(self._ended.wait(), 10)

    def left(self) -> int:
        """How many events came that nobody has asked for."""
        return self._events.qsize()

    async def heard(self, count: int) -> list[dict[str, Any]]:
        """The next events, waited for."""
        return [await asyncio.wait_for(self._events.get(), 10) for _ in range(count)]


@asynccontextmanager
async def listening(
    house: House, caller: Caller, query: str = "", last_event_id: int | None = None
) -> AsyncIterator[Listener]:
    """A reader of the stream, who hangs up in the end."""
    listener, hung_up = Listener(), asyncio.Event()
    headers = [(b"authorization", f"Bearer {caller.key}".encode())]
    if last_event_id is not None:
        headers.append((b"last-event-id", str(last_event_id).encode()))
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/events/stream",
        "raw_path": b"/v1/events/stream",
        "root_path": "",
        "query_string": query.encode(),
        "headers": headers,
        "http_version": "1.1",
        "scheme": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "server": ("makegood", 80),
        "client": ("reader", 1),
    }

    async def receive() -> dict[str, Any]:
        await hung_up.wait()
        return {"type": "http.disconnect"}

    serving = asyncio.create_task(house.app(scope, receive, listener.send))
    yield listener
    hung_up.set()
    await asyncio.wait_for(serving, 10)


async def test_the_stream_tells_what_was_and_goes_on_with_what_comes(house: House) -> None:
    head = await house.head()
    order = await house.order()
    async with listening(house, house.agent, f"cursor={head}") as stream:
        first, second = await stream.heard(2)
        assert (first["event"], second["event"]) == ("customer.registered", "order.placed")
        assert json.loads(second["data"])["stream"] == order
        await house.order()
        third, fourth = await stream.heard(2)
        assert [int(event["id"]) for event in (first, second, third, fourth)] == [
            head + 1,
            head + 2,
            head + 3,
            head + 4,
        ]


async def test_what_a_stream_sends_is_as_described(house: House) -> None:
    # Describe a stream as a text alone, or its data as another answer → this fails.
    document = house.app.openapi()
    answers = document["paths"]["/v1/events/stream"]["get"]["responses"]["200"]["content"]
    assert answers.keys() == {"text/event-stream"}
    described = answers["text/event-stream"]["itemSchema"]
    data = described["properties"]["data"]
    head = await house.head()
    await house.paid_order()
    async with listening(house, house.agent, f"cursor={head}") as stream:
        for event in await stream.heard(3):
            validator_for(described).validate(event)
            within = {**data["contentSchema"], "components": document["components"]}
            validator_for(within).validate(json.loads(event["data"]))


async def test_the_stream_resumes_without_gap_after_any_interruption(house: House) -> None:
    # Begin at the head instead of after Last-Event-ID, or count filtered entries wrongly → this fails.
    first = last = await house.head()
    seen: list[int] = []
    for _ in range(4):
        writing = asyncio.create_task(house.order())
        async with listening(house, house.agent, last_event_id=last) as stream:
            heard = await stream.heard(1)
        seen += [int(event["id"]) for event in heard]
        last = seen[-1]
        await writing
    async with listening(house, house.agent, last_event_id=last) as stream:
        seen += [int(event["id"]) for event in await stream.heard(4)]
    assert seen == list(range(first + 1, first + 9))


async def test_a_stream_begins_after_an_entry_the_book_has(house: House) -> None:
    # Take any number → this hangs: the stream waits for an entry that is years away.
    beyond = await house.head() + 1
    for query, headers, pointer in (
        (f"cursor={beyond}", {}, "cursor"),
        ("", {"Last-Event-ID": str(beyond)}, "Last-Event-ID"),
    ):
        answer = await asyncio.wait_for(
            house.agent.get(f"/v1/events/stream?{query}", headers=headers), timeout=10
        )
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"] == [{"pointer": pointer, "detail": "Should be an entry the book has"}]
    for path in ("/v1/events", "/v1/products"):
        assert (await house.agent.get(f"{path}?cursor={beyond}")).status_code == 422
        assert (await house.agent.get(f"{path}?cursor={beyond - 1}")).status_code == 200


async def test_the_stream_of_one_order_tells_nothing_else(house: House) -> None:
    order = await house.order()
    async with listening(house, house.agent, f"order={order}") as stream:
        (placed,) = await stream.heard(1)
        await house.order()
        await house.recorded(
            f"/v1/orders/{order}/payments",
            {"amount": {"amount": 2000, "currency": "EUR"}, "processor": "stripe", "reference": order},
        )
        (captured,) = await stream.heard(1)
    assert (placed["event"], captured["event"]) == ("order.placed", "payment.captured")


async def test_the_stream_ends_with_the_key_it_was_asked_with(
    house: House, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Look at the key when the stream begins and never again → the next order is told, too.
    monkeypatch.setattr(events, "KEPT_ALIVE_AFTER", 0.0)
    name = house.book.name
    issued = await ledger.api_keys.issue(name, house.agent.person, house.book.clock())
    caller = Caller(house.app, issued.text, house.agent.person)
    head = await house.head()
    async with listening(house, caller, f"cursor={head}") as stream:
        await house.order()
        await stream.heard(2)
        await ledger.api_keys.revoke(name, issued.id, house.book.clock())
        await stream.ended()
        await house.order()
    assert stream.left() == 0


async def test_a_stream_is_not_asked_for_without_its_body(house: House) -> None:
    assert (await house.agent.client.request("HEAD", "/v1/events/stream")).status_code == 405


async def test_a_last_event_id_that_is_no_position_is_refused(house: House) -> None:
    answer = await house.agent.get("/v1/events/stream", headers={"Last-Event-ID": "yesterday"})
    assert answer.status_code == 422


async def test_entries_can_be_filtered_by_type_order_and_customer(house: House) -> None:
    order = await house.paid_order()
    customer = (await house.agent.get(f"/v1/orders/{order}")).json()["customer"]

    async def types(query: str) -> list[str]:
        return [item["type"] for item in (await house.agent.get(f"/v1/events?{query}")).json()["items"]]

    assert await types(f"order={order}") == ["order.placed", "payment.captured"]
    assert await types(f"customer={customer}") == ["customer.registered", "order.placed", "payment.captured"]
    assert await types(f"customer={customer}&type=payment.captured") == ["payment.captured"]
    for wrong in ("type=order.imagined", f"order={order}&customer={customer}", "cursor=0", "limit=201"):
        assert (await house.agent.get(f"/v1/events?{wrong}")).status_code == 422


async def test_every_entry_has_its_own_address(house: House) -> None:
    await house.order()
    head = await house.head()
    entry = (await house.agent.get(f"/v1/entries/{head}")).json()
    assert (entry["position"], entry["type"]) == (head, "order.placed")
    page = (await house.agent.get(f"/v1/events?cursor={head - 1}")).json()
    assert page["items"] == [entry]


async def test_the_timeline_tells_an_orders_story(house: House) -> None:
    order = await house.paid_order()
    await house.shipment(order)
    page = (await house.agent.get(f"/v1/orders/{order}/timeline")).json()
    assert [step["what"] for step in page["items"]] == ["placed", "captured", "shipped"]
    assert page["items"][1]["amount"] == {"amount": 2000, "currency": "EUR"}
