"""Who decides a refund: it is granted within the limits of whoever acts, and goes to the next role above
them; a limit never refuses.

    draft         what a grant would record, whoever decides: `granting` and `granting_unverified` make it
    within        the grant, its credit note, what it uses of the person's day, the signals it raises
    above         the request, if it is new, and its escalation

Source: R-G11, R-G12
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from domain.deadlines import deadlines_of_decision
from domain.decision import Claim, Decision, Given
from domain.entry import Event
from domain.moments import Moment
from domain.refunds.credit_notes import credit_note_stream, numbered
from domain.refunds.limits import Above, Deciding, Within, allowance
from domain.refunds.refund import REFUND, Refund, RefundRequest
from domain.refunds.refund_events import (
    RefundAsk,
    RefundEscalated,
    RefundGranted,
    RefundRequested,
    RefundWithdrawn,
)
from domain.refunds.refund_signals import signals_of
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What granting a refund would record, before anybody has decided it."""

    stream: str
    granted: RefundGranted
    """Without number, and without who decided."""
    before: tuple[Event, ...] = ()
    """In the same stream: what is cancelled with it, and what was written off and is open again."""
    is_refund: bool = True
    """Not where units are only cancelled, of which nothing is due back."""


def streams_of_grant(stream: str, customer: str, deciding: Deciding | None) -> tuple[str, ...]:
    """The streams a grant may write: its own, the customer's for signals, the person's day, the numbers."""
    streams = (stream,) if stream == customer else (stream, customer)
    if deciding is None:
        return streams
    return (*streams, *deciding.writes(), credit_note_stream(deciding.day))


@dataclass(unsafe_hash=True)
class MomentTooLate(Refusal):
    """First comes the contact, then the asking, then the refund; and one is later than the next."""

    rule = "H-time"
    way_out = "Give the moment at which it happened, or leave it out."
    spoken = (
        "First comes the contact, then the asking, then the refund: `{field}` may be {latest:moment} at the"
        " latest."
    )

    field: Literal["first_contact_at", "asked_at"]
    latest: Moment


def expect_asked(ask: RefundAsk, asked_at: Moment, given: Given) -> None:
    """It was asked for by the deciding moment, and who asked had spoken to us by then: minutes from the
    contact never run backwards.

    Raises: MomentTooLate. Source: R-S5, H-time
    """
    if asked_at > given.at:
        raise MomentTooLate("asked_at", given.at)
    if ask.first_contact_at is not None and ask.first_contact_at > asked_at:
        raise MomentTooLate("first_contact_at", asked_at)


def requested(draft: Draft, ask: RefundAsk, given: Given) -> Decision:
    """The request alone, for somebody to decide. Source: R-G3"""
    event = _request(draft, ask, given, deadlines=True)
    return Decision(events=((draft.stream, event),), claims=_claims(draft), customer=event.customer)


def decided(
    draft: Draft,
    ask: RefundAsk,
    deciding: Deciding | None,
    given: Given,
    request: RefundRequest | None = None,
) -> Decision:
    """The grant, or its escalation to the next role. Raises: CreditNoteNotPrepared. Source: R-G11"""
    granted = draft.granted
    if not draft.is_refund:
        return _only_cancelled(draft, request)
    within = Within()
    if granted.has_limit:
        verdict = allowance(granted, deciding, given)
        if isinstance(verdict, Above):
            return _escalated(draft, ask, verdict, given, request)
        within = verdict
    granted = msgspec.structs.replace(
        granted,
        decided_by=given.actor.who,
        decided_as=given.actor.role if granted.has_limit else None,
        limit=within.limit,
        requested_by=None if request is None else request.requested.requested_by,
    )
    granted, taken = numbered(granted, None if deciding is None else deciding.day, given)
    events: list[tuple[str, Event]] = [(draft.stream, event) for event in (*draft.before, granted)]
    events.extend(taken)
    if within.used is not None and deciding is not None:
        events.append((deciding.writes()[0], within.used))
    for signal in signals_of(granted, within.used, deciding, given):
        events.append((granted.customer, signal))
    return Decision(
        events=tuple(events),
        claims=_claims(draft) if request is None else (),
        customer=granted.customer,
    )


def _only_cancelled(draft: Draft, request: RefundRequest | None) -> Decision:
    """The units cancelled; a request for them ends with that."""
    granted = draft.granted
    ends = RefundWithdrawn(refund=granted.refund, customer=granted.customer, order=granted.order)
    events = draft.before if request is None else (*draft.before, ends)
    return Decision(events=tuple([(draft.stream, event) for event in events]), customer=granted.customer)


def already_asked(
    refunds: Mapping[str, Refund], requests: Mapping[str, RefundRequest], refund: str, ask: RefundAsk
) -> tuple[int, ...] | None:
    """Positions that already say it; None where the refund is new. Raises: AlreadyRecordedOtherwise."""
    granted, request = refunds.get(refund), requests.get(refund)
    if granted is None and request is None:
        return None
    said = granted.granted.ask if granted is not None else request.requested.ask if request else None
    if said != ask:
        raise AlreadyRecordedOtherwise(refund)
    return (granted.position,) if granted is not None else request.positions if request else ()


def _request(draft: Draft, ask: RefundAsk, given: Given, *, deadlines: bool) -> RefundRequested:
    granted = draft.granted
    return RefundRequested(
        refund=granted.refund,
        customer=granted.customer,
        order=granted.order,
        basis=granted.basis,
        currency=granted.currency,
        amount=granted.granted,
        ask=ask,
        requested_by=given.actor.who,
        deadlines=deadlines_of_decision(given) if deadlines else (),
    )


def _escalated(
    draft: Draft, ask: RefundAsk, above: Above, given: Given, request: RefundRequest | None
) -> Decision:
    granted = draft.granted
    escalated = RefundEscalated(
        refund=granted.refund,
        customer=granted.customer,
        order=granted.order,
        currency=granted.currency,
        amount=granted.against_limits,
        exceeded=above.exceeded,
        limit=above.limit,
        used=above.used,
        from_role=given.actor.role,
        to_role=above.to_role,
        sent_on_by=None if request is None else given.actor.who,
        deadlines=deadlines_of_decision(given),
    )
    if request is not None:
        return Decision(events=((draft.stream, escalated),), customer=granted.customer)
    events = (draft.stream, _request(draft, ask, given, deadlines=False)), (draft.stream, escalated)
    return Decision(events=events, claims=_claims(draft), customer=granted.customer)


def _claims(draft: Draft) -> tuple[Claim, ...]:
    return (Claim(REFUND, draft.granted.refund, draft.stream),)
