"""What the book does by itself: how far each rule has come, and what it could not do."""

from pydantic import Field
from starlette.responses import Response

from api.answers import Answer, Page
from api.call import Call
from api.permissions import Permission
from api.render import rfc3339
from api.section import Section
from ledger.book import machine_now
from ledger.reacting.catalogue import REACTIONS
from ledger.reacting.rows import Reached, ReactionFailure

reactions = Section("reactions", "What the book does by itself once something is recorded.")


class ReactionFailureAnswer(Answer):
    """Something a rule asked for and that was not done."""

    after: int = Field(description="The entry it follows.")
    stream: str
    customer: str | None
    cause: str
    tries: int
    failed_at: str
    again_at: str | None = Field(
        description="When it is tried again by itself; null: once an operator says `reactions retry`."
    )


class ReactionAnswer(Answer):
    """One rule of the book."""

    rule: str
    meaning: str = Field(description="What follows what.")
    position: int = Field(description="Up to which entry it has read.")
    head: int = Field(description="The book's last entry.")
    lag_entries: int
    lag_milliseconds: int = Field(description="Since the first entry it has not read was recorded.")
    failures: list[ReactionFailureAnswer]


@reactions.question("/v1/reactions", Permission.READ, answers=Page[ReactionAnswer])
async def list_reactions(call: Call) -> Response:
    """List what the book does by itself, and what could not be done"""
    rows = call.book.reactions
    found = await rows.reached([each.rule for each in REACTIONS], machine_now())
    failures = await rows.failures()
    items = [
        _shown(reaction.meaning, reached, failures)
        for reaction, reached in zip(REACTIONS, found, strict=True)
    ]
    return call.answer({"items": items, "next": None, "has_more": False})


def _shown(meaning: str, reached: Reached, failures: list[ReactionFailure]) -> dict[str, object]:
    return {
        "rule": reached.rule,
        "meaning": meaning,
        "position": reached.position,
        "head": reached.head,
        "lag_entries": reached.lag,
        "lag_milliseconds": round(reached.seconds * 1000),
        "failures": [_failure(failure) for failure in failures if failure.rule == reached.rule],
    }


def _failure(failure: ReactionFailure) -> dict[str, object]:
    return {
        "after": failure.position,
        "stream": failure.stream,
        "customer": failure.customer,
        "cause": failure.cause,
        "tries": failure.tries,
        "failed_at": rfc3339(failure.failed_at),
        "again_at": None if failure.again_at is None else rfc3339(failure.again_at),
    }
