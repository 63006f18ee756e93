"""Ticks: having the book record what time has decided. A service that runs does so every minute by itself."""

from pydantic import Field
from starlette.responses import Response

from api.answers import Answer, EntryAnswer, Moment
from api.bodies import Body
from api.call import Call
from api.grammars import At
from api.permissions import Permission
from api.render import rfc3339
from api.section import Section
from ledger.ticking import tick

ticks = Section("ticks", "What time decides by itself: a bill that nobody paid becomes overdue.")


class TickBody(Body):
    """Up to when."""

    now: At | None = Field(
        default=None, description="Only what was due by then; left out, the book's now. Never later than it."
    )


class TickAnswer(Answer):
    """What this tick recorded, in the order of its moments."""

    now: Moment
    entries: list[EntryAnswer]


@ticks.repeatable("/v1/ticks", Permission.TICK, answers=TickAnswer)
async def tick_book(call: Call, body: TickBody) -> Response:
    """Record what time has decided

    Each entry takes effect at the moment its last condition became true, whenever it is recorded. Ticking
    again records nothing new, so no idempotency key is needed.
    """
    now = call.book.clock() if body.now is None else body.now
    recorded = await tick(call.book, now)
    headers = {"Ledger-Position": str(max(entry.position for entry in recorded))} if recorded else None
    answer = {"now": rfc3339(now), "entries": await call.reading.entries(recorded)}
    return call.answer(answer, headers)
