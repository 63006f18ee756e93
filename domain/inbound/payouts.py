"""Payouts sent: recorded for the refund they were asked for, or kept as unmatched money.

What a processor has sent has left. Where the refund can take it no longer, corrected or settled otherwise in
between, its money waits with a task, and nothing more of that refund is sent by itself. Source: I12, R-G8
"""

from domain.causal_order import as_soon_as_there
from domain.command import Command
from domain.customers.registering import Customer
from domain.decision import Decision, Given
from domain.inbound.notices import KEPT_BEFORE
from domain.inbound.unmatched import is_kept, unmatched_stream
from domain.orders.order import Placed
from domain.refunds.beyond_due import BeyondDue, kept_beyond
from domain.refunds.granted_refund import refund_of
from domain.refunds.paying_out import RecordPayout, record_payout
from domain.refunds.payout_references import ReferencePaidOutOtherwise
from domain.refunds.refund import Refund
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class RecordSentPayout(Command, frozen=True, kw_only=True):
    """Record that a processor has sent back what it was asked for. Raises: ValueError."""

    paid: RecordPayout
    processor: str
    unmatched: str
    """Names its money, if the refund can take it no longer; or where it is kept already, told of before."""
    reference_used: bool = False
    """Whether other money that left is on record under its reference: then this one waits."""

    def writes(self) -> tuple[str, ...]:
        return (*self.paid.writes(), unmatched_stream(self.unmatched))

    def reads(self) -> tuple[str, ...]:
        return self.paid.reads()

    def facts_of(self) -> str | None:
        return self.paid.facts_of()


def record_sent_payout(command: RecordSentPayout, given: Given) -> Decision:
    """Records the payout; what a rule forbids the refund to take is kept as unmatched.

    Checks, in this order: refund granted; retry, which is: kept as unmatched already; and those of a payout,
    of which only other content under the same id refuses it.
    """
    asked = command.paid
    state, refund = refund_of(asked.stream, asked.refund, given)
    known = refund.unmatched.get(asked.payout)
    if known is not None:
        return Decision(customer=refund.customer, already=(known,))
    try:
        decided = as_soon_as_there(lambda then: record_payout(asked, then), given)
    except AlreadyRecordedOtherwise:
        raise
    except Refusal as refusal:
        used = ReferencePaidOutOtherwise if command.reference_used else type(refusal)
        return _kept(command, state, refund, used.slug(), given)
    if decided.events and is_kept(given, command.unmatched):
        return _kept(command, state, refund, KEPT_BEFORE, given)
    if decided.events and command.reference_used:
        return _kept(command, state, refund, ReferencePaidOutOtherwise.slug(), given)
    return decided


def _kept(
    command: RecordSentPayout, state: Placed | Customer, refund: Refund, why: str, given: Given
) -> Decision:
    asked = command.paid
    over = BeyondDue(
        refund=asked.refund,
        customer=refund.customer,
        payout=asked.payout,
        currency=asked.currency,
        amount=asked.amount,
        processor=command.processor,
        reference=asked.reference,
        unmatched=command.unmatched,
        why=why,
    )
    return kept_beyond(over, state, given, reference_used=why == ReferencePaidOutOtherwise.slug())
