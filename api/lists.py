"""Lists of read models: sorted, in pages by cursor, as of a moment, waiting for an entry; as JSON or CSV.

An item is a struct of what the list shows; its marks render it and describe it, as with an event.
"""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Annotated, Any, TypeVar, cast

import msgspec
from pydantic import Field, WithJsonSchema

from api.answers import Page
from api.call import Call
from api.grammars import At, grammar
from api.paging import CURSOR, AsRecorded, Question
from api.problems import Fault, Invalid
from api.replies import Reply
from api.shapes import Shape, shape_of
from api.tables import page_reply
from domain.entry import Entry
from domain.moments import Day, Moment, day_of
from ledger.projecting.as_of import AsOf, Effective
from ledger.projecting.conditions import Condition, Where
from ledger.projecting.listing import Asked, Last, Listing, held_from, last_of, sort_columns
from ledger.projecting.read_models import Answered
from projections.projection import Key

Item = TypeVar("Item")
Completed = Callable[[Sequence[Any]], Awaitable[list[Any]]]
"""The same items, with what depends on more than their rows."""

_TOKEN = re.compile(r"[ -~]{0,200}")
"""What the texts that lists are sorted by look like."""
_DIGEST = 6
"""Bytes with which a cursor says of which list it is."""


class AsOfTime(AsRecorded):
    """As it was, or as it is."""

    as_of: At | None = Field(
        default=None,
        description="By what had taken effect then, as far as it is recorded now; left out: as it is.",
    )

    @property
    def at(self) -> AsOf | None:
        return super().at if self.as_of is None else Effective(self.as_of)


class ListQuery(AsOfTime):
    """Which part of a list, as of when."""

    cursor: str | None = Field(
        default=None,
        pattern=grammar(r"^[A-Za-z0-9_-]{1,600}$", CURSOR),
        description="`next` of the page before; leave out for the first. Keep the other parameters.",
    )
    limit: int = Field(default=50, ge=1, le=200, description="Items in a page.")
    min_position: int | None = Field(
        default=None,
        ge=1,
        le=2**62,
        description="`Ledger-Position` of what you wrote: the answer holds it, or is 503.",
    )


class RowsPage(Page[Item]):
    """Part of a list, with the entry up to which it counts."""

    as_of_position: int = Field(description="Up to which entry of the book this counts.")
    incomplete: list[int] = Field(
        description="Entries that could not be folded: items they touch say so, and some may be missing."
    )
    late: list[int] = Field(
        description="With `as_of`: the first entries that had taken effect by then and were recorded later. "
        "With `month`: the first about closed months, recorded when this was the first month still open."
    )


@cache
def item_of(kind: type[msgspec.Struct]) -> Any:
    """The type of an item for the API's description."""
    shape: Shape = shape_of(kind)
    standing_still: Shape = {
        "type": ["integer", "null"],
        "description": "The entry since which this stands still because it could not be folded.",
    }
    described: Shape = {
        **shape,
        "properties": {**shape["properties"], "incomplete": standing_still},
        "required": [*shape["required"], "incomplete"],
    }
    return Annotated[dict[str, Any], WithJsonSchema(described)]


def named_by(query: Question, *names: str) -> tuple[Condition, ...]:
    """That each of these columns equals what the query says of it, where it says anything."""
    said = [(name, getattr(query, name)) for name in names]
    return tuple([Where(name, "=", value) for name, value in said if value is not None])


async def asked_at(call: Call, query: ListQuery) -> tuple[Moment, Day]:
    """The moment a list is asked for, and the day it falls on in the book's zone. Raises: Unavailable."""
    moment = await moment_of(call, query)
    return moment, day_of(moment, (await call.book_register()).zone)


async def moment_of(call: Call, query: AsOfTime) -> Moment:
    """The moment a list is asked for: what is due, open or overdue is so at that moment.

    Raises: Unavailable.
    """
    return await call.moment_at(query.at)


async def list_of(
    call: Call,
    listing: Listing,
    query: ListQuery,
    *,
    sort: str,
    held: tuple[Condition, ...] = (),
    where: tuple[Condition, ...] = (),
    prefix: Key = (),
    said: tuple[object, ...] = (),
    late: tuple[Condition, ...] = (),
    completed: Completed | None = None,
) -> Reply:
    """A page of a list. `sort`: a column, after `-` descending; `said`: for the placeholders of its answer;
    `late`: which of the lines held came late; `completed`: items with what no row can say.

    Raises: Invalid, LedgerError.
    """
    asked = msgspec.structs.replace(_asked(call, listing, query, sort, held, where), said=said)
    answered = await call.book.read_models.page(
        listing, asked, min_position=query.min_position or 0, at=query.at, prefix=prefix
    )
    if late:
        found = await call.book.read_models.lines_at(listing.projection, (*held, *late), query.at)
        answered = msgspec.structs.replace(answered, late=found)
    if completed is not None:
        answered = msgspec.structs.replace(answered, items=await completed(answered.items))
    return await _shown(call, listing, query, asked, answered)


async def list_of_entries(
    call: Call,
    listing: Listing,
    query: ListQuery,
    entries: Sequence[Entry],
    head: int,
    *,
    sort: str,
    where: tuple[Condition, ...] = (),
) -> Reply:
    """The same over rows folded at this moment, from all entries up to `head` that may count.

    Raises: Invalid, LedgerError.
    """
    asked = _asked(call, listing, query, sort, (), where)
    answered = await call.book.read_models.page_of(
        listing, asked, entries, head, min_position=query.min_position or 0, at=query.at
    )
    return await _shown(call, listing, query, asked, answered)


def _asked(
    call: Call,
    listing: Listing,
    query: ListQuery,
    sort: str,
    held: tuple[Condition, ...],
    where: tuple[Condition, ...],
) -> Asked:
    column = sort.removeprefix("-")
    asked = Asked(
        sort=column,
        descending=column != sort,
        limit=query.limit + 1,  # one more tells whether more follow
        held=held,
        where=where,
    )
    if query.cursor is None:
        return asked
    asked = msgspec.structs.replace(
        asked, after=_after(listing, asked, query.cursor, _list_asked(call, query))
    )
    return msgspec.structs.replace(asked, held=(*held, *held_from(listing, asked)))


def _list_asked(call: Call, query: ListQuery) -> bytes:
    """Which list is asked for, as a cursor of it says: its address, its order and its filters.

    The past is none of them: who has seen a first page of now may go on as of the entry it counted up to.
    """
    which = query.model_dump_json(exclude={"cursor", "limit", "min_position", *AsOfTime.model_fields})
    return hashlib.sha256(f"{call.scope['path']} {which}".encode()).digest()[:_DIGEST]


def _after(listing: Listing, asked: Asked, cursor: str, list_asked: bytes) -> Last:
    """Where the page before ended. Raises: Invalid for what this list, so asked, never gave out."""
    fields = {field.name: field.type for field in msgspec.structs.fields(listing.item)}
    kind: Any = tuple[tuple(fields[name] for name in sort_columns(listing, asked))]  # pyright: ignore[reportInvalidTypeForm]
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        told = urlsafe_b64decode(padded)
        last = cast(Last, msgspec.json.decode(told[_DIGEST:], type=kind))
    except (ValueError, msgspec.MsgspecError):
        raise _foreign_cursor() from None
    if told[:_DIGEST] != list_asked:
        raise _foreign_cursor()
    for value in last:
        if isinstance(value, str) and not _TOKEN.fullmatch(value):
            raise _foreign_cursor()
    return last


def _foreign_cursor() -> Invalid:
    return Invalid(faults=(Fault("cursor", CURSOR),))


async def _shown(call: Call, listing: Listing, query: ListQuery, asked: Asked, answered: Answered) -> Reply:
    here, has_more = answered.items[: query.limit], len(answered.items) > query.limit
    following = None
    if has_more:
        last = msgspec.json.encode(last_of(listing, asked, here[-1]))
        following = urlsafe_b64encode(_list_asked(call, query) + last).rstrip(b"=").decode()
    items = [
        shown | {"incomplete": listing.stands_still_at(item, answered.parked) if answered.parked else None}
        for item, shown in zip(here, await call.reading.structs(here), strict=True)
    ]
    body = {
        "items": items,
        "next": following,
        "has_more": has_more,
        "as_of_position": answered.position,
        "incomplete": sorted({each.position for each in answered.parked}),
        "late": list(answered.late),
    }
    return page_reply(call, body, (*listing.item.__struct_fields__, "incomplete"))
