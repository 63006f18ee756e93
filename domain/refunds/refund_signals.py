"""Fraud signals: patterns a person should look at. They inform, and nothing is refused for them.

Customers are generally honest. A signal of a kind is not raised again while one of it, about the same person,
waits to be looked at.
Source: R-G12, R-G10
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.authority import expect_role
from domain.causes import expect_cause
from domain.command import LONGEST_SEALED, Command, expect_text
from domain.customers.registering import Customer, known_customer
from domain.customers.standing import RefundFact
from domain.deadlines import deadlines_of_signal, is_history
from domain.decision import Decision, Given
from domain.entry import Sealed
from domain.ids import expect_id
from domain.moments import day_of, plus_days
from domain.refunds.limits import Deciding
from domain.refunds.persons_day import PersonsDay, day_stream
from domain.refunds.refund_events import (
    FraudSignalDismissed,
    FraudSignalRaised,
    RefundAllowanceUsed,
    RefundAsk,
    RefundGranted,
    SignalKind,
)
from domain.refusal import Refusal


class DismissFraudSignal(Command, frozen=True, kw_only=True):
    """Note that somebody looked at a signal and found nothing to do."""

    customer: str
    refund: str
    kind: SignalKind
    note: Sealed | None = None

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        expect_text("note", self.note, LONGEST_SEALED)

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)


@dataclass(unsafe_hash=True)
class SignalAboutYou(Refusal):
    """A signal about somebody's own grants is looked at by another person, whoever's key is used."""

    rule = "R-G12"
    way_out = "Ask another supervisor, or the owner, to look at it."

    customer: str
    refund: str
    kind: SignalKind


@dataclass(unsafe_hash=True)
class SignalUnknown(Refusal):
    """No such signal was raised about this customer."""

    rule = "H-known"
    way_out = "Look at the customer's signals; each is named by its refund and its kind."

    customer: str
    refund: str
    kind: SignalKind


def signals_of(
    granted: RefundGranted,
    used: RefundAllowanceUsed | None,
    deciding: Deciding | None,
    given: Given,
) -> tuple[FraudSignalRaised, ...]:
    """What a grant makes a person look at; nothing for history, for a deposit or credit that goes back.

    Source: R-G12
    """
    if is_history(given) or granted.basis in ("undelivered", "credit"):
        return ()
    customer = given.state(granted.customer, Customer)
    signals = () if customer is None else customer.signals.values()
    waiting = {(each.raised.kind, each.raised.person) for each in signals if each.dismissed is None}
    raised = (*_about_customer(granted, given), *_about_person(granted, used, deciding, given))
    return tuple([signal for signal in raised if (signal.kind, signal.person) not in waiting])


def _about_customer(granted: RefundGranted, given: Given) -> Iterator[FraudSignalRaised]:
    # All that is recorded counts, whenever it took effect: entering late tells no less than entering in time.
    edition = given.edition
    others = () if given.customer_by_now is None else given.customer_by_now.refunds
    if granted.order is None:
        unverified = [fact.refund for fact in others if fact.unverified]
        if len(unverified) + 1 >= edition.signal_unverified:
            yield _signal("unverified_again", granted, (*unverified, granted.refund), None, None, given)
    if granted.ask is not None and claims_beyond_bought(granted.ask):
        yield _signal("beyond_units_bought", granted, (granted.refund,), None, None, given)
    lately = _close_together(others, given)
    if len(lately) + 1 >= edition.signal_refunds:
        refunds = (*lately, granted.refund)
        yield _signal("refunds_in_short_time", granted, refunds, None, edition.signal_days, given)


def _close_together(others: Sequence[RefundFact], given: Given) -> list[str]:
    """Of the other refunds, the most that lie within so many days together with one of this moment."""
    zone, days = given.book.zone, given.edition.signal_days
    this = day_of(given.at, zone)
    on = [(day_of(fact.at, zone), fact.refund) for fact in others]
    most: list[str] = []
    for last in dict.fromkeys((this, *[day for day, _ in on if this < day < plus_days(this, days)])):
        within = [refund for day, refund in on if plus_days(last, 1 - days) <= day <= last]
        most = max(most, within, key=len)
    return most


def claims_beyond_bought(ask: RefundAsk) -> bool:
    """Whether more units of something are claimed than are left of what the search shows was bought.

    Where it shows none it is in question whether they bought it at all, which is no reason to look. Source:
    R-G10
    """
    left = {} if ask.searched is None else {each.sku: each.units for each in ask.searched.left}
    claimed = Counter[str]()
    for claim in ask.claims:
        claimed[claim.sku] += claim.quantity
    return any(sku in left and quantity > left[sku] for sku, quantity in claimed.items())


def _about_person(
    granted: RefundGranted, used: RefundAllowanceUsed | None, deciding: Deciding | None, given: Given
) -> Iterator[FraudSignalRaised]:
    if used is None or deciding is None or not used.just_under:
        return
    days = given.edition.signal_days
    close: list[str] = []
    first = plus_days(deciding.day, 1 - days)
    for stream in (*deciding.reads(), day_stream(deciding.person, deciding.day)):
        if stream >= day_stream(deciding.person, first):
            close.extend((given.state(stream, PersonsDay) or PersonsDay()).just_under)
    if len(close) + 1 >= given.edition.signal_just_under:
        refunds = (*close, granted.refund)
        yield _signal("just_under_limit", granted, refunds, deciding.person, days, given)


def _signal(
    kind: SignalKind,
    granted: RefundGranted,
    refunds: tuple[str, ...],
    person: str | None,
    days: int | None,
    given: Given,
) -> FraudSignalRaised:
    return FraudSignalRaised(
        customer=granted.customer,
        kind=kind,
        refund=granted.refund,
        person=person,
        refunds=refunds,
        days=days,
        deadlines=deadlines_of_signal(given),
    )


def dismiss_fraud_signal(command: DismissFraudSignal, given: Given) -> Decision:
    """Notes that a signal was looked at.

    Checks, in this order: customer known; signal known; retry, which is: it was dismissed; a supervisor,
    and not the person it is about (R-G12); not before the signal.
    """
    state = known_customer(given, command.customer)
    signal = state.signals.get((command.refund, command.kind))
    if signal is None:
        raise SignalUnknown(command.customer, command.refund, command.kind)
    if signal.dismissed is not None:
        return Decision(customer=command.customer, already=(signal.dismissed,))
    expect_role("supervisor", given)
    if signal.raised.person == given.actor.who:
        raise SignalAboutYou(command.customer, command.refund, command.kind)
    expect_cause(signal.at, given)
    event = FraudSignalDismissed(
        customer=command.customer, kind=command.kind, refund=command.refund, note=command.note
    )
    return Decision(events=((command.customer, event),), customer=command.customer)
