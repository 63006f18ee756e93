"""How corrections change an order: each is the inverse of what it corrects."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from domain.bills.bill import Bill, Bills, shares_less, with_cleared, with_owed, with_reopened
from domain.bills.bill_events import BillShare
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ShipmentCorrected,
)
from domain.entry import Entry, Event
from domain.orders.order import LineState, Placed
from domain.orders.order_events import Part
from domain.refunds.refund_events import RefundGranted


def without_payment(state: Placed, it: PaymentCorrected) -> Placed:
    """The order as if that money had never come."""
    bills = with_cleared(with_reopened(state.bills, it.reopened, it.written_off), it.cleared)
    bills = _with_late(_with_late(bills, it.cleared), it.of_no_refund, -1)
    return msgspec.structs.replace(
        _moved(
            state,
            received=-it.amount,
            set_aside=-it.set_aside,
            written_off=sum([share.amount for share in it.written_off]),
        ),
        bills=_with_let_off_late(bills, _let_off_by_refunds(it)),
    )


def _let_off_by_refunds(it: PaymentCorrected) -> tuple[BillShare, ...]:
    """What of `let_off` refunds clear: of what no refund clears, write-offs come last."""
    by_refunds = Counter[str]()
    for share in it.cleared:
        by_refunds[share.bill] += share.amount
    for share in it.of_no_refund:
        by_refunds[share.bill] -= share.amount
    return tuple([BillShare(share.bill, min(share.amount, by_refunds[share.bill])) for share in it.let_off])


def _with_let_off_late(bills: Bills, shares: Sequence[BillShare], sign: int = 1) -> dict[str, Bill]:
    """The bills with so much more of what refunds settle late that had been written off."""
    after = dict(bills)
    for share in shares:
        bill = after[share.bill]
        let_off = bill.let_off_late + sign * share.amount
        after[share.bill] = msgspec.structs.replace(bill, let_off_late=let_off)
    return after


def _with_late(bills: Bills, shares: Sequence[BillShare], sign: int = 1) -> dict[str, Bill]:
    """The bills with so much more of what was cleared that refunds settle late."""
    after = dict(bills)
    for share in shares:
        bill = after[share.bill]
        late = bill.cleared_late + sign * share.amount
        after[share.bill] = msgspec.structs.replace(bill, cleared_late=late)
    return after


def _payment_corrected(state: Placed, it: PaymentCorrected, entry: Entry) -> Placed:
    state = without_payment(state, it)
    payment = msgspec.structs.replace(state.payments[it.payment], corrected=entry.position)
    payments = {**state.payments, it.payment: payment}
    return msgspec.structs.replace(state, payments=payments, bills=with_owed(state.bills, it, entry))


def without_shipment(state: Placed, it: ShipmentCorrected) -> Placed:
    """The order as if those goods had never left."""
    lines = _with_counts(state.lines, it.parts, shipped=-1)
    bills = dict(state.bills)
    if it.bill is not None:
        bills[it.bill] = msgspec.structs.replace(bills[it.bill], corrected=0, uncollectible=0)
    return msgspec.structs.replace(
        _moved(state, charged=-it.charge),
        lines=lines,
        units_to_ship=state.units_to_ship + sum([part.quantity for part in it.parts]),
        price_of_units_to_ship=state.price_of_units_to_ship + it.goods + it.tax,
        fee_charged=state.fee_charged and not it.carries_fee,
        bills=with_cleared(bills, it.cleared),
    )


def _shipment_corrected(state: Placed, it: ShipmentCorrected, entry: Entry) -> Placed:
    state = without_shipment(state, it)
    shipment = msgspec.structs.replace(state.shipments[it.shipment], corrected=entry.position)
    bills = dict(state.bills)
    if it.bill is not None:
        bills[it.bill] = msgspec.structs.replace(bills[it.bill], corrected=entry.position)
    return msgspec.structs.replace(state, shipments={**state.shipments, it.shipment: shipment}, bills=bills)


def _bill_corrected(state: Placed, it: BillCorrected, entry: Entry) -> Placed:
    # What of it is given up for the books goes over to the one that takes its place, in the same append.
    void = msgspec.structs.replace(state.bills[it.bill], corrected=entry.position)
    return msgspec.structs.replace(state, bills={**state.bills, it.bill: void})


def without_refund(state: Placed, it: RefundCorrected) -> Placed:
    """The order as if that refund had never been granted."""
    refunded = [Part(part.line, part.quantity) for part in it.parts if part.line is not None]
    lines = _with_counts(state.lines, refunded, refunded=-1)
    return msgspec.structs.replace(
        _moved(
            state,
            credited=-it.credit_amount,
            written_off=sum([share.amount for share in it.written_off]),
        ),
        lines=_with_counts(lines, it.cancelled, cancelled=-1),
        units_to_ship=state.units_to_ship + sum([part.quantity for part in it.cancelled]),
        price_of_units_to_ship=state.price_of_units_to_ship + it.cancelled_price,
        fee_returned=state.fee_returned and not it.returns_fee,
        bills=with_reopened(state.bills, it.reopened, it.written_off, cleared=True),
    )


def reopened_late(granted: RefundGranted, it: RefundCorrected) -> tuple[BillShare, ...]:
    """What a refund's correction opens again beyond what its grant had cleared."""
    settled = Counter[str]()
    for share in it.reopened:
        settled[share.bill] += share.amount
    for share in (*granted.cleared, *granted.write_offs_cleared):
        settled[share.bill] -= share.amount
    return tuple([BillShare(bill, amount) for bill, amount in settled.items() if amount])


def _refund_corrected(state: Placed, it: RefundCorrected, entry: Entry) -> Placed:
    granted = state.refunds[it.refund].granted
    late = reopened_late(granted, it)
    state = without_refund(state, it)
    let_off = shares_less(it.written_off, granted.write_offs_cleared)
    bills = _with_let_off_late(_with_late(state.bills, late, -1), let_off, -1)
    state = msgspec.structs.replace(state, bills=bills)
    refund = msgspec.structs.replace(state.refunds[it.refund], corrected=entry.position)
    cancellations = dict(state.cancellations)
    if it.cancelled:
        cancellations[it.refund] = msgspec.structs.replace(cancellations[it.refund], corrected=entry.position)
    return msgspec.structs.replace(
        state, refunds={**state.refunds, it.refund: refund}, cancellations=cancellations
    )


def _with_counts(lines: Sequence[LineState], parts: Sequence[Part], **signs: int) -> tuple[LineState, ...]:
    """The lines with so many units more or less in those counts."""
    after = list(lines)
    for part in parts:
        line = after[part.line - 1]
        counts = {count: getattr(line, count) + sign * part.quantity for count, sign in signs.items()}
        after[part.line - 1] = msgspec.structs.replace(line, **counts)
    return tuple(after)


def _moved(state: Placed, **amounts: int) -> Placed:
    return msgspec.structs.replace(state, account=state.account.moved(**amounts))


CORRECTIONS: Final[Mapping[type[Event], Callable[[Placed, Any, Entry], Placed]]] = {
    PaymentCorrected: _payment_corrected,
    ShipmentCorrected: _shipment_corrected,
    BillCorrected: _bill_corrected,
    RefundCorrected: _refund_corrected,
}
"""How each of these events changes a placed order."""
