"""Reaching the customer: every attempt is recorded, by which way, and whether they were reached.

Source: R-D2, R-D3
"""

from dataclasses import dataclass

from domain.bills.owing import expect_customer
from domain.causes import expect_cause
from domain.command import LONGEST_SEALED, Command, OutOfRange, expect_text
from domain.customers.registering import ContactPointUnknown, known_customer
from domain.deadlines import deadlines_of_effort
from domain.decision import Decision, Given
from domain.declines.decline_events import ContactAttempted, OnFile
from domain.declines.holds import on_file
from domain.declines.order_declines import ContactEffort, Hold
from domain.entry import Sealed
from domain.ids import expect_id
from domain.orders.contacting import CONTACT_CHANNELS, expect_person
from domain.orders.order import Placed, placed_order
from domain.orders.order_events import ContactChannel
from domain.refusal import Refusal


class RecordContactAttempt(Command, frozen=True, kw_only=True):
    """Record that somebody tried to reach the customer about a declined payment. Raises: ValueError."""

    order: str
    customer: str
    channel: ContactChannel
    contact_point: str | None = None
    """The one on file that was used. Left out, it is the only good one of that channel, where there is one;
    where there is none, they were tried in some way that is not on file.
    """
    reached: bool
    by: str
    note: Sealed | None = None

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("per", self.by)
        if self.channel not in CONTACT_CHANNELS:
            raise OutOfRange("channel", f"must be one of {', '.join(CONTACT_CHANNELS)}")
        if self.contact_point is not None:
            expect_id("con", self.contact_point)
        expect_text("note", self.note, LONGEST_SEALED)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return (self.customer,)


@dataclass(unsafe_hash=True)
class NeverOnHold(Refusal):
    """No payment of this order was declined, or that was later: there was nothing to reach them about."""

    rule = "R-D2"
    way_out = "Record an ordinary contact with the customer instead."

    order: str


@dataclass(unsafe_hash=True)
class ContactPointOfAnotherChannel(Refusal):
    """This contact point belongs to another channel than the one said to have been used."""

    rule = "R-D2"
    way_out = "Say by which channel they were tried, and name a contact point of that channel."

    contact_point: str
    channel: str


@dataclass(unsafe_hash=True)
class ContactPointNotNamed(Refusal):
    """The customer has several contact points of this channel: which of them was tried counts."""

    rule = "R-D2"
    way_out = "Name the contact point that was used: it is one of those shown."

    on_file: tuple[OnFile, ...]


def record_contact_attempt(command: RecordContactAttempt, given: Given) -> Decision:
    """Records an attempt to reach the customer, and what on file is still untried after it.

    Checks, in this order: order placed; its customer; an order that is or was on hold; retry, which is: the
    same attempt at the same moment; contact point known and of that channel, or named if there are several;
    person known; not before the hold.
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    recorded = _already_attempted(state, command, given)
    if recorded is not None:
        return Decision(customer=command.customer, already=(recorded.position,))
    if not state.declines.holds:
        raise NeverOnHold(command.order)
    hold = state.declines.holds[-1]
    contact_point = _contact_point(command, given)
    expect_person(command.by, given)
    expect_cause(hold.at, given)
    attempted = ContactAttempted(
        order=command.order,
        customer=command.customer,
        channel=command.channel,
        contact_point=contact_point,
        reached=command.reached,
        by=command.by,
        note=command.note,
        untried=_untried(hold, contact_point, given, command.customer),
        deadlines=() if command.reached or hold.ended else deadlines_of_effort(given),
    )
    return Decision(events=((command.order, attempted),), customer=command.customer)


def _already_attempted(state: Placed, command: RecordContactAttempt, given: Given) -> ContactEffort | None:
    asked = (command.channel, command.reached, command.by, command.note)
    for known in state.declines.contacts:
        it = known.attempted
        said = (it.channel, it.reached, it.by, it.note)
        if known.at == given.at and said == asked and command.contact_point in (None, it.contact_point):
            return known
    return None


def _contact_point(command: RecordContactAttempt, given: Given) -> str | None:
    """The one that was tried; None where none of that channel is on file.

    Raises: ContactPointUnknown, ContactPointOfAnotherChannel, ContactPointNotNamed.
    """
    if command.contact_point is None:
        good = tuple([way for way in on_file(given, command.customer) if way.channel == command.channel])
        if len(good) > 1:
            raise ContactPointNotNamed(good)
        return good[0].contact_point if good else None
    known = known_customer(given, command.customer).contact_points.get(command.contact_point)
    if known is None:
        raise ContactPointUnknown(command.customer, command.contact_point)
    if known.contact_point.kind != command.channel:
        raise ContactPointOfAnotherChannel(command.contact_point, command.channel)
    return command.contact_point


def _untried(hold: Hold, used: str | None, given: Given, customer: str) -> tuple[OnFile, ...]:
    counts = hold.declined_at is None or given.at >= hold.declined_at  # one of before the decline does not
    left = hold.untried(on_file(given, customer))
    return tuple([way for way in left if not counts or way.contact_point != used])
