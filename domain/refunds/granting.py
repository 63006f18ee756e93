"""Granting a refund of an order: units at the price paid, with their share of discount and tax.

Units ship and are refunded from 1 upward; those asked back before they ship are cancelled in the same
command. The fee goes back when the whole order is gone, and always for an observed problem. Condition and age
never lower it, and there is no command that refuses one. Source: R-G3, R-G5, R-G6, R-G9, I13, I14
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from domain.bills.owing import expect_customer
from domain.causes import EffectiveBeforeCause
from domain.command import (
    LONGEST_SEALED,
    MOST_LINES,
    Command,
    OutOfRange,
    expect_quantity,
    expect_text,
)
from domain.deadlines import deadlines_of_due_back, deadlines_of_supplier_claim
from domain.decision import Decision, Given
from domain.declines.holds import hold_ends, shipping_begins
from domain.entry import Event
from domain.ids import expect_id
from domain.moments import Day, Moment, day_of
from domain.orders.cancelling import cancelled_units, fee_goes_back, price_of_last_units
from domain.orders.evolve_goods import without_units
from domain.orders.order import Placed, line_of, placed_order, price_not_covered
from domain.orders.order_events import Part
from domain.refunds.clearing import Clearing, clear, write_offs_reversed
from domain.refunds.deciding_refunds import (
    Draft,
    already_asked,
    decided,
    expect_asked,
    requested,
    streams_of_grant,
)
from domain.refunds.limits import Deciding
from domain.refunds.owed import owed
from domain.refunds.refund import Refund
from domain.refunds.refund_events import AskedUnits, Basis, RefundAsk, RefundedPart, RefundGranted
from domain.refunds.refund_windows import refunded_parts
from domain.refusal import Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise
from domain.suppliers.recoverable import last_supplier_day


class GrantRefund(Command, frozen=True, kw_only=True):
    """Give a customer money of an order back, or note that they ask for it. Raises: ValueError."""

    order: str
    customer: str
    """The order's; named so that their history is read."""
    refund: str
    ask: RefundAsk
    deciding: Deciding | None = None
    """Who decides on which day; None only for history."""
    only_request: bool = False
    """Note that it was asked for, and leave the decision to somebody else."""

    def __post_init__(self) -> None:
        expect_id("ord", self.order)
        expect_id("ref", self.refund)
        expect_text("note", self.ask.note, LONGEST_SEALED)
        if self.ask.claims or self.ask.credit is not None:
            raise ValueError("a refund of an order names units of its lines")
        if len(self.ask.units) > MOST_LINES:
            raise OutOfRange("units", f"must name at most {MOST_LINES} lines")
        for asked in self.ask.units:
            expect_quantity("quantity", asked.quantity)
        units = tuple(sorted(self.ask.units, key=lambda asked: asked.line))
        msgspec.structs.force_setattr(self, "ask", msgspec.structs.replace(self.ask, units=units))

    def writes(self) -> tuple[str, ...]:
        return streams_of_grant(self.order, self.customer, self.deciding)

    def reads(self) -> tuple[str, ...]:
        return () if self.deciding is None else self.deciding.reads()

    def facts_of(self) -> str | None:
        return self.customer


@dataclass(unsafe_hash=True)
class RefundExceedsUnits(Refusal):
    """More units would be refunded than are left of this line: each is refunded or cancelled once."""

    rule = "I13"
    way_out = (
        "Refund at most the units left. If the customer says they bought more from us, grant it as an "
        "unverified refund: they get the full price."
    )
    spoken = "Of line {line}, {left:unit} can be refunded, and {asked} would be."
    where_none = WhereNone(
        "left",
        "Nothing of line {line} is left to refund: each unit is refunded or cancelled already.",
        "If the customer says they bought more from us, grant it as an unverified refund: they get the full"
        " price.",
    )

    order: str
    line: int
    asked: int
    left: int


@dataclass(unsafe_hash=True)
class NothingToRefund(Refusal):
    """It names no units, and no fee goes back."""

    rule = "R-G6"
    way_out = (
        "Name the lines and units, or the problem the customer reports if the shipping fee is to go back."
    )

    order: str


def grant_refund(command: GrantRefund, given: Given) -> Decision:
    """Grants a refund of an order within the limits of whoever acts, else escalates it to the next role.

    Checks, in this order: order placed; customer; retry; lines and units (I13); something to refund; not
    before the asking, nor asked before the first contact or the order. Then limits (R-G11), which never
    refuse; a credit note of this year. Not before the shipments concerned, which `domain.causal_order` asks.
    """
    state = placed_order(given, command.order)
    expect_customer(state, command.customer)
    already = _already_asked(command, state)
    if already is not None:
        return Decision(customer=command.customer, already=already)
    asked_at = given.at if command.ask.asked_at is None else command.ask.asked_at
    draft = order_draft(state, command.refund, command.ask, asked_at, given)
    if command.only_request:
        return requested(draft, command.ask, given)
    return decided(draft, command.ask, command.deciding, given)


def _already_asked(command: GrantRefund, state: Placed) -> tuple[int, ...] | None:
    cancellation = state.cancellations.get(command.refund)
    if cancellation is not None and command.refund not in state.refunds:
        # Nothing became due through it, so that it was not granted either.
        units = tuple([AskedUnits(part.line, part.quantity) for part in cancellation.cancelled.parts])
        if cancellation.cancelled.all_unshipped or command.ask.units != units:
            raise AlreadyRecordedOtherwise(command.refund)
        return cancellation.positions
    return already_asked(state.refunds, state.refund_requests, command.refund, command.ask)


class _Split(msgspec.Struct, frozen=True):
    """The units asked back: those that shipped, and those that have not."""

    shipped: tuple[AskedUnits, ...]
    unshipped: tuple[Part, ...]


def order_draft(state: Placed, refund: str, ask: RefundAsk, asked_at: Moment, given: Given) -> Draft:
    """What granting it would record; no refund where only units are cancelled of which nothing is due.

    Raises: LineUnknown, RefundExceedsUnits, NothingToRefund, EffectiveBeforeCause.
    """
    split = _split(state, ask)
    gone = _without(state, split)
    returns_fee = not state.fee_returned and ask.observed_problem is not None
    returns_fee = returns_fee or fee_goes_back(gone)
    fee_counts = returns_fee and state.fee > 0 and (state.fee_charged or gone.units_to_ship > 0)
    if not split.shipped and not split.unshipped and not fee_counts:
        raise NothingToRefund(state.placed.order)
    events: list[Event] = []
    if split.unshipped:
        events.append(cancelled_units(state, refund, split.unshipped, all_unshipped=False, given=given))
    parts = refunded_parts(state, split.shipped, day_of(asked_at, given.book.zone))
    _expect_causes(state, ask, asked_at, given)
    credits_fee = returns_fee and state.fee_charged
    credit = sum([part.goods + part.tax for part in parts]) + (state.fee if credits_fee else 0)
    clearing = clear(state.bills, credit, _shipments(state, parts, credits_fee=credits_fee and state.fee > 0))
    freed = msgspec.structs.replace(gone, fee_returned=state.fee_returned or returns_fee)
    granted = credit + freed.purse().due_back - state.purse().due_back
    after = _after(freed, credit, clearing)
    because = "cancelled" if split.unshipped else "paid"
    ends = hold_ends(after, may_ship=price_not_covered(after) == 0, because=because, by=refund, given=given)
    events.extend([event for _, event in ends])
    basis = _basis(ask, parts)
    event = _granted(
        state,
        refund,
        ask,
        basis,
        parts,
        day_of(given.at, given.book.zone),
        returns_fee=returns_fee,
        clearing=clearing,
    )
    event = msgspec.structs.replace(
        event,
        granted=granted,
        credit_amount=credit,
        fee_dropped=gone.price_to_ship() - freed.price_to_ship(),
    )
    left = _left(after, event, given)
    event = msgspec.structs.replace(
        event,
        left=left,
        deadlines=(
            *(deadlines_of_due_back(given) if left else ()),
            *deadlines_of_supplier_claim(last_supplier_day(state, event), given),
            *(shipping_begins(state, given) if _covers_the_rest(state, after, split) else ()),
        ),
    )
    it = state.placed
    events.extend(write_offs_reversed(clearing, it.order, it.customer, it.currency, refund))
    return Draft(
        stream=it.order,
        granted=event,
        before=tuple(events),
        is_refund=basis != "undelivered" or granted != 0 or credit != 0,
    )


def _covers_the_rest(state: Placed, after: Placed, split: _Split) -> bool:
    """Whether what is credited covers all still to ship, which lacked money before.

    Where units are cancelled with it, their cancellation says so.
    """
    was_short, is_short = price_not_covered(state) > 0, price_not_covered(after) > 0
    return was_short and not is_short and not split.unshipped


def _split(state: Placed, ask: RefundAsk) -> _Split:
    """Shipped units are refunded first, then unshipped ones are cancelled. Source: I14"""
    shipped: list[AskedUnits] = []
    unshipped: dict[int, int] = {}
    taken: dict[int, int] = {}
    for asked in ask.units:
        line = line_of(state, asked.line)
        before = taken.get(asked.line, 0)
        taken[asked.line] = before + asked.quantity
        refundable = line.shipped - line.refunded
        if taken[asked.line] > refundable + line.to_ship:
            raise RefundExceedsUnits(
                state.placed.order, asked.line, taken[asked.line], refundable + line.to_ship
            )
        from_shipped = max(0, min(asked.quantity, refundable - before))
        if from_shipped:
            shipped.append(msgspec.structs.replace(asked, quantity=from_shipped))
        if asked.quantity > from_shipped:
            unshipped[asked.line] = unshipped.get(asked.line, 0) + asked.quantity - from_shipped
    return _Split(tuple(shipped), tuple([Part(line, quantity) for line, quantity in unshipped.items()]))


def _without(state: Placed, split: _Split) -> Placed:
    """The order with those units refunded and cancelled, its money as it was."""
    after = without_units(state, split.unshipped, price_of_last_units(state, split.unshipped).total)
    lines = list(after.lines)
    for asked in split.shipped:
        line = lines[asked.line - 1]
        lines[asked.line - 1] = msgspec.structs.replace(line, refunded=line.refunded + asked.quantity)
    return msgspec.structs.replace(after, lines=tuple(lines))


def _expect_causes(state: Placed, ask: RefundAsk, asked_at: Moment, given: Given) -> None:
    expect_asked(ask, asked_at, given)
    if asked_at < state.placed_at:
        raise EffectiveBeforeCause(asked_at, state.placed_at)


def _shipments(state: Placed, parts: Iterable[RefundedPart], *, credits_fee: bool) -> list[str]:
    """The shipments of the units concerned, and the one that carried the fee if it goes back."""
    found = [part.shipment for part in parts if part.shipment is not None]
    if credits_fee:
        found.extend([name for name, it in state.shipments.items() if it.shipped.carries_fee])
    return found


def _basis(ask: RefundAsk, parts: tuple[RefundedPart, ...]) -> Basis:
    if ask.observed_problem is not None:
        return "original_charges"
    return "price_paid" if parts else "undelivered"


def _after(freed: Placed, credit: int, clearing: Clearing) -> Placed:
    account = freed.account
    account = msgspec.structs.replace(
        account, credited=account.credited + credit, written_off=account.written_off - clearing.reopened()
    )
    return msgspec.structs.replace(freed, account=account, bills=clearing.bills)


def _left(after: Placed, granted: RefundGranted, given: Given) -> int:
    """What of this refund is due back at once, the order's money being as after it."""
    refund = Refund(granted, given.at, position=0, origin=given.origin)
    after = msgspec.structs.replace(after, refunds={**after.refunds, granted.refund: refund})
    return owed(after, refund).total


def _granted(
    state: Placed,
    refund: str,
    ask: RefundAsk,
    basis: Basis,
    parts: tuple[RefundedPart, ...],
    granted_on: Day,
    *,
    returns_fee: bool,
    clearing: Clearing,
) -> RefundGranted:
    placed = state.placed
    credits_fee = returns_fee and state.fee_charged
    return RefundGranted(
        refund=refund,
        customer=placed.customer,
        order=placed.order,
        basis=basis,
        currency=placed.currency,
        granted_on=granted_on,
        granted=0,
        left=0,
        credit_amount=0,
        goods=sum([part.goods for part in parts]),
        tax=sum([part.tax for part in parts]),
        shipping=placed.shipping if credits_fee else 0,
        shipping_tax=placed.shipping_tax if credits_fee else 0,
        shipping_credit=placed.shipping_credit if credits_fee else 0,
        returns_fee=returns_fee,
        parts=parts,
        cleared=clearing.cleared,
        write_offs_cleared=clearing.write_offs_cleared,
        ask=ask,
    )
