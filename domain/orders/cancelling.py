"""Cancelling: units not yet shipped will not be, and what becomes due back is granted in the same command.

Unshipped units are cancelled from the last downward; shipped ones never. Source: I13, I14, R-G6
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from domain.command import Command, parts_by_line
from domain.deadlines import deadlines_of_due_back
from domain.decision import Claim, Decision, Given
from domain.declines.holds import hold_ends, shipping_begins
from domain.ids import expect_id
from domain.moments import Day, day_of
from domain.orders.evolve_goods import without_units
from domain.orders.order import Cancellation, Placed, line_of, placed_order, price_not_covered
from domain.orders.order_events import OrderPlaced, OrderUnitsCancelled, Part
from domain.orders.pricing import UnitsPrice, price_of_units
from domain.refunds.clearing import Clearing, clear, write_offs_reversed
from domain.refunds.credit_notes import credit_note_stream, numbered
from domain.refunds.refund import REFUND
from domain.refunds.refund_events import RefundGranted
from domain.refusal import Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise


class CancelUnits(Command, frozen=True, kw_only=True):
    """Cancel units of an order that have not shipped. Raises: ValueError."""

    order: str
    refund: str
    """Names the cancellation, and the refund it grants if anything becomes due back."""
    parts: tuple[Part, ...] = ()
    """Empty: all that is unshipped."""
    decided_on: Day | None = None
    """The book's today, where a charged fee may go back and needs a credit note (`may_credit_fee`)."""

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        msgspec.structs.force_setattr(self, "parts", parts_by_line(self.parts))

    def writes(self) -> tuple[str, ...]:
        if self.decided_on is None:
            return (self.order,)
        return (self.order, credit_note_stream(self.decided_on))


@dataclass(unsafe_hash=True)
class CancellationExceedsUnits(Refusal):
    """More units would be cancelled than are unshipped: shipped units cannot be cancelled."""

    rule = "I14"
    way_out = "Cancel at most the unshipped units. Units that shipped are the customer's: they stay charged."
    spoken = "Of line {line}, {unshipped:unit} can be cancelled, and {asked} would be."
    where_none = WhereNone(
        "unshipped",
        "Nothing of line {line} is left to cancel: each unit shipped, or is cancelled already.",
        "Look at the order's lines. Units that shipped are refunded once the customer asks.",
    )

    order: str
    line: int
    asked: int
    unshipped: int


@dataclass(unsafe_hash=True)
class NothingToCancel(Refusal):
    """Every unit of this order has shipped or is cancelled already."""

    rule = "I14"
    way_out = "Look at the order's lines: each says what shipped and what was cancelled."

    order: str


def cancel_units(command: CancelUnits, given: Given) -> Decision:
    """Cancels unshipped units and grants what becomes due back through it; nothing due, no grant.

    A hold ends with it where the rest is covered, or nothing is left to ship.

    Checks, in this order: order placed; retry; lines and unshipped units (I14); a credit note of this
    year, where a charged fee goes back. Not before the order, which `domain.causal_order` asks.
    """
    state = placed_order(given, command.order)
    recorded = state.cancellations.get(command.refund)
    if recorded is not None:
        return _already_cancelled(recorded, command, state)
    if command.refund in state.refunds or command.refund in state.refund_requests:
        raise AlreadyRecordedOtherwise(command.refund)
    parts = _parts(command, state)
    cancelled = cancelled_units(state, command.refund, parts, all_unshipped=not command.parts, given=given)
    after = without_units(state, parts, cancelled.goods + cancelled.tax)
    order, customer = command.order, state.placed.customer
    ends = hold_ends(
        after, may_ship=price_not_covered(after) == 0, because="cancelled", by=command.refund, given=given
    )
    refund = undelivered_refund(state, command.refund, after, given)
    if refund is None:
        return Decision(events=((order, cancelled), *ends), customer=customer)
    granted, clearing = refund
    granted, taken = numbered(granted, command.decided_on, given)
    reversed_ = write_offs_reversed(clearing, order, customer, granted.currency, granted.refund)
    events = [(order, event) for event in (cancelled, *reversed_, granted)]
    return Decision(
        events=(*events, *taken, *ends), claims=(Claim(REFUND, command.refund),), customer=customer
    )


def cancelled_units(
    state: Placed, refund: str, parts: tuple[Part, ...], *, all_unshipped: bool, given: Given
) -> OrderUnitsCancelled:
    """Those unshipped units, which will not ship, at what they would have cost."""
    price = price_of_last_units(state, parts)
    after = without_units(state, parts, price.total)
    return OrderUnitsCancelled(
        order=state.placed.order,
        customer=state.placed.customer,
        refund=refund,
        parts=parts,
        all_unshipped=all_unshipped,
        currency=state.placed.currency,
        goods=price.goods,
        tax=price.tax,
        fee_dropped=state.price_to_ship() - after.price_to_ship() - price.total,
        deadlines=shipping_begins(state, given) if _covers_the_rest(state, after) else (),
    )


def _already_cancelled(recorded: Cancellation, command: CancelUnits, state: Placed) -> Decision:
    it = recorded.cancelled
    same = it.all_unshipped if not command.parts else not it.all_unshipped and it.parts == command.parts
    if not same:
        raise AlreadyRecordedOtherwise(command.refund)
    return Decision(customer=state.placed.customer, already=recorded.positions)


def _parts(command: CancelUnits, state: Placed) -> tuple[Part, ...]:
    if not command.parts:
        unshipped = tuple([Part(line.line.number, line.to_ship) for line in state.lines if line.to_ship])
        if not unshipped:
            raise NothingToCancel(command.order)
        return unshipped
    for part in command.parts:
        line = line_of(state, part.line)
        if part.quantity > line.to_ship:
            raise CancellationExceedsUnits(command.order, part.line, part.quantity, line.to_ship)
    return command.parts


def price_of_last_units(state: Placed, parts: Sequence[Part]) -> UnitsPrice:
    """What those units would have cost, taken from the last unshipped of each line downward. Source: R-G6"""
    goods = tax = 0
    for part in parts:
        line = state.lines[part.line - 1]
        last = line.line.quantity - line.cancelled
        price = price_of_units(line.line, last - part.quantity, last)
        goods += price.goods
        tax += price.tax
    return UnitsPrice(goods, tax)


def _covers_the_rest(state: Placed, after: Placed) -> bool:
    """Whether the deposit, short before, is enough for what is left to ship after the cancellation."""
    return price_not_covered(state) > 0 and after.units_to_ship > 0 and price_not_covered(after) == 0


def undelivered_refund(
    state: Placed, refund: str, after: Placed, given: Given
) -> tuple[RefundGranted, Clearing] | None:
    """What a cancellation gives back: the deposit its units no longer need, and a gone order's fee.

    `after` is the order without those units. A fee that was charged is credited, clearing bills first; one
    not yet charged never will be. None where nothing becomes due.

    Source: I14, R-G6, R-G9
    """
    returns_fee = fee_goes_back(after)
    credit = state.fee if returns_fee and state.fee_charged else 0
    carried = [name for name, it in state.shipments.items() if it.shipped.carries_fee]
    clearing = clear(state.bills, credit, carried)
    account = msgspec.structs.replace(
        state.account,
        credited=state.account.credited + credit,
        written_off=state.account.written_off - clearing.reopened(),
    )
    after = msgspec.structs.replace(after, account=account, bills=clearing.bills)
    granted = after.purse().due_back - state.purse().due_back
    if granted == 0 and credit == 0:
        return None
    event = msgspec.structs.replace(
        deposit_granted(state.placed, refund, granted, given),
        returns_fee=returns_fee,
        cleared=clearing.cleared,
        write_offs_cleared=clearing.write_offs_cleared,
    )
    return _with_fee(event, state) if returns_fee and state.fee_charged else event, clearing


def _with_fee(granted: RefundGranted, state: Placed) -> RefundGranted:
    """The same, with the fee that was charged."""
    return msgspec.structs.replace(
        granted,
        credit_amount=state.fee,
        shipping=state.placed.shipping,
        shipping_tax=state.placed.shipping_tax,
        shipping_credit=state.placed.shipping_credit,
    )


def may_credit_fee(state: Placed) -> bool:
    """Whether cancelling what is unshipped may take back a fee that was charged."""
    return state.fee_charged and not state.fee_returned and state.fee > 0


def fee_goes_back(state: Placed) -> bool:
    """Whether the fee goes back, or is never charged: not so before, and every unit is refunded or cancelled.

    Source: R-G6, I14
    """
    return not state.fee_returned and all(line.gone for line in state.lines)


def deposit_granted(placed: OrderPlaced, refund: str, amount: int, given: Given) -> RefundGranted:
    """So much of a deposit goes back, with nothing of what was charged. Source: I14"""
    return RefundGranted(
        refund=refund,
        customer=placed.customer,
        order=placed.order,
        basis="undelivered",
        currency=placed.currency,
        granted_on=day_of(given.at, given.book.zone),
        granted=amount,
        left=amount,
        credit_amount=0,
        goods=0,
        tax=0,
        shipping=0,
        shipping_tax=0,
        shipping_credit=0,
        returns_fee=False,
        parts=(),
        cleared=(),
        write_offs_cleared=(),
        deadlines=deadlines_of_due_back(given) if amount else (),
    )
