"""How a customer's stream folds: what each event makes of the customer. The fold asks no rule."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from domain.corrections.correction_events import PaymentCorrected, RefundCorrected
from domain.customers.credit import (
    CreditChange,
    credit_after,
    credit_changed,
    not_asked_back,
    with_credit_escalated,
    with_credit_requested,
    with_credit_withdrawn,
)
from domain.customers.registering import (
    ContactPointAdded,
    ContactPointInvalidated,
    Customer,
    CustomerRegistered,
    KnownContactPoint,
    KnownPaymentMethod,
    PaymentMethodStored,
)
from domain.declines.decline_events import PaymentMethodFailed
from domain.entry import Entry, Event
from domain.payments.payment_events import (
    CreditSetAside,
    CreditUsed,
    StoreCreditEscalated,
    StoreCreditGranted,
    StoreCreditRequested,
    StoreCreditWithdrawn,
)
from domain.refunds.payout_events import PayoutNamed
from domain.refunds.refund import (
    claim_changed,
    with_escalated,
    with_granted,
    with_named,
    with_payout,
    with_requested,
    with_returned,
    with_set_aside,
    with_withdrawn,
)
from domain.refunds.refund_events import (
    FraudSignalDismissed,
    FraudSignalRaised,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundRequested,
    RefundReturned,
    RefundWithdrawn,
)
from domain.refunds.signal import Signal
from domain.returns.evolve_returns import RETURNS
from domain.there import Thing


def evolve_customer(state: Customer | None, entry: Entry) -> Customer:
    """The customer after one more entry of their stream. Raises: TypeError for an event of another stream."""
    match entry.event, state:
        case CustomerRegistered() as it, None:
            at, position = entry.effective_at, entry.position
            known = {point.id: KnownContactPoint(point, at, position) for point in it.contact_points}
            return Customer(registered=it, registered_at=at, position=position, contact_points=known)
        case event, Customer() if type(event) in EVOLVE_CUSTOMER:
            after = EVOLVE_CUSTOMER[type(event)](state, event, entry)
            there = after.there.after(_things_changed(state, after), entry.effective_at)
            return after if there is after.there else msgspec.structs.replace(after, there=there)
        case event, _:
            raise TypeError(f"{type(event).__name__} does not belong at {entry.stream} {entry.version}")


def _things_changed(before: Customer, after: Customer) -> Iterator[tuple[Thing, int]]:
    if after.credit is not before.credit:
        yield from credit_changed(before.credit, after.credit)
    if after.refunds is not before.refunds:
        for name, refund in after.refunds.items():
            yield from claim_changed(before.refunds.get(name), refund)


def _contact_point_added(state: Customer, it: ContactPointAdded, entry: Entry) -> Customer:
    point = KnownContactPoint(it.contact_point, entry.effective_at, entry.position)
    return msgspec.structs.replace(state, contact_points={**state.contact_points, it.contact_point.id: point})


def _contact_point_invalidated(state: Customer, it: ContactPointInvalidated, entry: Entry) -> Customer:
    gone = msgspec.structs.replace(state.contact_points[it.contact_point], invalidated=entry.position)
    return msgspec.structs.replace(state, contact_points={**state.contact_points, it.contact_point: gone})


def _payment_method_stored(state: Customer, it: PaymentMethodStored, entry: Entry) -> Customer:
    method = KnownPaymentMethod(it, entry.effective_at, entry.position)
    return msgspec.structs.replace(
        state, payment_methods={**state.payment_methods, it.payment_method: method}
    )


def _payment_method_failed(state: Customer, it: PaymentMethodFailed, entry: Entry) -> Customer:
    method = state.payment_methods[it.payment_method]
    failed = msgspec.structs.replace(method, failures=(*method.failures, it))
    return msgspec.structs.replace(
        state, payment_methods={**state.payment_methods, it.payment_method: failed}
    )


def _store_credit_granted(state: Customer, it: StoreCreditGranted, entry: Entry) -> Customer:
    return msgspec.structs.replace(
        state,
        credit=credit_after(state.credit, it),
        credits={**state.credits, it.credit: CreditChange(it, entry.position)},
    )


def _store_credit_requested(state: Customer, it: StoreCreditRequested, entry: Entry) -> Customer:
    requests = with_credit_requested(state.credit_requests, it, entry)
    return msgspec.structs.replace(state, credit_requests=requests)


def _store_credit_escalated(state: Customer, it: StoreCreditEscalated, entry: Entry) -> Customer:
    requests = with_credit_escalated(state.credit_requests, it, entry)
    return msgspec.structs.replace(state, credit_requests=requests)


def _store_credit_withdrawn(state: Customer, it: StoreCreditWithdrawn, entry: Entry) -> Customer:
    requests = with_credit_withdrawn(state.credit_requests, it, entry)
    return msgspec.structs.replace(state, credit_requests=requests)


def _credit_set_aside(state: Customer, it: CreditSetAside, entry: Entry) -> Customer:
    refunds = state.refunds
    if it.order is None:
        refunds = with_set_aside(refunds, it)
    return msgspec.structs.replace(
        state,
        credit=credit_after(state.credit, it),
        credits={**state.credits, it.credit: CreditChange(it, entry.position)},
        refunds=refunds,
    )


def _credit_used(state: Customer, it: CreditUsed, entry: Entry) -> Customer:
    return msgspec.structs.replace(
        state,
        credit=credit_after(state.credit, it),
        credits={**state.credits, it.use: CreditChange(it, entry.position)},
    )


def _refund_requested(state: Customer, it: RefundRequested, entry: Entry) -> Customer:
    return msgspec.structs.replace(state, refund_requests=with_requested(state.refund_requests, it, entry))


def _refund_escalated(state: Customer, it: RefundEscalated, entry: Entry) -> Customer:
    return msgspec.structs.replace(state, refund_requests=with_escalated(state.refund_requests, it, entry))


def _refund_withdrawn(state: Customer, it: RefundWithdrawn, entry: Entry) -> Customer:
    return msgspec.structs.replace(state, refund_requests=with_withdrawn(state.refund_requests, it, entry))


def _refund_granted(state: Customer, it: RefundGranted, entry: Entry) -> Customer:
    return msgspec.structs.replace(
        state,
        credit=credit_after(state.credit, it),
        refunds=with_granted(state.refunds, it, entry),
    )


def _refund_tried(state: Customer, it: RefundPaid | RefundPaymentFailed, entry: Entry) -> Customer:
    return msgspec.structs.replace(state, refunds=with_payout(state.refunds, it, entry))


def _payout_named(state: Customer, it: PayoutNamed, entry: Entry) -> Customer:
    return msgspec.structs.replace(state, refunds=with_named(state.refunds, it, entry))


def _refund_returned(state: Customer, it: RefundReturned, entry: Entry) -> Customer:
    return msgspec.structs.replace(state, refunds=with_returned(state.refunds, it, entry))


def _refund_corrected(state: Customer, it: RefundCorrected, entry: Entry) -> Customer:
    refund = msgspec.structs.replace(state.refunds[it.refund], credits={}, corrected=entry.position)
    credit = not_asked_back(state.credit, refund.granted)
    return msgspec.structs.replace(state, credit=credit, refunds={**state.refunds, it.refund: refund})


def _payment_corrected(state: Customer, it: PaymentCorrected, entry: Entry) -> Customer:
    return msgspec.structs.replace(state, credit=credit_after(state.credit, it))


def _signal_raised(state: Customer, it: FraudSignalRaised, entry: Entry) -> Customer:
    signal = Signal(it, entry.effective_at, entry.position)
    return msgspec.structs.replace(state, signals={**state.signals, (it.refund, it.kind): signal})


def _signal_dismissed(state: Customer, it: FraudSignalDismissed, entry: Entry) -> Customer:
    name = (it.refund, it.kind)
    dismissed = msgspec.structs.replace(state.signals[name], dismissed=entry.position)
    return msgspec.structs.replace(state, signals={**state.signals, name: dismissed})


EVOLVE_CUSTOMER: Final[Mapping[type[Event], Callable[[Customer, Any, Entry], Customer]]] = {
    ContactPointAdded: _contact_point_added,
    ContactPointInvalidated: _contact_point_invalidated,
    PaymentMethodStored: _payment_method_stored,
    PaymentMethodFailed: _payment_method_failed,
    StoreCreditRequested: _store_credit_requested,
    StoreCreditEscalated: _store_credit_escalated,
    StoreCreditWithdrawn: _store_credit_withdrawn,
    StoreCreditGranted: _store_credit_granted,
    CreditSetAside: _credit_set_aside,
    CreditUsed: _credit_used,
    RefundRequested: _refund_requested,
    RefundEscalated: _refund_escalated,
    RefundWithdrawn: _refund_withdrawn,
    RefundGranted: _refund_granted,
    RefundPaid: _refund_tried,
    RefundPaymentFailed: _refund_tried,
    PayoutNamed: _payout_named,
    RefundReturned: _refund_returned,
    RefundCorrected: _refund_corrected,
    PaymentCorrected: _payment_corrected,
    FraudSignalRaised: _signal_raised,
    FraudSignalDismissed: _signal_dismissed,
    **RETURNS,
}
"""How each of these events changes a registered customer."""
