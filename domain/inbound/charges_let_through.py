"""Charges let through: captured for the order they were attempted for, or kept as unmatched money.

What a processor let through has happened. Where the order needs it no longer, cancelled in between, its money
waits with a task, and the attempt is over. Source: I12, R-D4
"""

from domain.causal_order import as_soon_as_there
from domain.command import Command
from domain.deadlines import deadlines_of_unmatched
from domain.decision import Decision, Given
from domain.declines.decline_events import ChargeUnmatched
from domain.entry import Event
from domain.inbound.notices import KEPT_BEFORE
from domain.inbound.unmatched import claims_of_unmatched, is_kept, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedReceipt
from domain.orders.order import placed_order
from domain.payments.capturing import CapturePayment, capture_payment
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class RecordCharge(Command, frozen=True, kw_only=True):
    """Record that a charge attempted for an order was let through. Raises: ValueError."""

    capture: CapturePayment
    unmatched: str
    """Names its money, if the order needs it no longer; or where it is kept already, told of before."""

    def writes(self) -> tuple[str, ...]:
        return (*self.capture.writes(), unmatched_stream(self.unmatched))

    def reads(self) -> tuple[str, ...]:
        return self.capture.reads()

    def facts_of(self) -> str | None:
        return self.capture.facts_of()


def record_charge(command: RecordCharge, given: Given) -> Decision:
    """Captures the charge; what a rule forbids the order to take is kept as unmatched, and ends the attempt.

    So does money that is recorded already, as another payment of the order.
    Checks, in this order: order placed; retry, which is: kept as unmatched already; and those of a capture,
    of which only other content under the same id refuses it.
    """
    asked = command.capture
    state = placed_order(given, asked.order)
    known = state.declines.unmatched.get(asked.payment)
    if known is not None:
        return Decision(customer=state.placed.customer, already=(known,))
    try:
        decided = as_soon_as_there(lambda then: capture_payment(asked, then), given)
    except AlreadyRecordedOtherwise:
        raise
    except Refusal as refusal:
        return _kept(command, refusal.slug(), state.placed.customer, given)
    # Money that comes claims its reference; what only ends the attempt is recorded, wherever it was kept.
    if decided.claims and is_kept(given, command.unmatched):
        return _kept(command, KEPT_BEFORE, state.placed.customer, given)
    return decided


def _kept(command: RecordCharge, why: str, customer: str, given: Given) -> Decision:
    asked, stream = command.capture, unmatched_stream(command.unmatched)
    ended = ChargeUnmatched(
        order=asked.order,
        customer=customer,
        payment=asked.payment,
        currency=asked.currency,
        amount=asked.amount,
        processor=asked.processor,
        reference=asked.reference,
        unmatched=command.unmatched,
        why=why,
    )
    events: tuple[tuple[str, Event], ...] = ((asked.order, ended),)
    if is_kept(given, command.unmatched):
        return Decision(events=events, customer=customer)
    receipt = UnmatchedReceipt(
        unmatched=command.unmatched,
        customer=customer,
        order=asked.order,
        currency=asked.currency,
        amount=asked.amount,
        processor=asked.processor,
        reference=asked.reference,
        why=why,
        deadlines=deadlines_of_unmatched(given),
    )
    return Decision(
        events=((stream, receipt), *events), claims=claims_of_unmatched(receipt), customer=customer
    )
