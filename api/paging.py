"""Lists come in pages by cursor, in the book's order; nothing is lost or shown twice while others write."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.call import Call
from api.grammars import At, grammar
from api.problems import Fault, Invalid
from api.replies import Reply
from api.tables import next_link, page_reply
from domain.entry import Entry
from ledger.projecting.as_of import AsOf, Position, Recorded

CURSOR = "Should be `next` of a page of this very list"


class Question(BaseModel):
    """The query parameters of a GET: known ones only."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Paging(Question):
    """Which part of a list."""

    cursor: str | None = Field(
        default=None,
        pattern=grammar(r"^[1-9][0-9]{0,17}$", CURSOR),
        description="`next` of the page before; leave out for the first. It is the position after which "
        "the page begins, whatever else is asked.",
    )
    limit: int = Field(default=50, ge=1, le=200, description="Items in a page.")

    @property
    def after(self) -> int:
        """The position after which the page begins."""
        return 0 if self.cursor is None else int(self.cursor)


class AsRecorded(Question):
    """A state as the book once held it."""

    as_of_position: int | None = Field(
        default=None,
        ge=1,
        le=2**62,
        description="Show it as it was after this entry of the book; leave out for now.",
    )
    as_of_recorded: At | None = Field(
        default=None,
        description="By what had been recorded then: the same as of the last entry of that time.",
    )

    @model_validator(mode="after")
    def _one_past(self) -> "AsRecorded":
        pasts = [name for name in type(self).model_fields if name.startswith("as_of")]
        if sum(getattr(self, name) is not None for name in pasts) > 1:
            raise PydanticCustomError("one_past", "Should be one past: one of the parameters as_of…")
        return self

    @property
    def at(self) -> AsOf | None:
        """The moment asked about; None: now."""
        if self.as_of_recorded is not None:
            return Recorded(self.as_of_recorded)
        return None if self.as_of_position is None else Position(self.as_of_position)


Paged = Annotated[Paging, Query()]
AsOfQuery = Annotated[AsRecorded, Query()]


async def page_of_entries(
    call: Call,
    asked: Paging,
    shown: Callable[[list[Entry]], Awaitable[Sequence[object]]],
    *,
    types: frozenset[str] | None = None,
    customer: str | None = None,
    stream: str | None = None,
    columns: Sequence[str] | None = None,
) -> Reply:
    """One page of the entries that match; one more is read to know whether more follow.

    `columns`: the names of flat items, which may be wanted as CSV.
    """
    found = await call.book.page(asked.after, asked.limit + 1, types=types, customer=customer, stream=stream)
    if not found:
        await expect_reached(call, asked)
    here, has_more = found[: asked.limit], len(found) > asked.limit
    following = str(here[-1].position) if has_more else None
    body = {"items": await shown(here), "next": following, "has_more": has_more}
    if columns is None:
        return call.answer(body, next_link(call, following))
    return page_reply(call, body, columns)


async def expect_reached(call: Call, asked: Paging) -> None:
    """The page begins after an entry the book has. Raises: Invalid."""
    if not await call.book.has_reached(asked.after):
        raise Invalid(faults=(Fault("cursor", CURSOR),))


def single(call: Call, items: list[object], columns: Sequence[str]) -> Reply:
    """A list of flat items that is whole in one page: what an exact look-up found."""
    return page_reply(call, {"items": items, "next": None, "has_more": False}, columns)
