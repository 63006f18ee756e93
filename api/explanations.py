"""How a figure came about: the entries that made it, what each added, and where to read it."""

from collections.abc import Sequence
from typing import Generic, Literal, TypeVar

import msgspec
from pydantic import Field

from api.answers import Amount, Answer, Moment, Page
from api.call import Call
from api.grammars import TEXT, Account, Currency
from api.lists import AsOfTime
from api.paging import Paging, expect_reached
from api.render import money, rfc3339
from api.replies import Reply
from api.tables import page_reply
from domain.stored_types import TYPE_NAMES
from ledger.projecting.explain import Explanation
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


class ExplainFigureQuery(AsOfTime, Paging):
    """Which figure of which row."""

    key: str = Field(
        max_length=400,
        pattern=TEXT,
        description="The key of a row, or its beginning, its parts separated by commas, as `cus_…,EUR`, or "
        "its own id alone, as `bil_…`: `/v1/projections` names the parts. Of several rows the figures are "
        "added.",
    )
    column: str = Field(max_length=63, description="A column that holds whole numbers.", examples=["charged"])


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


Figure = TypeVar("Figure")
Item = TypeVar("Item")


class DeltaOf(Answer, Generic[Figure]):
    """What one entry added."""

    position: int
    entry: str = Field(description="Where the entry is read.", examples=["/v1/entries/1042"])
    type: str
    stream: str
    effective_at: Moment
    delta: Figure


class DeltaAnswer(DeltaOf[Amount]):
    """What one entry added to an amount."""


class FigureDeltaAnswer(DeltaOf[Amount | int]):
    """What one entry added to a figure."""


class ExplanationOf(Page[Item]):
    """The entries that made a figure."""

    column: str
    as_of_position: int
    incomplete: list[int] = Field(description="Entries that could not be folded; they are left out.")
    late: list[int] = Field(
        description="With `as_of`: the first entries that had taken effect by then and were recorded later."
    )


class ExplanationAnswer(ExplanationOf[DeltaAnswer]):
    """An amount and the entries that made it; all deltas, over all pages, sum exactly to it."""

    figure: Amount


class FigureExplanationAnswer(ExplanationOf[FigureDeltaAnswer]):
    """A figure and the entries that made it; all deltas, over all pages, sum exactly to it."""

    figure: Amount | int = Field(
        description="An amount where the rows say its currency, else a whole number."
    )


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and some of what made it."""

    column: str
    figure: int
    currency: str | None
    """None where it is no amount, or its rows say no currency."""
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
            "delta": _figure(delta, it.currency),
        }
        for position, delta in here
    ]
    body = {
        "items": items,
        "next": str(here[-1][0]) if has_more else None,
        "has_more": has_more,
        "column": it.column,
        "figure": _figure(it.figure, it.currency),
        "as_of_position": it.position,
        "incomplete": list(it.incomplete),
        "late": list(it.late[:MOST_LATE]),
    }
    return page_reply(call, body, tuple(DeltaAnswer.model_fields))


def _figure(amount: int, currency: str | None) -> object:
    return amount if currency is None else money(amount, currency)


async def explained_by_deltas(
    call: Call, query: ExplainQuery | ExplainFigureQuery, it: Explanation, currency: str | None
) -> Reply:
    """The answer of a fold that was explained: the part of it that the query asks for."""
    deltas = [(each.position, each.delta) for each in it.deltas if each.position > query.after]
    return await explanation(
        call,
        query,
        Explained(
            column=it.column,
            figure=it.figure,
            currency=currency,
            position=it.position,
            deltas=deltas[: query.limit + 1],
            incomplete=it.parked,
            late=it.late,
        ),
    )
