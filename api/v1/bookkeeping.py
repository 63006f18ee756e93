"""The books: postings, the trial balance over them, and every figure of it explained."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.call import Call
from api.explanations import ExplainAccountQuery, Explained, ExplanationAnswer, explanation
from api.grammars import Account, Currency, CustomerId, Month, OrderId
from api.lists import ListQuery, RowsPage, item_of, list_of, named_by
from api.permissions import Permission
from api.section import Section
from domain.book.closing import Month as ReportedMonth
from domain.book.closing import calendar_of, month_of
from domain.entry import Minor
from ledger.projecting.conditions import Condition, Either, Where
from ledger.projecting.listing import Asked, Listing
from projections.journal import BY_BOOKS, BY_EFFECT, BY_ENTRY, BY_RECORDING, TRIAL_BALANCE, Journal, Posting

bookkeeping = Section(
    "bookkeeping", "Double-entry postings: debits positive, credits negative; they sum to zero per currency."
)

JOURNAL = Journal()


class AccountItem(msgspec.Struct, frozen=True):
    """One account in one currency."""

    currency: str
    account: str
    debit: Minor
    credit: Minor
    balance: Minor


class EntryItem(msgspec.Struct, frozen=True):
    """What one entry added to an account."""

    position: int
    currency: str
    debit: Minor
    credit: Minor
    balance: Minor


class PeriodItem(msgspec.Struct, frozen=True):
    """The books of one month in one currency. A cancellation moves no account, and so is in none."""

    month: str
    currency: str
    sales: Minor
    shipping: Minor
    returned: Minor
    net_sales: Minor
    tax: Minor
    written_off: Minor
    goodwill: Minor
    marketing: Minor
    recovered: Minor
    collected: Minor
    paid_out: Minor
    late_entries: int
    last_position: int


POSTINGS = Listing(projection=JOURNAL, item=Posting, answer="SELECT * FROM held", key=("position", "line"))
ACCOUNTS = Listing(projection=JOURNAL, item=AccountItem, answer=TRIAL_BALANCE, key=("currency", "account"))
ENTRIES = Listing(projection=JOURNAL, item=EntryItem, answer=BY_ENTRY, key=("position",))
PERIODS = {
    "books": Listing(projection=JOURNAL, item=PeriodItem, answer=BY_BOOKS, key=("month", "currency")),
    "effective": Listing(projection=JOURNAL, item=PeriodItem, answer=BY_EFFECT, key=("month", "currency")),
    "recorded": Listing(projection=JOURNAL, item=PeriodItem, answer=BY_RECORDING, key=("month", "currency")),
}


class JournalQuery(ListQuery):
    """Which postings."""

    account: Account | None = None
    customer: CustomerId | None = None
    order: OrderId | None = None
    currency: Currency | None = None
    sort: Literal["position", "-position", "effective_at", "-effective_at"] = "position"


class TrialBalanceQuery(ListQuery):
    """Which accounts."""

    currency: Currency | None = None
    month: Month | None = Field(
        default=None,
        description="What is reported in that month: effective in it and recorded before it was closed, and "
        "what came late about closed months while it was the first open one.",
    )


class PeriodsQuery(ListQuery):
    """Which months, and what makes something belong to one."""

    by: Literal["books", "effective", "recorded"] = Field(
        default="books",
        description="`books`: the month in which it took effect or, where that was closed by then, the first "
        "still open; `effective`: that in which it took effect, closed or not; `recorded`: that in which it "
        "was recorded.",
    )
    currency: Currency | None = None
    customer: CustomerId | None = None
    sort: Literal["month", "-month"] = "month"


@bookkeeping.question("/v1/journal", Permission.READ, answers=RowsPage[item_of(Posting)], lists_rows=True)
async def list_postings(call: Call, query: Annotated[JournalQuery, Query()]) -> Response:
    """List postings: which account was debited and which credited, by which entry"""
    held = named_by(query, "account", "customer", "order", "currency")
    return await list_of(call, POSTINGS, query, sort=query.sort, held=held)


@bookkeeping.question(
    "/v1/trial-balance", Permission.READ, answers=RowsPage[item_of(AccountItem)], lists_rows=True
)
async def show_trial_balance(call: Call, query: Annotated[TrialBalanceQuery, Query()]) -> Response:
    """Show every account's debits, credits and balance; the balances of a currency sum to zero"""
    held: tuple[Condition, ...] = ()
    late: tuple[Condition, ...] = ()
    if query.currency is not None:
        held = (Where("currency", "=", query.currency),)
    if query.month is not None:
        month = month_of(await call.book_register(), query.month)
        held += _reported_in(month)
        late = (Where("effective_at", "<", month.start),)
    return await list_of(call, ACCOUNTS, query, sort="currency", held=held, late=late)


@bookkeeping.question(
    "/v1/period-report", Permission.READ, answers=RowsPage[item_of(PeriodItem)], lists_rows=True
)
async def report_periods(call: Call, query: Annotated[PeriodsQuery, Query()]) -> Response:
    """Report the books by month: sold, returned, written off, collected, paid out

    `net_sales` is sales and shipping less what was returned; `late_entries` counts what took effect in an
    earlier month than the one that reports it. Months are those of the book's zone. A closed month stays as
    it is, as in `/v1/trial-balance?month=`, which lists its late entries. `goodwill` is all new credit, that
    which puts figures right too; shipping that we bore is `marketing`.
    """
    held = named_by(query, "customer", "currency")
    said = msgspec.structs.astuple(calendar_of(await call.book_register()))
    return await list_of(call, PERIODS[query.by], query, sort=query.sort, held=held, said=said)


def _reported_in(month: ReportedMonth) -> tuple[Condition, ...]:
    """What a month reports: its own, and what came late while it was the first month still open."""
    whole: list[Condition] = [Where("effective_at", "<", month.end)]
    if month.closed is not None:
        whole.append(Where("position", "<", month.closed))
    own = Where("effective_at", ">=", month.start)
    if month.late_after is None:
        return (*whole, own)
    return (*whole, Either((own, Where("position", ">", month.late_after))))


@bookkeeping.question("/v1/trial-balance/explain", Permission.READ, answers=ExplanationAnswer, flat=True)
async def explain_account(call: Call, query: Annotated[ExplainAccountQuery, Query()]) -> Response:
    """Explain a figure of the trial balance by the entries that made it"""
    models = call.book.read_models
    held = (Where("account", "=", query.account), Where("currency", "=", query.currency))
    whole = await models.page(ACCOUNTS, Asked(sort="currency", limit=1, held=held), at=query.at)
    asked = Asked(
        sort="position",
        limit=query.limit + 1,
        held=(*held, Where("position", "<=", whole.position)),
        where=(Where(query.column, "<>", 0),),
        after=(query.after,),
    )
    deltas = (await models.page(ENTRIES, asked, at=query.at)).items
    return await explanation(
        call,
        query,
        Explained(
            column=query.column,
            figure=getattr(whole.items[0], query.column) if whole.items else 0,
            currency=query.currency,
            position=whole.position,
            deltas=[(each.position, getattr(each, query.column)) for each in deltas],
            incomplete=[each.position for each in whole.parked],
            late=whole.late,
        ),
    )
