"""What a dry run of a refund shows: what would clear, what would leave, and which limit is hit."""

from pydantic import Field

from api.answers import Amount, Answer, Receipt
from api.call import Call
from api.render import money
from domain.customers.registering import Customer
from domain.orders.order import Placed
from domain.refunds.refund_events import RefundEscalated, RefundGranted, RefundPaid, RefundRequested
from domain.refunds.settling import owed
from domain.stored_types import evolve_of
from ledger.record.submission import Outcome


class RefundPreview(Answer):
    """What a dry run shows of a refund."""

    granted: Amount
    clears: Amount = Field(description="What of it settles bills, written-off parts included.")
    cash: Amount = Field(description="What would be due back as money, paid out next.")
    credit: Amount = Field(description="What would be kept as the customer's credit.")
    limit: str | None = Field(description="The limit that is hit: `per_refund` or `per_day`.")
    limit_amount: Amount | None
    decides: str | None = Field(description="The role that then decides.")


class RefundReceipt(Receipt):
    """What a decision about a refund recorded; of a dry run, what would clear and leave."""

    preview: RefundPreview | None = Field(description="Only of a dry run.")


async def preview_of(call: Call, outcome: Outcome, stream: str) -> dict[str, object] | None:
    """What would clear and leave; None where the dry run is about nothing granted or asked for."""
    state = await call.book.state(stream)
    for entry in outcome.entries:
        if entry.stream == stream:
            state = evolve_of(stream)(state, entry)
    events = [entry.event for entry in outcome.entries]
    granted = next((it for it in events if isinstance(it, RefundGranted)), None)
    requested = next((it for it in events if isinstance(it, RefundRequested)), None)
    escalated = next((it for it in events if isinstance(it, RefundEscalated)), None)
    paid = next((it for it in events if isinstance(it, RefundPaid)), None)
    about = granted or requested or escalated or paid
    if about is None or not isinstance(state, Placed | Customer):
        return None
    currency = about.currency
    clears = cash = credit = 0
    if granted is not None:
        refund = state.refunds[granted.refund]
        clears, due = refund.cleared, owed(state, refund)
        cash, credit = due.cash, due.credit
    shown = {"granted": 0 if granted is None else granted.granted, "clears": clears, "cash": cash}
    return {
        **{name: money(amount, currency) for name, amount in (shown | {"credit": credit}).items()},
        "limit": None if escalated is None else escalated.exceeded,
        "limit_amount": None if escalated is None else money(escalated.limit, currency),
        "decides": None if escalated is None else escalated.to_role,
    }
