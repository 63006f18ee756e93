"""What is due back of a refund changes with what else happens to its order: a bank takes money or gives it
back, another refund is paid of it or taken back. Somebody has to pay it from then on, or nobody any more; or
it goes back by itself, where a person had to find a way before; or it settles bills, instead of being paid.

Every decision ends with it (`domain.decisions`), so that none can forget a refund it is not about.
Source: R-B9, R-G8, R-G9, §2 Money
"""

from collections.abc import Iterator

import msgspec

from domain.corrections.correction_events import RefundCorrected
from domain.deadlines import deadlines_of_due_back
from domain.decision import Decision, Given
from domain.entry import Event
from domain.orders.evolve_order import foreseen
from domain.orders.order import Placed
from domain.payments.payment_events import CreditSetAside
from domain.refunds.cleared import cleared
from domain.refunds.owed import owed
from domain.refunds.paying_out import leaves_by_itself
from domain.refunds.refund import Refund
from domain.refunds.refund_events import (
    RefundDueChanged,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundReturned,
)

SAYS_ITSELF = RefundGranted | RefundPaid | RefundPaymentFailed | RefundReturned | RefundCorrected
"""What says of its own refund whether anything is due back after it; so does credit that is set aside of one.
"""


def with_due_changes(decision: Decision, given: Given) -> Decision:
    """The decision, and of which refunds something is due back from then on, or no more, or settles bills."""
    streams = dict.fromkeys([stream for stream, _ in decision.events])
    changes: list[tuple[str, Event]] = []
    for stream in streams:
        state = given.states.get(stream)
        if isinstance(state, Placed) and state.refunds:
            changes.extend([(stream, change) for change in _changes(state, decision, given)])
    if not changes:
        return decision
    return msgspec.structs.replace(decision, events=(*decision.events, *changes))


def _changes(before: Placed, decision: Decision, given: Given) -> Iterator[RefundDueChanged]:
    order = before.placed.order
    events = [event for stream, event in decision.events if stream == order]
    said = {refund for event in events if (refund := _says_of(event)) is not None}
    after = foreseen(before, events, at=given.at, now=given.now)
    cleared_before, cleared_after = cleared(before), cleared(after)
    for name, refund in before.refunds.items():
        if name not in cleared_after:
            continue  # it was none: it says so itself, or did
        late = cleared_after[name] - cleared_before[name]
        was, is_now = owed(before, refund).total, owed(after, after.refunds[name]).total
        changes = (was > 0) != (is_now > 0) or _leaves_from_now(before, after, refund, given)
        if not late and (name in said or not changes):
            continue
        yield RefundDueChanged(
            refund=name,
            customer=refund.customer,
            order=order,
            currency=refund.granted.currency,
            due=is_now,
            cleared_late=late,
            deadlines=deadlines_of_due_back(given) if is_now and not was and name not in said else (),
        )


def _leaves_from_now(before: Placed, after: Placed, refund: Refund, given: Given) -> bool:
    """Whether some of it goes back by itself that did not: nobody would ask for it."""
    name, book = refund.granted.refund, given.book
    leaves = leaves_by_itself(after, after.refunds[name], book)
    return not leaves <= leaves_by_itself(before, refund, book)


def _says_of(event: Event) -> str | None:
    """The refund of which the event says itself what is due back after it."""
    match event:
        case CreditSetAside(source="refund"):
            return event.subject
        case _:
            return event.refund if isinstance(event, SAYS_ITSELF) else None
