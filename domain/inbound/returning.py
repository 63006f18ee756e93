"""Returning: unmatched money, or some of it, went back where it came from; and may not have arrived there.

What went back left under a reference, as a payout of a refund does: whichever tells it first, a person or the
processor, the other tells the same. What a person took back may be said again under its name, by either; what
its processor says itself did not arrive has that name for good, told however late that it had left. What came
back of a payout comes to us under the payout's own. Source: I12, §2 Money
"""

from dataclasses import dataclass

from domain.bills.owing import expect_customer
from domain.causes import expect_cause
from domain.command import Command, expect_amount, expect_text
from domain.deadlines import deadlines_of_unmatched
from domain.decision import Claim, Decision, Given
from domain.entry import Event, Minor
from domain.ids import expect_id
from domain.inbound.other_money import waits_for_other_money
from domain.inbound.unmatched import (
    UNMATCHED_REF,
    Returned,
    Settlement,
    UnmatchedMoney,
    expect_left,
    unmatched_money,
    unmatched_ref,
    unmatched_stream,
)
from domain.inbound.unmatched_events import (
    UnmatchedPayoutReturned,
    UnmatchedReceiptCameAgain,
    UnmatchedReceiptReturned,
)
from domain.inbound.waiting import streams_of
from domain.money import Money
from domain.orders.order import Placed
from domain.payments.references import MoneyReference
from domain.refunds.payout_references import ReferenceMissing, ReferencePaidOutOtherwise
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class ReturnMoney(Command, frozen=True, kw_only=True):
    """Say that unmatched money, or some of it, went back where it came from. Raises: ValueError."""

    unmatched: str
    settlement: str
    """Names the return."""
    amount: Minor
    currency: str
    reference: str | None = None
    """What the processor or bank calls it."""
    order: str | None = None
    """The order the money named, where it named one: it may wait for other money from now on."""
    customer: str | None = None
    """Whose order that is; named with it."""
    kept: tuple[str, ...] = ()
    """Other money that came for that order: what of it waits may cover it."""

    def __post_init__(self) -> None:
        expect_id("stl", self.settlement)
        expect_amount("amount", self.amount, least=1)
        expect_text("reference", self.reference)
        if (self.order is None) != (self.customer is None):
            raise ValueError("order and customer must be named together")
        if self.customer is not None:
            expect_id("cus", self.customer)

    def writes(self) -> tuple[str, ...]:
        return (unmatched_stream(self.unmatched), *(() if self.order is None else (self.order,)))

    def reads(self) -> tuple[str, ...]:
        return (*(() if self.customer is None else (self.customer,)), *streams_of(self.kept))

    def facts_of(self) -> str | None:
        return self.customer


class RecordFailedReturn(Command, frozen=True, kw_only=True):
    """Note that what had gone back of unmatched money did not arrive, or never left: it is here.

    Raises: ValueError.
    """

    unmatched: str
    settlement: str
    """The return that came to nothing."""

    def __post_init__(self) -> None:
        expect_id("stl", self.settlement)

    def writes(self) -> tuple[str, ...]:
        return (unmatched_stream(self.unmatched),)


@dataclass(unsafe_hash=True)
class UnmatchedNamesOtherOrder(Refusal):
    """The money came for another order than is said, or for none that is known."""

    rule = "H-known"
    way_out = "Name the order that the list of unmatched money shows with it, or none where it shows none."

    unmatched: str
    order: str | None


@dataclass(unsafe_hash=True)
class ReturnUnknown(Refusal):
    """Nothing of this money went back under this id."""

    rule = "H-known"
    way_out = "Look at the entries of the money: each return is named there."

    unmatched: str
    settlement: str


def return_money(command: ReturnMoney, given: Given) -> Decision:
    """Records that unmatched money went back, and claims the reference it left under. The order it came for
    is placed on hold where nothing else covers it and what is left of that money, and of other that waits for
    it, would not: nobody was asked for anything while it was here.

    Checks, in this order: money known; its order, and whose that is; retry, by return, then by the reference,
    which is that of no other return (I12), unless a person took that back; its currency; something left, and
    at most that; a reference, where money left us (R-G8). Source: I12, R-D2, R-B2
    """
    state = unmatched_money(given, command.unmatched)
    if command.order != state.it.order:
        raise UnmatchedNamesOtherOrder(command.unmatched, command.order)
    order = _order_it_came_for(command, given)
    returned = _returned(command, state)
    known = said_before(command, state)
    if known is not None:
        return _already(known, returned)
    expect_left(state, Money(command.amount, command.currency))
    if state.is_receipt and command.reference is None:
        raise ReferenceMissing(command.unmatched)
    left = state.left - command.amount
    held = ()
    if order is not None:
        held = waits_for_other_money(state, order, left, command.kept, "given_back", given)
    return Decision(
        events=((unmatched_stream(command.unmatched), returned), *held),
        claims=_claims(command, state),
        customer=command.customer or state.it.customer,
    )


def _returned(command: ReturnMoney, state: UnmatchedMoney) -> Returned:
    event = UnmatchedReceiptReturned if state.is_receipt else UnmatchedPayoutReturned
    return event(
        unmatched=command.unmatched,
        customer=state.it.customer,
        settlement=command.settlement,
        currency=command.currency,
        amount=command.amount,
        reference=command.reference,
    )


def _order_it_came_for(command: ReturnMoney, given: Given) -> Placed | None:
    """The order it came for, once it is placed. Raises: OrderOfAnotherCustomer."""
    order = None if command.order is None else given.state(command.order, Placed)
    if order is not None and command.customer is not None:
        expect_customer(order, command.customer)
    return order


def said_before(command: ReturnMoney, state: UnmatchedMoney) -> Settlement | None:
    """The same return, by its id, or by its reference; where it has none, of all that came back.

    One that was said without a reference has none by which it could be told from this: of history, or of a
    payout that came back.
    """
    known = state.settlements.get(command.settlement) or state.returned_under(command.reference)
    if known is not None or command.reference is None or state.left >= command.amount:
        return known
    for each in state.standing:
        if isinstance(each.it, Returned) and (each.it.reference, each.it.amount) == (None, command.amount):
            return each
    return None


def _already(known: Settlement, said: Returned) -> Decision:
    """Raises: AlreadyRecordedOtherwise, ReferencePaidOutOtherwise."""
    it = known.it
    assert isinstance(it, Returned)
    recorded, amount = Money(it.amount, it.currency), Money(said.amount, said.currency)
    if it.settlement == said.settlement and it != said:
        raise AlreadyRecordedOtherwise(said.settlement)
    if recorded != amount:
        raise ReferencePaidOutOtherwise(it.settlement, known.position, recorded, amount)
    return Decision(customer=it.customer, already=(known.position,))


def _claims(command: ReturnMoney, state: UnmatchedMoney) -> tuple[Claim, ...]:
    """That nothing else left us under its reference, but for what a person took back before; of what came
    back of a payout, that nothing else comes to us under it and waits.
    """
    it = state.it
    if command.reference is None:
        return ()
    if state.is_receipt:
        named = MoneyReference(it.processor, command.reference, it.customer or "")
        return (named.payout_claim(state.freed(command.reference)),)
    return (Claim(UNMATCHED_REF, unmatched_ref("receipt", it.processor, command.reference)),)


def record_failed_return(command: RecordFailedReturn, given: Given) -> Decision:
    """Records that what went back is here again, and waits. The order it came for goes on waiting, as whoever
    says what the money was lets it go on.

    Checks, in this order: money known; return known; retry; not before it went back. Source: I12
    """
    state = unmatched_money(given, command.unmatched)
    known = state.settlements.get(command.settlement)
    if known is None or not isinstance(known.it, UnmatchedReceiptReturned):
        raise ReturnUnknown(command.unmatched, command.settlement)
    if known.reopened is not None:
        return Decision(customer=state.it.customer, already=(known.reopened,))
    expect_cause(known.at, given)
    again = UnmatchedReceiptCameAgain(
        unmatched=command.unmatched,
        customer=state.it.customer,
        order=state.it.order,
        settlement=command.settlement,
        currency=known.it.currency,
        amount=known.it.amount,
        deadlines=deadlines_of_unmatched(given),
    )
    events: tuple[tuple[str, Event], ...] = ((unmatched_stream(command.unmatched), again),)
    return Decision(events=events, customer=state.it.customer)
