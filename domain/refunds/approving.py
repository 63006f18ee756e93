"""Approving a refund that waited for a decision, by another person than asked for it if it was above their
limit; and withdrawing one that is no longer wanted. Source: R-G3, R-G11
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.causes import expect_cause
from domain.command import Command
from domain.customers.registering import Customer
from domain.decision import Decision, Given
from domain.ids import expect_id
from domain.orders.order import Placed
from domain.refunds.deciding_refunds import Draft, decided, streams_of_grant
from domain.refunds.granting import order_draft
from domain.refunds.granting_unverified import credit_draft, unverified_draft
from domain.refunds.limits import Deciding, expect_approver, was_sent_on
from domain.refunds.refund import Refund, RefundRequest, RefundUnknown
from domain.refunds.refund_events import RefundWithdrawn
from domain.refusal import Refusal


class ApproveRefund(Command, frozen=True, kw_only=True):
    """Grant a refund that was asked for before. Raises: ValueError."""

    stream: str
    """The order, or the customer where it belongs to no order."""
    customer: str
    refund: str
    deciding: Deciding
    products: tuple[str, ...] = ()
    """Those whose list prices count."""

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)

    def writes(self) -> tuple[str, ...]:
        return streams_of_grant(self.stream, self.customer, self.deciding)

    def reads(self) -> tuple[str, ...]:
        return (*self.products, *self.deciding.reads())

    def facts_of(self) -> str | None:
        return self.customer


class WithdrawRefund(Command, frozen=True, kw_only=True):
    """Note that a refund asked for and not granted is no longer wanted. Raises: ValueError."""

    stream: str
    refund: str

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)


@dataclass(unsafe_hash=True)
class RefundNoLongerWanted(Refusal):
    """This refund was withdrawn before it was granted."""

    rule = "R-G3"
    way_out = "If the customer asks again, grant it as a new refund."

    refund: str


@dataclass(unsafe_hash=True)
class RefundGrantedAlready(Refusal):
    """This refund is granted, and what was granted stays granted."""

    rule = "R-G3"
    way_out = "Leave it as it is. If it was entered by mistake and nothing left us yet, correct its entry."

    refund: str


def approve_refund(command: ApproveRefund, given: Given) -> Decision:
    """Grants a refund asked for before, anew as it stands today, within the limits of whoever approves.

    Checks, in this order: refund known; retry, which is: it is granted, its units are cancelled, or who
    approves sent it on before; not withdrawn; if it was above a limit, another person than asked for it, in
    the role it waits for or above it (R-G11); not before the request; then as when it is granted at once.
    """
    state = _state(command.stream, given)
    refunds, requests = _refunds(state), _requests(state)
    granted = refunds.get(command.refund)
    request = requests.get(command.refund)
    if granted is not None:
        return Decision(customer=command.customer, already=(granted.position,))
    cancelled = state.cancellations.get(command.refund) if isinstance(state, Placed) else None
    if cancelled is not None:
        return Decision(customer=command.customer, already=cancelled.positions)
    if state is None or request is None:
        raise RefundUnknown(command.refund)
    escalated = request.escalated
    if escalated is not None and was_sent_on(request.sent_on_by, escalated.to_role, given):
        return Decision(customer=command.customer, already=request.positions)
    if request.withdrawn is not None:
        raise RefundNoLongerWanted(command.refund)
    if escalated is not None:
        expect_approver(request.requested.requested_by, command.refund, escalated.to_role, given)
    expect_cause(request.at, given)
    draft = _draft(state, request, given)
    return decided(draft, request.requested.ask, command.deciding, given, request)


def withdraw_refund(command: WithdrawRefund, given: Given) -> Decision:
    """Notes that a refund is no longer wanted.

    Checks, in this order: refund known; retry; not granted; not before the request.
    """
    state = _state(command.stream, given)
    request = _requests(state).get(command.refund)
    is_granted = command.refund in _refunds(state)
    if request is None and not is_granted:
        raise RefundUnknown(command.refund)
    if request is None or is_granted:
        raise RefundGrantedAlready(command.refund)
    it = request.requested
    if request.withdrawn is not None:
        return Decision(customer=it.customer, already=(request.withdrawn,))
    expect_cause(request.at, given)
    event = RefundWithdrawn(refund=it.refund, customer=it.customer, order=it.order)
    return Decision(events=((command.stream, event),), customer=it.customer)


def _draft(state: Placed | Customer, request: RefundRequest, given: Given) -> Draft:
    it = request.requested
    asked_at = request.at if it.ask.asked_at is None else it.ask.asked_at
    match state:
        case Placed():
            return order_draft(state, it.refund, it.ask, asked_at, given)
        case Customer() if it.basis == "credit":
            return credit_draft(state, it.refund, it.currency, it.ask, given)
        case Customer():
            return unverified_draft(state, it.refund, it.currency, it.ask, given)


def _state(stream: str, given: Given) -> Placed | Customer | None:
    state = given.states[stream]
    return state if isinstance(state, Placed | Customer) else None


def _refunds(state: Placed | Customer | None) -> Mapping[str, Refund]:
    return {} if state is None else state.refunds


def _requests(state: Placed | Customer | None) -> Mapping[str, RefundRequest]:
    return {} if state is None else state.refund_requests
