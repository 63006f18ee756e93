"""How a customer stands with us: what the decisions read of their history, as of now or of a moment."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.answers import Amount, Answer, Day, Moment
from api.call import Call
from api.grammars import At, CustomerInPath
from api.paging import Question
from api.permissions import Permission
from api.render import money, rfc3339
from api.section import Section
from domain.bills.watching import is_watched
from domain.customers.registering import Customer
from domain.customers.standing import CustomerFacts, standing
from domain.moments import Day as LocalDay
from domain.moments import day_of
from domain.refunds.signal import Signal
from ledger.projecting.as_of import Effective

standings = Section(
    "standing", "New or existing, watched or clear: what decisions read of a customer's history."
)


class StandingQuery(Question):
    """As of when."""

    as_of: At | None = Field(
        default=None, description="By what had taken effect then, as far as it is recorded now; else now."
    )


class OpenBillAnswer(Answer):
    """A bill, or what is owed like one, of which something is open."""

    bill: str
    order: str
    due_on: Day = Field(description="The last day on which it may be paid in time.")
    open: Amount
    overdue: bool


class SignalAnswer(Answer):
    """Something a person should look at. It informs, and nothing is refused for it."""

    kind: str
    refund: str = Field(description="The grant it was raised with; with `kind` it names the signal.")
    refunds: list[str] = Field(description="Those it rests on.")
    raised_at: Moment
    dismissed: int | None = Field(description="The entry that says somebody looked at it.")


class StandingAnswer(Answer):
    """How a customer stands with us."""

    customer: str
    as_of: Moment
    standing: str = Field(description="`new` or `existing`.", examples=["existing"])
    rests_on: str | None = Field(description="The earlier order that makes them an existing customer.")
    watched: bool = Field(description="Whether a bill is open after its last day.")
    open_bills: list[OpenBillAnswer]
    refunds: int = Field(description="Refunds of goods they were granted, without those taken back.")
    unverified_refunds: int = Field(description="Of them, those nobody could verify.")
    signals: list[SignalAnswer]


@standings.question("/v1/customers/{customer}/standing", Permission.READ, answers=StandingAnswer)
async def show_standing(
    call: Call, customer: CustomerInPath, query: Annotated[StandingQuery, Query()]
) -> Response:
    """Show how a customer stands with us

    New or existing, as the next order would freeze it; watched or not; what is open. Folded from the entries,
    so never behind them. What they brought us is under `/lifetime-value`.
    """
    at = call.book.clock() if query.as_of is None else query.as_of
    state, _ = await call.found_as_of(customer, Customer, Effective(at))
    facts = await call.book.facts(customer, at)
    today = day_of(at, (await call.book_register()).zone)
    found = standing(facts)
    return call.answer(
        {
            "customer": customer,
            "as_of": rfc3339(at),
            "standing": found.kind,
            "rests_on": found.rests_on,
            "watched": is_watched(facts, today),
            "open_bills": _open_bills(facts, today),
            "refunds": len(facts.refunds),
            "unverified_refunds": sum(fact.unverified for fact in facts.refunds),
            "signals": [_signal(signal) for signal in state.signals.values()],
        }
    )


def _open_bills(facts: CustomerFacts, today: LocalDay) -> list[dict[str, object]]:
    return [
        {
            "bill": bill,
            "order": order,
            "due_on": owed.due_on,
            "open": money(owed.open, owed.currency),
            "overdue": owed.due_on < today,
        }
        for order, known in facts.orders.items()
        for bill, owed in known.bills.items()
        if owed.open
    ]


def _signal(signal: Signal) -> dict[str, object]:
    it = signal.raised
    return {
        "kind": it.kind,
        "refund": it.refund,
        "refunds": list(it.refunds),
        "raised_at": rfc3339(signal.at),
        "dismissed": signal.dismissed,
    }
