"""New credit, which is money from us: up to the limit for gestures of whoever acts it is given at once, above
it the next role decides; a limit never refuses.

What was given in one case counts together, and what was given outside any case to one customer on one day:
else a gesture in two halves would pass where the whole does not. Source: R-G11, R-S8
"""

from dataclasses import dataclass
from typing import get_args

from domain.causes import expect_cause
from domain.command import LONGEST_SEALED, Command, OutOfRange, expect_amount, expect_text
from domain.customers.credit import CreditRequest
from domain.customers.registering import Customer, known_customer
from domain.deadlines import deadlines_of_credit_decision
from domain.decision import Decision, Given
from domain.entry import Event, Minor, Sealed
from domain.ids import expect_id
from domain.moments import Day, day_of
from domain.payments.payment_events import (
    CreditKind,
    CreditNoteLine,
    StoreCreditEscalated,
    StoreCreditGranted,
    StoreCreditRequested,
    StoreCreditWithdrawn,
)
from domain.refunds.limits import ABOVE, expect_approver, limit_of, was_sent_on
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise

CREDIT_KINDS: tuple[CreditKind, ...] = get_args(CreditKind)


class GrantStoreCredit(Command, frozen=True, kw_only=True):
    """Give a customer credit that is new money from us. Raises: ValueError."""

    customer: str
    credit: str
    kind: CreditKind
    amount: Minor
    currency: str
    note: Sealed | None = None
    case: str | None = None
    said_by: CreditNoteLine | None = None
    """The line of a credit note from elsewhere that says so."""

    def __post_init__(self) -> None:
        expect_id("crd", self.credit)
        expect_amount("amount", self.amount, least=1)
        if self.kind not in CREDIT_KINDS:
            raise OutOfRange("kind", f"must be one of {', '.join(CREDIT_KINDS)}")
        expect_text("note", self.note, LONGEST_SEALED)

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)


class ApproveStoreCredit(Command, frozen=True, kw_only=True):
    """Give credit that waited for somebody's decision. Raises: ValueError."""

    customer: str
    credit: str

    def __post_init__(self) -> None:
        expect_id("crd", self.credit)

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)


class WithdrawStoreCredit(Command, frozen=True, kw_only=True):
    """Note that credit which waits for a decision is not to be given. Raises: ValueError."""

    customer: str
    credit: str

    def __post_init__(self) -> None:
        expect_id("crd", self.credit)

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)


@dataclass(unsafe_hash=True)
class StoreCreditUnknown(Refusal):
    """No credit with this id was given to this customer, or asked for."""

    rule = "H-known"
    way_out = "Find it in the list of credit given."

    credit: str


@dataclass(unsafe_hash=True)
class StoreCreditNoLongerWanted(Refusal):
    """This credit was withdrawn before anybody gave it."""

    rule = "R-G11"
    way_out = "If it is to be given after all, give it as new credit."

    credit: str


@dataclass(unsafe_hash=True)
class StoreCreditGiven(Refusal):
    """This credit is given, and the customer may have used it."""

    rule = "R-G11"
    way_out = "Leave it as it is: what was given is theirs."

    credit: str


def grant_store_credit(command: GrantStoreCredit, given: Given) -> Decision:
    """Gives credit out of goodwill, or to put figures right; above the limit it goes to the next role.

    Checks, in this order: customer known; retry; not before they were registered. Then the limit for gestures
    (R-G11), which never refuses.
    """
    customer = known_customer(given, command.customer)
    already = _already(customer, command)
    if already:
        return Decision(customer=command.customer, already=already)
    expect_cause(customer.registered_at, given)
    ask = StoreCreditRequested(
        customer=command.customer,
        credit=command.credit,
        kind=command.kind,
        currency=command.currency,
        amount=command.amount,
        note=command.note,
        case=command.case,
        requested_by=given.actor.who,
    )
    return _decided(customer, ask, command.said_by, given)


def approve_store_credit(command: ApproveStoreCredit, given: Given) -> Decision:
    """Gives credit that was above the limit of whoever asked, within the limit of whoever approves.

    Checks, in this order: customer known; credit known; retry, which is: it is given, or who approves sent it
    on before; not withdrawn; another person than asked for it, in the role it waits for or above it (R-G11);
    not before it was asked for. Then the limit for gestures, which never refuses.
    """
    customer = known_customer(given, command.customer)
    known = customer.credits.get(command.credit)
    if known is not None and isinstance(known.it, StoreCreditGranted):
        return Decision(customer=command.customer, already=(known.position,))
    request = _request(customer, command.credit)
    assert request.escalated is not None  # in the same append
    to_role = request.escalated.to_role
    if was_sent_on(request.sent_on_by, to_role, given):
        return Decision(customer=command.customer, already=request.positions)
    if request.withdrawn is not None:
        raise StoreCreditNoLongerWanted(command.credit)
    expect_approver(request.requested.requested_by, command.credit, to_role, given)
    expect_cause(request.at, given)
    return _decided(customer, request.requested, None, given, request)


def withdraw_store_credit(command: WithdrawStoreCredit, given: Given) -> Decision:
    """Notes that credit which waits for a decision is not to be given.

    Checks, in this order: customer known; not given; credit known; retry; not before it was asked for.
    """
    customer = known_customer(given, command.customer)
    known = customer.credits.get(command.credit)
    if known is not None and isinstance(known.it, StoreCreditGranted):
        raise StoreCreditGiven(command.credit)
    request = _request(customer, command.credit)
    if request.withdrawn is not None:
        return Decision(customer=command.customer, already=(request.withdrawn,))
    expect_cause(request.at, given)
    withdrawn = StoreCreditWithdrawn(customer=command.customer, credit=command.credit)
    return Decision(events=((command.customer, withdrawn),), customer=command.customer)


def _request(customer: Customer, credit: str) -> CreditRequest:
    """Credit asked for. Raises: StoreCreditUnknown."""
    request = customer.credit_requests.get(credit)
    if request is None:
        raise StoreCreditUnknown(credit)
    return request


def _already(customer: Customer, command: GrantStoreCredit) -> tuple[int, ...]:
    """Positions that already say it. Raises: AlreadyRecordedOtherwise."""
    known, request = customer.credits.get(command.credit), customer.credit_requests.get(command.credit)
    said = request.requested if request is not None else None if known is None else known.it
    if said is None:
        return ()
    asked = (command.kind, command.currency, command.amount, command.note, command.case)
    if not isinstance(said, StoreCreditRequested | StoreCreditGranted):
        raise AlreadyRecordedOtherwise(command.credit)
    if (said.kind, said.currency, said.amount, said.note, said.case) != asked:
        raise AlreadyRecordedOtherwise(command.credit)
    if known is not None:
        return (known.position,)
    return () if request is None else request.positions


def _decided(
    customer: Customer,
    ask: StoreCreditRequested,
    said_by: CreditNoteLine | None,
    given: Given,
    request: CreditRequest | None = None,
) -> Decision:
    """The credit, or its escalation to the next role. Source: R-G11"""
    role = given.actor.role
    limit = limit_of(given.edition, role, "per_gesture", ask.currency)
    counts_on = _counts_on(ask, given)
    counted = ask.amount + _given_with_it(customer, ask, counts_on)
    if limit is not None and counted > limit:
        return _escalated(ask, counted, limit, given, request)
    granted = StoreCreditGranted(
        customer=ask.customer,
        credit=ask.credit,
        kind=ask.kind,
        currency=ask.currency,
        granted_on=day_of(given.at, given.book.zone),
        amount=ask.amount,
        note=ask.note,
        case=ask.case,
        counts_on=counts_on,
        said_by=said_by,
        decided_by=given.actor.who,
        decided_as=role,
        limit=limit,
        requested_by=None if request is None else ask.requested_by,
    )
    return Decision(events=((ask.customer, granted),), customer=ask.customer)


def _counts_on(ask: StoreCreditRequested, given: Given) -> Day | None:
    """The day of deciding, whenever it takes effect; None in a case, and for what an import tells of."""
    if ask.case is not None or given.origin == "import":
        return None
    return day_of(given.now, given.book.zone)


def _given_with_it(customer: Customer, ask: StoreCreditRequested, counts_on: Day | None) -> int:
    """What was given before in the same case, or outside any that day, whoever gave it. Source: R-G11"""
    if ask.case is None and counts_on is None:
        return 0
    before = [known.it for known in customer.credits.values() if isinstance(known.it, StoreCreditGranted)]
    same = (ask.currency, ask.case, counts_on)
    return sum([it.amount for it in before if (it.currency, it.case, it.counts_on) == same])


def _escalated(
    ask: StoreCreditRequested, counted: int, limit: int, given: Given, request: CreditRequest | None
) -> Decision:
    to_role = ABOVE.get(given.actor.role, "owner")
    escalated = StoreCreditEscalated(
        customer=ask.customer,
        credit=ask.credit,
        currency=ask.currency,
        amount=counted,
        limit=limit,
        from_role=given.actor.role,
        to_role=to_role,
        sent_on_by=None if request is None else given.actor.who,
        deadlines=deadlines_of_credit_decision(given),
    )
    events: tuple[Event, ...] = (escalated,) if request is not None else (ask, escalated)
    return Decision(events=tuple([(ask.customer, event) for event in events]), customer=ask.customer)
