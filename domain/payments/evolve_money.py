"""How money changes an order: payments, bills, refunds, credit, and what was taken back."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from domain.bills.bill import (
    Bill,
    Call,
    Reminder,
    WriteOff,
    with_cleared,
    with_owed,
    with_paid,
    with_promise,
    with_written_off,
)
from domain.bills.bill_events import (
    BillBecameOverdue,
    BillIssued,
    BillMarkedUncollectible,
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
    CollectionCallMade,
    ReminderSent,
    WriteOffReversed,
)
from domain.bills.promise import Promise
from domain.bills.promise_events import PromiseBroken, PromiseKept, PromiseMade
from domain.customers.credit import CreditChange, with_less, with_more
from domain.entry import Entry, Event
from domain.orders.order import Placed
from domain.payments.payment import Dispute, Payment, Reversal, with_received
from domain.payments.payment_events import (
    CreditSetAside,
    CreditUsed,
    DisputeClosed,
    DisputeOpened,
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
)
from domain.refunds.payout_events import PayoutAsked, PayoutNamed
from domain.refunds.refund import (
    with_asked,
    with_escalated,
    with_granted,
    with_named,
    with_payout,
    with_requested,
    with_returned,
    with_set_aside,
    with_unmatched,
    with_withdrawn,
)
from domain.refunds.refund_events import (
    PayoutUnmatched,
    RefundDueChanged,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundRequested,
    RefundReturned,
    RefundWithdrawn,
)


def _received(state: Placed, it: PaymentCaptured | BillPaymentReceived, entry: Entry) -> Placed:
    payment = Payment(it, entry.effective_at, (entry.position,))
    return msgspec.structs.replace(
        _moved(state, received=it.amount),
        payments=with_received(state.payments, payment),
        bills=with_paid(state.bills, it.bills),
    )


def _billed(state: Placed, it: BillIssued, entry: Entry) -> Placed:
    bill = Bill(
        bill=it.bill,
        why="shipment",
        source=it,
        position=entry.position,
        amount=it.amount,
        currency=it.currency,
        at=entry.effective_at,
        due_on=it.due_on,
    )
    bills = dict(state.bills)
    if it.replaces is not None:
        void = bills[it.replaces]
        bill = _instead_of(void, bill)
        bills[it.replaces] = msgspec.structs.replace(void, uncollectible=0)
    shipment = state.shipments[it.shipment]
    billed = msgspec.structs.replace(shipment, positions=(*shipment.positions, entry.position))
    return msgspec.structs.replace(
        state, bills={**bills, it.bill: bill}, shipments={**state.shipments, it.shipment: billed}
    )


def _instead_of(void: Bill, bill: Bill) -> Bill:
    """The bill with what was done to collect the one whose place it takes."""
    return msgspec.structs.replace(
        bill,
        overdue_since=void.overdue_since,
        falls_overdue=void.falls_overdue,
        reminders=void.reminders,
        calls=void.calls,
        promises=void.promises,
        uncollectible=void.uncollectible,
        given_up=void.given_up,
    )


def _overdue(state: Placed, it: BillBecameOverdue, entry: Entry) -> Placed:
    return _with_bill(state, it.bill, overdue_since=entry.effective_at)


def _written_off(state: Placed, it: BillWrittenOff, entry: Entry) -> Placed:
    bills = with_written_off(state.bills, it.bill, it.amount, uncollectible=it.uncollectible)
    bills[it.bill] = msgspec.structs.replace(
        bills[it.bill], write_off=WriteOff(it, entry.effective_at, entry.position)
    )
    return msgspec.structs.replace(_moved(state, written_off=it.amount), bills=bills)


def _write_off_reversed(state: Placed, it: WriteOffReversed, entry: Entry) -> Placed:
    bills = with_written_off(state.bills, it.bill, -it.amount)
    reversed_by = (*state.write_offs_reversed.get(it.by, ()), BillShare(it.bill, it.amount))
    return msgspec.structs.replace(
        _moved(state, written_off=-it.amount),
        bills=bills,
        write_offs_reversed={**state.write_offs_reversed, it.by: reversed_by},
    )


def _uncollectible(state: Placed, it: BillMarkedUncollectible, entry: Entry) -> Placed:
    bill = state.bills[it.bill]
    return _with_bill(
        state,
        it.bill,
        uncollectible=bill.uncollectible + it.amount,
        given_up=entry.position,
    )


def _reminded(state: Placed, it: ReminderSent, entry: Entry) -> Placed:
    reminder = Reminder(it, entry.effective_at, entry.position)
    return _with_bill(state, it.bill, reminders=(*state.bills[it.bill].reminders, reminder))


def _called(state: Placed, it: CollectionCallMade, entry: Entry) -> Placed:
    call = Call(it, entry.effective_at, entry.position)
    return _with_bill(state, it.bill, calls=(*state.bills[it.bill].calls, call))


def _promised(state: Placed, it: PromiseMade, entry: Entry) -> Placed:
    promise = Promise(it, entry.effective_at, entry.position)
    return msgspec.structs.replace(state, bills=with_promise(state.bills, promise))


def _promise_ended(state: Placed, it: PromiseKept | PromiseBroken, entry: Entry) -> Placed:
    promises = dict(state.bills[it.subject].promises)
    outcome = "kept" if isinstance(it, PromiseKept) else "broken"
    kept_by = it.by if isinstance(it, PromiseKept) else None
    promises[it.promise] = msgspec.structs.replace(promises[it.promise], outcome=outcome, kept_by=kept_by)
    return _with_bill(state, it.subject, promises=promises)


def _with_bill(state: Placed, name: str, **changed: object) -> Placed:
    """The order with those fields of one of its bills changed."""
    bill = msgspec.structs.replace(state.bills[name], **changed)
    return msgspec.structs.replace(state, bills={**state.bills, name: bill})


def _disputed(state: Placed, it: DisputeOpened, entry: Entry) -> Placed:
    dispute = Dispute(it, entry.effective_at, entry.position)
    return msgspec.structs.replace(state, disputes={**state.disputes, it.dispute: dispute})


def _dispute_closed(state: Placed, it: DisputeClosed, entry: Entry) -> Placed:
    closed = msgspec.structs.replace(state.disputes[it.dispute], outcome=it.outcome, closed=entry.position)
    return msgspec.structs.replace(state, disputes={**state.disputes, it.dispute: closed})


def _reversed(state: Placed, it: PaymentReversed, entry: Entry) -> Placed:
    payment = state.payments[it.payment]
    payment = msgspec.structs.replace(payment, reversed=payment.reversed + it.amount)
    return msgspec.structs.replace(
        _moved(state, reversed=it.amount),
        payments={**state.payments, it.payment: payment},
        reversals={**state.reversals, it.reversal: Reversal(it, entry.effective_at, entry.position)},
        bills=with_owed(state.bills, it, entry),
    )


def _reinstated(state: Placed, it: PaymentReinstated, entry: Entry) -> Placed:
    payment = state.payments[it.payment]
    payment = msgspec.structs.replace(payment, reversed=payment.reversed - it.amount)
    reversal = state.reversals[it.reversal]
    came = (*reversal.reinstatements, (it, entry.position))
    return msgspec.structs.replace(
        _moved(state, reversed=-it.amount),
        payments={**state.payments, it.payment: payment},
        reversals={**state.reversals, it.reversal: msgspec.structs.replace(reversal, reinstatements=came)},
        bills=with_paid(state.bills, it.bills),
    )


def _credit_set_aside(state: Placed, it: CreditSetAside, entry: Entry) -> Placed:
    refunds = state.refunds
    if it.source == "refund":
        refunds = with_set_aside(refunds, it)
    return msgspec.structs.replace(
        _moved(state, set_aside=it.amount),
        gift=state.gift - it.gift,
        credit_here=with_less(state.credit_here, it.again),
        refunds=refunds,
        credits={**state.credits, it.credit: CreditChange(it, entry.position)},
    )


def _credit_used(state: Placed, it: CreditUsed, entry: Entry) -> Placed:
    return msgspec.structs.replace(
        _moved(state, credit_used=it.amount),
        gift=state.gift + it.gift,
        credit_here=with_more(state.credit_here, it.own),
        bills=with_paid(state.bills, it.bills),
        credits={**state.credits, it.use: CreditChange(it, entry.position)},
    )


def _refund_granted(state: Placed, it: RefundGranted, entry: Entry) -> Placed:
    lines = list(state.lines)
    for part in it.parts:
        if part.line is not None:
            line = lines[part.line - 1]
            lines[part.line - 1] = msgspec.structs.replace(line, refunded=line.refunded + part.quantity)
    cancellations = dict(state.cancellations)
    if it.refund in cancellations:
        cancellation = cancellations[it.refund]
        positions = (*cancellation.positions, entry.position)
        cancellations[it.refund] = msgspec.structs.replace(cancellation, positions=positions)
    return msgspec.structs.replace(
        _moved(state, credited=it.credit_amount),
        lines=tuple(lines),
        fee_returned=state.fee_returned or it.returns_fee,
        bills=with_cleared(state.bills, (*it.cleared, *it.write_offs_cleared)),
        cancellations=cancellations,
        refunds=with_granted(state.refunds, it, entry),
    )


def _refund_requested(state: Placed, it: RefundRequested, entry: Entry) -> Placed:
    return msgspec.structs.replace(state, refund_requests=with_requested(state.refund_requests, it, entry))


def _refund_escalated(state: Placed, it: RefundEscalated, entry: Entry) -> Placed:
    return msgspec.structs.replace(state, refund_requests=with_escalated(state.refund_requests, it, entry))


def _refund_withdrawn(state: Placed, it: RefundWithdrawn, entry: Entry) -> Placed:
    return msgspec.structs.replace(state, refund_requests=with_withdrawn(state.refund_requests, it, entry))


def _refund_paid(state: Placed, it: RefundPaid, entry: Entry) -> Placed:
    return msgspec.structs.replace(
        _moved(state, refunded=it.amount),
        refunds=with_payout(state.refunds, it, entry),
        payments=_paid_back(state, it.payment, it.amount),
    )


def _refund_payment_failed(state: Placed, it: RefundPaymentFailed, entry: Entry) -> Placed:
    return msgspec.structs.replace(state, refunds=with_payout(state.refunds, it, entry))


def _payout_unmatched(state: Placed, it: PayoutUnmatched, entry: Entry) -> Placed:
    return msgspec.structs.replace(state, refunds=with_unmatched(state.refunds, it, entry))


def _payout_asked(state: Placed, it: PayoutAsked, entry: Entry) -> Placed:
    return msgspec.structs.replace(state, refunds=with_asked(state.refunds, it, entry))


def _payout_named(state: Placed, it: PayoutNamed, entry: Entry) -> Placed:
    return msgspec.structs.replace(state, refunds=with_named(state.refunds, it, entry))


def _refund_returned(state: Placed, it: RefundReturned, entry: Entry) -> Placed:
    paid = state.refunds[it.refund].payouts[it.payout].tried
    return msgspec.structs.replace(
        _moved(state, refunded=-it.amount),
        refunds=with_returned(state.refunds, it, entry),
        payments=_paid_back(state, paid.payment, -it.amount),
        bills=with_paid(state.bills, it.bills),
    )


def _refund_due_changed(state: Placed, it: RefundDueChanged, entry: Entry) -> Placed:
    return state  # what is due back is computed anew whenever somebody asks


def _paid_back(state: Placed, name: str | None, amount: int) -> Mapping[str, Payment]:
    """The payments, of which one went back by so much more."""
    if name is None:
        return state.payments
    payment = state.payments[name]
    return {**state.payments, name: msgspec.structs.replace(payment, paid_back=payment.paid_back + amount)}


def _moved(state: Placed, **amounts: int) -> Placed:
    """The order with those columns of its account raised by so much."""
    return msgspec.structs.replace(state, account=state.account.moved(**amounts))


MONEY: Final[Mapping[type[Event], Callable[[Placed, Any, Entry], Placed]]] = {
    PaymentCaptured: _received,
    BillPaymentReceived: _received,
    BillIssued: _billed,
    BillBecameOverdue: _overdue,
    BillWrittenOff: _written_off,
    WriteOffReversed: _write_off_reversed,
    BillMarkedUncollectible: _uncollectible,
    ReminderSent: _reminded,
    CollectionCallMade: _called,
    PromiseMade: _promised,
    PromiseKept: _promise_ended,
    PromiseBroken: _promise_ended,
    DisputeOpened: _disputed,
    DisputeClosed: _dispute_closed,
    PaymentReversed: _reversed,
    PaymentReinstated: _reinstated,
    CreditSetAside: _credit_set_aside,
    CreditUsed: _credit_used,
    RefundRequested: _refund_requested,
    RefundEscalated: _refund_escalated,
    RefundWithdrawn: _refund_withdrawn,
    RefundGranted: _refund_granted,
    RefundPaid: _refund_paid,
    RefundPaymentFailed: _refund_payment_failed,
    PayoutAsked: _payout_asked,
    PayoutNamed: _payout_named,
    PayoutUnmatched: _payout_unmatched,
    RefundReturned: _refund_returned,
    RefundDueChanged: _refund_due_changed,
}
"""How each of these events changes a placed order."""
