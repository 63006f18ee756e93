"""The book's entries: pages by position, one entry, and a stream that goes on while the reader listens."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Annotated, Any

import msgspec
from fastapi import Query
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response, StreamingResponse

from api.answers import EntryAnswer, Page
from api.call import Call
from api.grammars import CustomerId, OrderId, PositionInPath
from api.paging import Paging, Question, page_of_entries
from api.permissions import Permission
from api.problems import Fault, Invalid, NotFound
from api.section import Section
from domain.entry import Entry
from domain.stored_types import STORED_TYPES

events = Section(
    "events", "Every entry of the book in its order: what happened, who recorded it, when and why."
)

AT_ONCE = 100
"""Entries read for a stream at a time."""
KEPT_ALIVE_AFTER = 15.0
"""Seconds of silence after which a stream says that it is still there, and between two looks at its key."""


def _known_type(name: str) -> str:
    if name not in STORED_TYPES:
        raise PydanticCustomError("event_type", "Should be the name of an event type, as order.placed")
    return name


class Which(Question):
    """Which entries: of one type, of one order or of one customer; none named, all."""

    type: Annotated[str, AfterValidator(_known_type)] | None = Field(default=None, examples=["order.placed"])
    order: OrderId | None = None
    customer: CustomerId | None = None

    @model_validator(mode="after")
    def _one_group(self) -> "Which":
        if self.order is not None and self.customer is not None:
            raise PydanticCustomError("one_group", "Should be an order or a customer, not both")
        return self

    @property
    def types(self) -> frozenset[str] | None:
        """The stored types to read; None for all."""
        return None if self.type is None else frozenset({self.type})


class EventsQuery(Which, Paging):
    """Which entries, and which part of them."""


class StreamQuery(Which):
    """Which entries, and after which position to begin."""

    cursor: int | None = Field(
        default=None,
        ge=0,
        le=2**62,
        description="Begin after this position; `Last-Event-ID` counts more. Default: 0.",
    )


@events.question("/v1/events", Permission.READ, answers=Page[EntryAnswer])
async def list_events(call: Call, query: Annotated[EventsQuery, Query()]) -> Response:
    """List entries in the book's order"""
    return await page_of_entries(
        call, query, call.reading.entries, types=query.types, customer=query.customer, stream=query.order
    )


@events.question("/v1/events/stream", Permission.READ, answers=EntryAnswer, streams=True)
async def stream_events(call: Call, query: Annotated[StreamQuery, Query()]) -> Response:
    """Follow the book as server-sent events

    `id` is the position, `event` the type, `data` the entry as everywhere. After a reconnection with
    `Last-Event-ID` the stream goes on with the next entry: none is left out, none comes twice. It ends within
    seconds of the key's revocation.
    """
    after = await _begin_after(call, query)
    return StreamingResponse(
        _frames(call, query, after),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@events.question("/v1/entries/{position}", Permission.READ, answers=EntryAnswer)
async def show_entry(call: Call, position: PositionInPath) -> Response:
    """Show the entry at a position of the book"""
    entry = await call.book.entry(position)
    if entry is None:
        raise NotFound
    (shown,) = await call.reading.entries([entry])
    return call.answer(shown)


async def _begin_after(call: Call, query: StreamQuery) -> int:
    """The position after which a stream begins. Raises: Invalid for one the book does not reach yet."""
    last = call.raw.get(b"last-event-id")
    if last is not None and (not last.isdigit() or len(last) > 18):
        raise Invalid(faults=(Fault("Last-Event-ID", "Should be the position of an entry"),))
    after = int(last) if last is not None else query.cursor or 0
    if not await call.book.has_reached(after):
        named = "cursor" if last is None else "Last-Event-ID"
        raise Invalid(faults=(Fault(named, "Should be an entry the book has"),))
    return after


async def _frames(call: Call, which: Which, after: int) -> AsyncIterator[bytes]:
    """The entries after a position as they come, while the caller's key and role hold and nobody stops us."""
    stopping: asyncio.Event = call.app.state.stopping
    loop = asyncio.get_running_loop()
    looked_at = loop.time()
    while not stopping.is_set():
        if loop.time() - looked_at >= KEPT_ALIVE_AFTER:
            if not await call.still_holds():
                return
            looked_at = loop.time()
        head = call.book.position
        entries = await call.book.page(
            after, AT_ONCE, types=which.types, customer=which.customer, stream=which.order
        )
        for entry, shown in zip(entries, await call.reading.entries(entries), strict=True):
            yield _frame(entry, shown)
        if entries:
            after = entries[-1].position
        if len(entries) < AT_ONCE:
            # Everything up to the head that was known before the page was read has been looked at.
            after = max(after, head)
            await _either(call.book.wait_beyond(after, KEPT_ALIVE_AFTER), stopping.wait())
            if call.book.position <= after:
                yield b": still here\n\n"


async def _either(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of these; the others are called off. Raises: what the first one raises."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        task.result()


def _frame(entry: Entry, shown: dict[str, object]) -> bytes:
    data = msgspec.json.encode(shown)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (entry.position, str(shown["type"]).encode(), data)
