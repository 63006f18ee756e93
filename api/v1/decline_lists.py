"""Lists of declined payments, and of what came of shipping without payment."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.call import Call
from api.grammars import Currency, CustomerId
from api.lists import ListQuery, RowsPage, item_of, list_of, named_by
from api.permissions import Permission
from api.problems import Fault, Invalid
from api.section import Section
from api.v1.declines import next_step_of
from domain.declines.decline_events import HoldBegunBy
from domain.entry import Minor
from domain.moments import Moment
from domain.orders.next_on_hold import NextOnHold
from domain.orders.order_events import StandingKind
from ledger.projecting.conditions import Condition, Where
from ledger.projecting.listing import Asked, Listing, last_of
from projections.decline_outcomes import BY_OUTCOME, DeclineOutcomes
from projections.declined_payments import LISTED, DeclinedPayments, Result

AT_ONCE = 200
"""Orders that wait, looked at together."""

decline_lists = Section("decline lists", "Declined payments in a list, and what came of them in figures.")


class DeclinedPaymentItem(msgspec.Struct, frozen=True):
    """An order with a declined or lost payment, and what is to be done next."""

    order: str
    customer: str
    standing: StandingKind | None
    """Null: it never waited, being covered or billed."""
    is_watched: bool
    """Whether they owed something overdue when it was placed on hold."""
    currency: str
    missing: Minor
    """What the units still to ship lack; 0 where it never waited."""
    attempts: int
    declined_at: Moment | None
    """Null: none was declined, but one was taken back or never came."""
    decline_code: str | None
    kind: str | None
    searched: bool
    cards_usable: int
    cards_tried: int
    contacts: int
    reached: bool
    channels_left: str
    hold_since: Moment | None
    held_because: HoldBegunBy | None
    decide_at: Moment | None
    next_step: NextOnHold | None
    """What is to be done now; null where it waits no longer, and in any past."""
    result: Result | None
    ended_at: Moment | None
    last_position: int


class DeclineOutcomeItem(msgspec.Struct, frozen=True):
    """How much of what shipped without payment came to this end."""

    currency: str
    outcome: str
    """`paid_later`, `paid_after_call`, `cleared` by refunds, `written_off` or `open`."""
    orders: int
    """Of which anything came to this end; one may come to several."""
    amount: Minor
    shipped_unpaid: Minor
    """All that shipped unpaid in this currency: the sum of these amounts."""
    share: int
    """Of all that, in basis points; together they come to 10,000."""


DECLINED = Listing(
    projection=DeclinedPayments(), item=DeclinedPaymentItem, answer=LISTED, key=("order",), group=("order",)
)
OUTCOMES = Listing(
    projection=DeclineOutcomes(), item=DeclineOutcomeItem, answer=BY_OUTCOME, key=("currency", "outcome")
)


class DeclinedQuery(ListQuery):
    """Which declined payments."""

    waiting: bool | None = Field(default=None, description="Only orders that wait, or only others.")
    standing: StandingKind | None = None
    next_step: NextOnHold | None = Field(
        default=None, description="Only orders for which this is to be done now; not of a past."
    )
    result: Result | None = None
    customer: CustomerId | None = None
    sort: Literal["declined_at", "-declined_at"] = "-declined_at"


class OutcomesQuery(ListQuery):
    """Of which currency."""

    currency: Currency | None = None


@decline_lists.question(
    "/v1/declined-payments", Permission.READ, answers=RowsPage[item_of(DeclinedPaymentItem)], lists_rows=True
)
async def list_declined_payments(call: Call, query: Annotated[DeclinedQuery, Query()]) -> Response:
    """List orders with a declined or lost payment

    How often it failed, which cards and contacts were tried, since when the order waits, what is next, and
    how it ended.
    """
    where = named_by(query, "standing", "result", "customer")
    if query.waiting is not None:
        where += (Where("waiting", "=", query.waiting),)
    if query.at is not None:
        if query.next_step is not None:
            raise Invalid(faults=(Fault("next_step", "What is to be done next is said of now alone."),))
        return await list_of(call, DECLINED, query, sort=query.sort, where=where)
    if query.next_step is not None:
        where += (Where("order", "in", await _with_next_step(call, query, where)),)
    return await list_of(
        call, DECLINED, query, sort=query.sort, where=where, completed=partial(_with_next_steps, call)
    )


async def _with_next_steps(call: Call, items: Sequence[DeclinedPaymentItem]) -> list[DeclinedPaymentItem]:
    return [
        item
        if item.hold_since is None or item.result is not None
        else msgspec.structs.replace(item, next_step=await next_step_of(call, item.order))
        for item in items
    ]


async def _with_next_step(call: Call, query: DeclinedQuery, where: tuple[Condition, ...]) -> list[str]:
    """The orders that wait, fulfil the conditions, and of which that step is the next."""
    asked = Asked(sort="declined_at", limit=AT_ONCE, where=(*where, Where("waiting", "=", True)))
    found: list[str] = []
    while True:
        page = await call.book.read_models.page(DECLINED, asked, min_position=query.min_position or 0)
        items = await _with_next_steps(call, page.items)
        found += [item.order for item in items if item.next_step == query.next_step]
        if len(items) < AT_ONCE:
            return found
        asked = msgspec.structs.replace(asked, after=last_of(DECLINED, asked, items[-1]))


@decline_lists.question(
    "/v1/decline-outcomes", Permission.READ, answers=RowsPage[item_of(DeclineOutcomeItem)], lists_rows=True
)
async def list_decline_outcomes(call: Call, query: Annotated[OutcomesQuery, Query()]) -> Response:
    """Show what came of shipping without payment: paid later, after a call, written off, or still open

    Every amount that shipped unpaid is in one of them: what was paid in part counts in part, what a bank took
    back was not paid, and what is paid after a write-off is no longer written off.
    """
    where = () if query.currency is None else (Where("currency", "=", query.currency),)
    return await list_of(call, OUTCOMES, query, sort="currency", where=where)
