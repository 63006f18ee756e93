"""How a figure came about: the entries that made it, what each added, and where to read it."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from pydantic import Field

from api.answers import Amount, Answer, Moment, Page
from api.call import Call
from api.grammars import Account, Currency
from api.lists import AsOfTime
from api.paging import Paging, expect_reached
from api.render import money, rfc3339
from api.replies import Reply
from api.tables import page_reply
from domain.stored_types import TYPE_NAMES
from ledger.projecting.past import MOST_LATE

BalanceColumn = Literal[
    "balance",
    "charged",
    "received",
    "reversed",
    "credited",
    "refunded",
    "written_off",
    "open_bills",
    "deposits_held",
    "refunds_due",
    "credit_available",
    "goodwill_cost",
    "lifetime_value",
]


class ExplainQuery(AsOfTime, Paging):
    """Which part of an explanation, as of when."""


class ExplainBalanceQuery(ExplainQuery):
    """Which figure of a customer."""

    column: BalanceColumn = Field(default="balance", description="The column of the balance.")
    currency: Currency | None = Field(
        default=None, description="May be left out where the customer has only one."
    )


class ExplainAccountQuery(ExplainQuery):
    """Which figure of the trial balance."""

    account: Account
    currency: Currency
    column: Literal["debit", "credit", "balance"] = "balance"


class DeltaAnswer(Answer):
    """What one entry added to a figure."""

    position: int
    entry: str = Field(description="Where the entry is read.", examples=["/v1/entries/1042"])
    type: str
    stream: str
    effective_at: Moment
    delta: Amount


class ExplanationAnswer(Page[DeltaAnswer]):
    """A figure and the entries that made it; all deltas, over all pages, sum exactly to it."""

    column: str
    figure: Amount
    as_of_position: int
    incomplete: list[int] = Field(description="Entries that could not be folded; they are left out.")
    late: list[int] = Field(
        description="With `as_of`: the first entries that had taken effect by then and were recorded later."
    )


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and some of what made it."""

    column: str
    figure: int
    currency: str
    position: int
    deltas: Sequence[tuple[int, int]]
    """(position, what it added), in the order of the book; one more than fits where more follow."""
    incomplete: Sequence[int]
    late: Sequence[int]


async def explanation(call: Call, query: Paging, it: Explained) -> Reply:
    """The answer: each delta with its entry."""
    if not it.deltas:
        await expect_reached(call, query)
    here, has_more = it.deltas[: query.limit], len(it.deltas) > query.limit
    entries = {entry.position: entry for entry in await call.book.entries_at([at for at, _ in here])}
    items = [
        {
            "position": position,
            "entry": f"/v1/entries/{position}",
            "type": TYPE_NAMES[type(entries[position].event)],
            "stream": entries[position].stream,
            "effective_at": rfc3339(entries[position].effective_at),
            "delta": money(delta, it.currency),
        }
        for position, delta in here
    ]
    body = {
        "items": items,
        "next": str(here[-1][0]) if has_more else None,
        "has_more": has_more,
        "column": it.column,
        "figure": money(it.figure, it.currency),
        "as_of_position": it.position,
        "incomplete": list(it.incomplete),
        "late": list(it.late[:MOST_LATE]),
    }
    return page_reply(call, body, tuple(DeltaAnswer.model_fields))
