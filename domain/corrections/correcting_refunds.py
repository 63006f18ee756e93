"""Correcting a refund: what was granted was no refund, and no money of it has left or become credit.

Units cancelled in the same command may ship again. The day's allowance it used stays used. Source: H-correct,
R-G11, I14
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

import msgspec

from domain.bills.bill_events import BillShare
from domain.corrections.correcting_payments import reopened_shares
from domain.corrections.correction_events import RefundCorrected
from domain.corrections.evolve_corrections import without_refund
from domain.corrections.shipping_again import begins_again
from domain.decision import Decision, Given
from domain.declines.resuming import hold_goes_on
from domain.money import Money
from domain.orders.cancelling import fee_goes_back, may_credit_fee
from domain.orders.order import Cancellation, Placed
from domain.orders.pricing import UnitsPrice, price_of_units
from domain.refunds.cleared import cleared_late
from domain.refunds.owed import due_of_no_refund
from domain.refunds.refund import Refund
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class RefundSettled(Refusal):
    """Money of this refund was paid out or kept as the customer's credit: it was granted for good."""

    rule = "H-correct"
    way_out = "Leave the refund as it is. What the customer gives back is recorded as a payment."
    spoken = "Of this refund {settled} were paid out or set aside."

    refund: str
    settled: Money


@dataclass(unsafe_hash=True)
class RefundMoneyGone(Refusal):
    """What this refund was to give back is not there any more: taken back from us, or paid out as another."""

    rule = "H-correct"
    way_out = (
        "Leave the refund as it is: no more of it is paid out than is there. If the money comes, or comes "
        "again, correct the refund then."
    )
    spoken = "Of what this refund was to give back {gone} are not there any more."

    refund: str
    gone: Money


@dataclass(unsafe_hash=True)
class UnitsRefundedSince(Refusal):
    """Other units of the same line were refunded later, and would no longer come to the line's price."""

    rule = "R-G6"
    way_out = "Correct the later refund first, or leave this one as it is and pay it out."

    refund: str
    line: int


@dataclass(unsafe_hash=True)
class UnitsCancelledSince(Refusal):
    """Other units of the same line were cancelled later, and would no longer come to the line's price."""

    rule = "R-G6"
    way_out = "Correct the later cancellation first, or place another order for the units wanted again."

    refund: str
    line: int


@dataclass(unsafe_hash=True)
class MoneyOfNoOtherRefund(Refusal):
    """Money of the customer's is due back by this refund alone: without it, nobody could pay it out."""

    rule = "H-correct"
    way_out = "Leave the refund as it is, and pay it out."
    spoken = "Without this refund {amount} would be due back, and of no refund."

    refund: str
    amount: Money


@dataclass(unsafe_hash=True)
class FeeGoesBackAnyway(Refusal):
    """Every unit was refunded or cancelled, and with them the shipping goes back: by this refund."""

    rule = "R-G6"
    way_out = "Leave the refund as it is, and pay it out. Correct first the one by which the units went back."
    spoken = "The whole order is gone, and its shipping of {fee} goes back with it."

    refund: str
    fee: Money


def correct_refund(refund: Refund, state: Placed, given: Given) -> Decision:
    """Takes an order's refund back, with what it had cleared and the units cancelled with it.

    Checks, in this order: nothing paid out or set aside; what it gives back is there still; prices of its
    units, and of those cancelled with it (R-G6); the fee, where all is gone without it (R-G6); no money left
    that only it gives back. Source: H-correct
    """
    it = refund.granted
    _expect_unpaid(refund)
    late = _cleared_late(refund, state)
    _expect_prices_refunded(refund, state)
    cancellation = state.cancellations.get(it.refund)
    if cancellation is not None:
        _expect_prices_cancelled(cancellation, state)
    corrected = _corrected(refund, late, cancellation, state, given)
    after = without_refund(state, corrected)
    if refund.granted.returns_fee and may_credit_fee(after) and fee_goes_back(after):
        raise FeeGoesBackAnyway(it.refund, state.money(state.fee))
    others = {name: other for name, other in after.refunds.items() if name != it.refund}
    stranded = due_of_no_refund(msgspec.structs.replace(after, refunds=others))
    if stranded:
        raise MoneyOfNoOtherRefund(it.refund, Money(stranded, it.currency))
    corrected = msgspec.structs.replace(
        corrected,
        fee_dropped=after.price_to_ship() - state.price_to_ship() - corrected.cancelled_price,
        deadlines=begins_again(state, after, given),
    )
    held = hold_goes_on(after, it.refund, refund.position, None, given)
    return Decision(events=((state.placed.order, corrected), *held), customer=it.customer)


def correct_own_refund(refund: Refund) -> Decision:
    """Takes back a refund that belongs to no order. Checks: nothing paid out or set aside."""
    _expect_unpaid(refund)
    return Decision(events=((refund.customer, _inverse(refund)),), customer=refund.customer)


def _expect_unpaid(refund: Refund) -> None:
    """Nothing of it left or became credit. Raises: RefundSettled."""
    it = refund.granted
    settled = refund.paid + refund.set_aside
    if settled:
        raise RefundSettled(it.refund, Money(settled, it.currency))


def _cleared_late(refund: Refund, state: Placed) -> tuple[BillShare, ...]:
    """What of it settles bills only since a payment of them was corrected; the rest it was to give back is
    there still. Raises: RefundMoneyGone.
    """
    it, settled = refund.granted, cleared_late(state, refund)
    due_back = it.credit_amount - sum([share.amount for share in it.cleared]) - settled
    due_back -= sum([share.amount for share in it.write_offs_cleared])
    if (gone := due_back - state.funds()) > 0:
        raise RefundMoneyGone(it.refund, Money(gone, it.currency))
    late: list[BillShare] = []
    for bill in state.bills.values():
        if share := min(settled, bill.cleared_late):
            late.append(BillShare(bill.bill, share))
            settled -= share
    return tuple(late)


def _let_off_late(late: tuple[BillShare, ...], state: Placed) -> tuple[BillShare, ...]:
    """What of that had been written off; it was cleared last, and so is the first to open again."""
    shares = [BillShare(it.bill, min(it.amount, state.bills[it.bill].let_off_late)) for it in late]
    return tuple([share for share in shares if share.amount])


def _expect_prices_refunded(refund: Refund, state: Placed) -> None:
    """Were given back what the last refunded ones of their lines cost. Raises: UnitsRefundedSince."""
    prices, quantities = defaultdict[int, UnitsPrice](lambda: UnitsPrice(0, 0)), Counter[int]()
    for part in refund.granted.parts:
        if part.line is not None:
            price = prices[part.line]
            prices[part.line] = UnitsPrice(price.goods + part.goods, price.tax + part.tax)
            quantities[part.line] += part.quantity
    for number, quantity in quantities.items():
        line = state.lines[number - 1]
        if prices[number] != price_of_units(line.line, line.refunded - quantity, line.refunded):
            raise UnitsRefundedSince(refund.granted.refund, number)


def _expect_prices_cancelled(cancellation: Cancellation, state: Placed) -> None:
    for part, before in zip(cancellation.cancelled.parts, cancellation.cancelled_before, strict=True):
        line = state.lines[part.line - 1]
        last = line.line.quantity - before
        left = line.line.quantity - line.cancelled
        price = price_of_units(line.line, last - part.quantity, last)
        if price != price_of_units(line.line, left, left + part.quantity):
            raise UnitsCancelledSince(cancellation.cancelled.refund, part.line)


def _corrected(
    refund: Refund,
    late: tuple[BillShare, ...],
    cancellation: Cancellation | None,
    state: Placed,
    given: Given,
) -> RefundCorrected:
    it = refund.granted
    settled: tuple[BillShare, ...] = (*it.cleared, *it.write_offs_cleared, *late)
    written_off = (*it.write_offs_cleared, *_let_off_late(late, state))
    inverse = msgspec.structs.replace(
        _inverse(refund),
        reopened=reopened_shares(it.refund, settled, written_off, state.bills, given),
        written_off=written_off,
        to_ship=state.units_to_ship,
        not_cancelled=sum([line.line.quantity - line.cancelled for line in state.lines]),
    )
    if cancellation is None:
        return inverse
    cancelled = cancellation.cancelled
    units = sum([part.quantity for part in cancelled.parts])
    return msgspec.structs.replace(
        inverse,
        cancelled=cancelled.parts,
        cancelled_price=cancelled.goods + cancelled.tax,
        to_ship=inverse.to_ship + units,
        not_cancelled=inverse.not_cancelled + units,
    )


def _inverse(refund: Refund) -> RefundCorrected:
    it = refund.granted
    return RefundCorrected(
        refund=it.refund,
        customer=it.customer,
        order=it.order,
        corrects=refund.position,
        basis=it.basis,
        currency=it.currency,
        granted=it.granted,
        credit_amount=it.credit_amount,
        goods=it.goods,
        tax=it.tax,
        shipping=it.shipping,
        shipping_tax=it.shipping_tax,
        shipping_credit=it.shipping_credit,
        returns_fee=it.returns_fee,
        fee_dropped=0,
        parts=it.parts,
        reopened=(),
        written_off=(),
        cancelled=(),
        cancelled_price=0,
        to_ship=0,
        not_cancelled=0,
    )
