"""Payouts sent: recorded for the refund they were asked for, or kept as unmatched money.

What a processor has sent has left. Where the refund can take it no longer, corrected or settled otherwise in
between, its money waits with a task, and nothing more of that refund is sent by itself. Source: I12, R-G8
"""

from domain.causal_order import as_soon_as_there
from domain.command import Command
from domain.deadlines import deadlines_of_unmatched
from domain.decision import Decision, Given
from domain.entry import Event
from domain.inbound.notices import KEPT_BEFORE
from domain.inbound.unmatched import claims_of_unmatched, is_kept, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedPayout
from domain.refunds.granted_refund import refund_of
from domain.refunds.paying_out import RecordPayout, record_payout
from domain.refunds.payout_references import ReferencePaidOutOtherwise
from domain.refunds.refund import Refund
from domain.refunds.refund_events import PayoutUnmatched
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
    _, refund = refund_of(asked.order, asked.refund, given)
    known = refund.unmatched.get(asked.payout)
    if known is not None:
        return Decision(customer=refund.customer, already=(known,))
    try:
        decided = as_soon_as_there(lambda then: record_payout(asked, then), given)
    except AlreadyRecordedOtherwise:
        raise
    except Refusal as refusal:
        used = ReferencePaidOutOtherwise if command.reference_used else type(refusal)
        return _kept(command, refund, used.slug(), given)
    if decided.events and is_kept(given, command.unmatched):
        return _kept(command, refund, KEPT_BEFORE, given)
    if decided.events and command.reference_used:
        return _kept(command, refund, ReferencePaidOutOtherwise.slug(), given)
    return decided


def _kept(command: RecordSentPayout, refund: Refund, why: str, given: Given) -> Decision:
    asked, stream = command.paid, unmatched_stream(command.unmatched)
    over = PayoutUnmatched(
        refund=asked.refund,
        customer=refund.customer,
        order=asked.order,
        payout=asked.payout,
        currency=asked.currency,
        amount=asked.amount,
        processor=command.processor,
        reference=asked.reference,
        unmatched=command.unmatched,
        why=why,
    )
    events: tuple[tuple[str, Event], ...] = ((asked.order, over),)
    if is_kept(given, command.unmatched):
        return Decision(events=events, customer=refund.customer)
    payout = UnmatchedPayout(
        unmatched=command.unmatched,
        customer=refund.customer,
        order=asked.order,
        currency=asked.currency,
        amount=asked.amount,
        processor=command.processor,
        reference=asked.reference,
        why=why,
        deadlines=deadlines_of_unmatched(given),
    )
    is_used = why == ReferencePaidOutOtherwise.slug()
    claims = claims_of_unmatched(payout, reference_used=is_used)
    return Decision(events=((stream, payout), *events), claims=claims, customer=refund.customer)
