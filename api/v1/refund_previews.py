"""What a dry run of a refund shows: what would clear, what would leave, and which limit is hit.

Above a limit it shows what the grant would do once somebody else decides it: the same command, tried as the
owner's, who has none.
"""

import msgspec
from pydantic import Field

from api.answers import Amount, Answer
from api.bodies import Writing
from api.call import Call
from api.render import money
from domain.command import Command
from domain.customers.registering import Customer
from domain.entry import Entry
from domain.inbound.unmatched_events import UnmatchedPayout
from domain.orders.order import Placed
from domain.payments.payment_events import CreditSetAside
from domain.refunds.granting import GrantRefund
from domain.refunds.granting_unverified import GrantUnverifiedRefund, PayOutCredit
from domain.refunds.owed import owed
from domain.refunds.payout_events import PayoutAsked
from domain.refunds.refund_events import RefundEscalated, RefundGranted, RefundPaid, RefundRequested
from domain.stored_types import evolve_of
from ledger.record.submission import Outcome, Submission


class RefundPreview(Answer):
    """What a dry run shows of a refund."""

    granted: Amount = Field(description="What would be granted; above a limit, once somebody decides so.")
    against_limits: Amount = Field(description="What of it limits compare, and a day's allowance adds up.")
    clears: Amount = Field(description="What of it settles bills, written-off parts included.")
    cash: Amount = Field(
        description="Of a grant, what would be due back as money; of a payout, what would leave."
    )
    credit: Amount = Field(description="What would be kept as the customer's credit.")
    limit: str | None = Field(description="The limit that is hit: `per_refund` or `per_day`.")
    limit_amount: Amount | None
    decides: str | None = Field(description="The role that then decides.")


async def preview_of(
    call: Call, command: Command, body: Writing, outcome: Outcome, stream: str
) -> dict[str, object] | None:
    """What would clear and leave, or would once somebody else has granted it, and the limit that is hit.

    None where the dry run is about nothing granted, asked for, paid or kept as credit.
    """
    events = [entry.event for entry in outcome.entries]
    escalated = next((it for it in reversed(events) if isinstance(it, RefundEscalated)), None)
    waits = escalated is not None or any(isinstance(it, RefundRequested) for it in events)
    if outcome.already and not waits:
        return None
    entries = (await _granted_by_owner(call, command, body)).entries if waits else outcome.entries
    shown = _shown(await _state_after(call, entries, stream), entries, stream)
    if shown is None:
        return None
    return {
        **shown,
        "limit": None if escalated is None else escalated.exceeded,
        "limit_amount": None if escalated is None else money(escalated.limit, escalated.currency),
        "decides": None if escalated is None else escalated.to_role,
    }


async def _granted_by_owner(call: Call, command: Command, body: Writing) -> Outcome:
    """What the same command would record if the owner asked for it, who has no limit. Raises: Refusal."""
    if isinstance(command, GrantRefund | GrantUnverifiedRefund | PayOutCredit):
        command = msgspec.structs.replace(command, only_request=False)
    owner = msgspec.structs.replace(call.caller.actor, role="owner")
    submission = Submission(actor=owner, origin="api", effective_at=body.effective_at, dry_run=True)
    return await call.book.execute(command, submission)


async def _state_after(call: Call, entries: tuple[Entry, ...], stream: str) -> object:
    """The order, or the customer, with those entries recorded."""
    state = await call.book.state(stream)
    for entry in entries:
        if entry.stream == stream:
            state = evolve_of(stream)(state, entry)
    return state


def _shown(state: object, entries: tuple[Entry, ...], stream: str) -> dict[str, object] | None:
    """The amounts: what a grant would make due back, or what would leave or be kept as credit now."""
    # What is kept as credit is told in the customer's stream too.
    events = [entry.event for entry in entries if entry.stream == stream]
    granted = next((it for it in events if isinstance(it, RefundGranted)), None)
    paid = [it for it in events if isinstance(it, RefundPaid | PayoutAsked)]
    kept = [it for it in events if isinstance(it, CreditSetAside) and it.source == "refund"]
    # What leaves beyond what is due waits in a stream of its own, told by the order too, where it is of one.
    beyond = [entry.event for entry in entries if isinstance(entry.event, UnmatchedPayout)]
    about = next((it for it in (granted, *paid, *kept, *beyond) if it is not None), None)
    if about is None or not isinstance(state, Placed | Customer):
        return None
    amount = against_limits = clears = 0
    cash, credit = sum([it.amount for it in (*paid, *beyond)]), sum([it.amount for it in kept])
    if granted is not None:
        refund = state.refunds[granted.refund]
        amount, against_limits = granted.granted, granted.against_limits
        clears, due = refund.cleared, owed(state, refund)
        cash, credit = due.cash, due.credit
    shown = {
        "granted": amount,
        "against_limits": against_limits,
        "clears": clears,
        "cash": cash,
        "credit": credit,
    }
    return {name: money(minor, about.currency) for name, minor in shown.items()}
