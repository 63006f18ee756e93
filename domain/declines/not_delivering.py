"""Not delivering: the one exception to "who orders gets the goods", and what has to be done before it.

A new customer, a declined card, everything tried, nobody reached. There is no other. Source: R-D1, R-D2, I4,
I5
"""

from dataclasses import dataclass

from domain.bills.owing import expect_customer
from domain.causes import expect_cause
from domain.command import Command
from domain.decision import Decision, Given
from domain.declines.decline_events import OnFile, OrderNotDelivered, OrderReleased
from domain.declines.holds import hold_of, on_file
from domain.declines.order_declines import Hold
from domain.ids import expect_id
from domain.inbound.waiting import expect_none_waits, streams_of
from domain.moments import Day, Moment, day_of, plus_days
from domain.orders.cancelling import CancelUnits, cancel_units
from domain.orders.order import placed_order
from domain.payments.attempting import expect_none_under_way
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class CloseAsNotDelivered(Command, frozen=True, kw_only=True):
    """Close the order of a new customer whose card was declined and who was never reached.

    Raises: ValueError.
    """

    order: str
    customer: str
    refund: str
    """Names the cancellation of what had not shipped, and the refund of what was paid towards it."""
    decided_on: Day | None = None
    """The book's today, where a charged fee may go back and needs a credit note (`may_credit_fee`)."""
    kept: tuple[str, ...] = ()
    """Money that came for the order: while any of it waits, the customer may have paid."""

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("ref", self.refund)

    def writes(self) -> tuple[str, ...]:
        return self.cancelling().writes()

    def cancelling(self) -> CancelUnits:
        """What is done about the units that had not shipped."""
        return CancelUnits(order=self.order, refund=self.refund, decided_on=self.decided_on)

    def reads(self) -> tuple[str, ...]:
        return self.customer, *streams_of(self.kept)


@dataclass(unsafe_hash=True)
class ExistingCustomerIsServed(Refusal):
    """An existing customer gets the goods, paid or not: what is not paid is billed."""

    rule = "R-D3"
    way_out = "Try the cards on file and the customer; in the end the order ships and is billed."

    order: str


@dataclass(unsafe_hash=True)
class NothingDeclined(Refusal):
    """No bank declined what this order now waits for: a payment was taken back, came short, or never came."""

    rule = "R-D1"
    way_out = "Reach the customer for another payment. The owner may let it ship unpaid, or they may cancel."

    order: str


@dataclass(unsafe_hash=True)
class CustomerWasReached(Refusal):
    """This customer was reached: only who never was may be left without the goods."""

    rule = "I4"
    way_out = "Ask them for another card. The owner may let it ship unpaid, or the customer may cancel."

    order: str


@dataclass(unsafe_hash=True)
class EffortTooFew(Refusal):
    """The customer has not been tried often enough since the decline."""

    rule = "I4"
    way_out = "Try them again, at another hour and by another channel."
    spoken = "The customer was tried {tried:time}; it takes {least} before we may give up."

    order: str
    tried: int
    least: int


@dataclass(unsafe_hash=True)
class ChannelsUntried(Refusal):
    """There are ways to reach the customer on file that nobody has tried."""

    rule = "I4"
    way_out = "Try them by every way shown; if one turns out to be no good, mark it so."

    order: str
    untried: tuple[OnFile, ...]


@dataclass(unsafe_hash=True)
class EffortTooShort(Refusal):
    """It is too early to give up on the customer."""

    rule = "I4"
    way_out = "Keep trying; the order may be closed from the day shown on."
    spoken = "We try for {days:day} after the decline before we may give up."

    order: str
    days: int
    from_day: Day


def close_as_not_delivered(command: CloseAsNotDelivered, given: Given) -> Decision:
    """Closes the order; what had not shipped is cancelled, and what was paid towards it is granted back.

    Checks, in this order: order placed; its customer; retry, which is: closed so already, or under this name
    before that was taken back; on hold; a new customer; a payment declined that began this hold or came while
    it lasts (R-D1); no charge under way, and no money that waits for the order: they may have paid (R-D1,
    R-D4); never reached; tried since that decline often enough, by every way on file, for long
    enough (I4); not before the hold, nor before the attempt that completed this.
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    closed = state.declines.not_delivered
    if closed is not None and state.declines.hold is None:
        return Decision(customer=command.customer, already=closed.ended_by)
    if (position := state.declines.closings.get(command.refund)) is not None:
        return Decision(customer=command.customer, already=(position,))
    if command.refund in state.cancellations:
        raise AlreadyRecordedOtherwise(command.refund)
    hold = hold_of(state)
    if state.placed.standing == "existing":
        raise ExistingCustomerIsServed(command.order)
    if not hold.declines:
        raise NothingDeclined(command.order)
    expect_none_under_way(state)
    expect_none_waits(state, command.kept, given)
    if state.declines.reached:
        raise CustomerWasReached(command.order)
    _check_effort(command, hold, given)
    expect_cause(_effort_made(hold, given, command.customer), given)
    done = [effort for effort in hold.effort if effort.at <= given.at]
    tried = [effort.attempted.contact_point for effort in done]
    closed = OrderNotDelivered(
        order=command.order,
        customer=command.customer,
        why="never_reached",
        held_on=hold.placed.held_on,
        declined_on=_declined_on(hold, given),
        contacts=len(done),
        tried=tuple([way for way in on_file(given, command.customer) if way.contact_point in tried]),
        by=command.refund,
    )
    undelivered = cancel_units(command.cancelling(), given)
    events = [pair for pair in undelivered.events if not isinstance(pair[1], OrderReleased)]
    return Decision(
        events=((command.order, closed), *events), claims=undelivered.claims, customer=command.customer
    )


def _check_effort(command: CloseAsNotDelivered, hold: Hold, given: Given) -> None:
    """So many attempts, and so many days. How the attempts lie within the days is asked of the people who
    make them, by a task every three days, and of no rule: five on the last evening are five. Source: R-D2, I4
    """
    edition = given.edition
    tried = len(hold.effort)
    if tried < edition.effort_attempts:
        raise EffortTooFew(command.order, tried, edition.effort_attempts)
    untried = hold.untried(on_file(given, command.customer))
    if untried:
        raise ChannelsUntried(command.order, untried)
    from_day = plus_days(_declined_on(hold, given), edition.effort_days)
    if day_of(given.at, given.book.zone) < from_day:
        raise EffortTooShort(command.order, edition.effort_days, from_day)


def _effort_made(hold: Hold, given: Given, customer: str) -> Moment:
    """When the customer had been tried often enough, and by every way now on file for the first time, while
    the order waited.
    """
    enough = sorted([effort.at for effort in hold.effort])[: given.edition.effort_attempts]
    ways = [
        min([effort.at for effort in hold.effort if effort.attempted.contact_point == way.contact_point])
        for way in on_file(given, customer)
    ]
    return max([hold.waits_since, *enough, *ways])


def _declined_on(hold: Hold, given: Given) -> Day:
    """The day from which on the effort counts. Source: R-D2, I4"""
    return day_of(hold.at if hold.declined_at is None else hold.declined_at, given.book.zone)
