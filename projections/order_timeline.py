"""What happened to this order, and when? Which of its four contacts are due, done, missed?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from domain.bills.bill_events import (
    BillBecameOverdue,
    BillIssued,
    BillMarkedUncollectible,
    BillPaymentReceived,
    BillWrittenOff,
    CollectionCallMade,
    ReminderSent,
    WriteOffReversed,
)
from domain.bills.promise_events import PromiseBroken, PromiseKept, PromiseMade
from domain.bills.watch_events import WatchedOrderReviewed
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ShipmentCorrected,
)
from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ChargeRecordedBefore,
    ChargeUnmatched,
    ContactAttempted,
    OrderNotDelivered,
    OrderPlacedOnHold,
    OrderReleased,
    PaymentAttempted,
    PaymentDeclined,
    ShipmentReleasedWithoutPayment,
)
from domain.entry import Entry, Event, Minor
from domain.moments import Day, Moment
from domain.orders.order_events import (
    CartPrepared,
    ContactChannel,
    ContactKind,
    CustomerContactMade,
    Deadline,
    GuaranteeGranted,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    Part,
    ShipmentDelivered,
)
from domain.payments.payment_events import (
    CreditSetAside,
    CreditUsed,
    DisputeClosed,
    DisputeOpened,
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
)
from domain.refunds.refund_events import (
    PayoutUnmatched,
    RefundDueChanged,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundRequested,
    RefundReturned,
    RefundWithdrawn,
)
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    HeldGoods,
    ReturnedGoods,
    ReturnLabelSent,
)
from domain.suppliers.supplier_events import (
    SupplierClaimFiled,
    SupplierClaimRefused,
    SupplierClaimSettled,
    SupplierClaimWaived,
)

What = Literal[
    "cart_prepared",
    "placed",
    "captured",
    "shipped",
    "billed",
    "delivered",
    "guarantee_granted",
    "units_cancelled",
    "refund_granted",
    "bill_overdue",
    "bill_paid",
    "bill_written_off",
    "write_off_reversed",
    "bill_uncollectible",
    "dispute_opened",
    "dispute_closed",
    "payment_reversed",
    "payment_reinstated",
    "credit_set_aside",
    "credit_used",
    "refund_requested",
    "refund_escalated",
    "refund_withdrawn",
    "refund_paid",
    "refund_payment_failed",
    "refund_returned",
    "refund_due_changed",
    "payment_corrected",
    "shipment_corrected",
    "bill_corrected",
    "refund_corrected",
    "contact_made",
    "return_requested",
    "return_label_sent",
    "goods_returned",
    "goods_left_with_customer",
    "supplier_claim_filed",
    "supplier_claim_settled",
    "supplier_claim_refused",
    "supplier_claim_waived",
    "reminded",
    "called",
    "promised_to_pay",
    "promise_kept",
    "promise_broken",
    "reviewed",
    "payment_attempted",
    "payment_declined",
    "charge_unmatched",
    "charge_recorded_before",
    "payout_unmatched",
    "placed_on_hold",
    "cards_searched",
    "contact_attempted",
    "released",
    "released_without_payment",
    "not_delivered",
]


class Milestone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of an order's story; only what belongs to its kind is filled in."""

    position: int
    at: Moment
    """When it took effect."""
    what: What
    reference: str | None = None
    """The payment, shipment, bill or refund it is about."""
    contact: ContactKind | None = None
    channel: ContactChannel | None = None
    by: str | None = None
    """The person who made the contact."""
    outcome: str | None = None
    """How a call or a dispute ended, or what the owner decided."""
    currency: str | None = None
    amount: Minor | None = None
    units: int | None = None
    code: str | None = None
    """Why a bank declined, in the field's own vocabulary."""
    because: str | None = None
    """Why the order was placed on hold."""
    reached: bool | None = None
    """Whether an attempt to reach the customer did."""
    method: str | None = None
    tracking: str | None = None
    day: Day | None = None
    """The day ordered, delivered, on which a bill was issued, or on which the owner is asked again."""
    due_on: Day | None = None
    guarantee_until: Day | None = None
    supplier_until: Day | None = None


def timeline_of(entries: Iterable[Entry]) -> tuple[Milestone, ...]:
    """The milestones in one order's entries, in the book's order."""
    told = [(TOLD.get(type(entry.event)), entry) for entry in entries]
    return tuple([tell(entry, entry.event) for tell, entry in told if tell is not None])


def _milestone(entry: Entry, what: What, **told: Any) -> Milestone:
    return Milestone(position=entry.position, at=entry.effective_at, what=what, **told)


def _prepared(entry: Entry, it: CartPrepared) -> Milestone:
    units = sum(line.quantity for line in it.lines)
    return _milestone(entry, "cart_prepared", currency=it.currency, amount=it.total, units=units)


def _placed(entry: Entry, it: OrderPlaced) -> Milestone:
    units = sum(line.quantity for line in it.lines)
    money = {"currency": it.currency, "amount": it.total}
    return _milestone(entry, "placed", **money, units=units, day=it.ordered_on)


def _shipped(entry: Entry, it: OrderShipped) -> Milestone:
    money = {"currency": it.currency, "amount": it.charge}
    how = {"units": _units(it.parts), "method": it.method, "tracking": it.tracking}
    return _milestone(entry, "shipped", reference=it.shipment, **money, **how)


def _billed(entry: Entry, it: BillIssued) -> Milestone:
    money = {"currency": it.currency, "amount": it.amount}
    return _milestone(entry, "billed", reference=it.bill, **money, day=it.issued_on, due_on=it.due_on)


def _overdue(entry: Entry, it: BillBecameOverdue) -> Milestone:
    money = {"currency": it.currency, "amount": it.open}
    return _milestone(entry, "bill_overdue", reference=it.bill, **money, due_on=it.due_on)


def _delivered(entry: Entry, it: ShipmentDelivered) -> Milestone:
    units = _units(it.parts)
    return _milestone(entry, "delivered", reference=it.shipment, units=units, day=it.delivered_on)


def _guaranteed(entry: Entry, it: GuaranteeGranted) -> Milestone:
    until = {"guarantee_until": it.guarantee_until, "supplier_until": it.supplier_until}
    return _milestone(entry, "guarantee_granted", reference=it.shipment, units=_units(it.parts), **until)


def _cancelled(entry: Entry, it: OrderUnitsCancelled) -> Milestone:
    return _milestone(entry, "units_cancelled", reference=it.refund, units=_units(it.parts))


def _refunded(entry: Entry, it: RefundGranted) -> Milestone:
    money = {"currency": it.currency, "amount": it.granted}
    return _milestone(entry, "refund_granted", reference=it.refund, **money)


def _due_changed(entry: Entry, it: RefundDueChanged) -> Milestone:
    money = {"currency": it.currency, "amount": it.due}
    return _milestone(entry, "refund_due_changed", reference=it.refund, **money)


def _told_of_money(what: What, field: str) -> Callable[[Entry, Any], Milestone]:
    """How an event is told that moved an amount: with what it is about, which is in that field."""

    def told(entry: Entry, it: Any) -> Milestone:
        return _milestone(entry, what, reference=getattr(it, field), currency=it.currency, amount=it.amount)

    return told


def _shipment_corrected(entry: Entry, it: ShipmentCorrected) -> Milestone:
    what = {"currency": it.currency, "amount": it.charge, "units": _units(it.parts)}
    return _milestone(entry, "shipment_corrected", reference=it.shipment, **what)


def _refund_corrected(entry: Entry, it: RefundCorrected) -> Milestone:
    money = {"currency": it.currency, "amount": it.granted}
    return _milestone(entry, "refund_corrected", reference=it.refund, **money)


def _dispute_closed(entry: Entry, it: DisputeClosed) -> Milestone:
    return _milestone(entry, "dispute_closed", reference=it.dispute, outcome=it.outcome)


def _reminded(entry: Entry, it: ReminderSent) -> Milestone:
    return _milestone(entry, "reminded", reference=it.bill, channel=it.channel, by=it.by)


def _called(entry: Entry, it: CollectionCallMade) -> Milestone:
    return _milestone(entry, "called", reference=it.bill, by=it.by, outcome=it.good_reason or it.outcome)


def _promised(entry: Entry, it: PromiseMade) -> Milestone:
    money = {"currency": it.currency, "amount": it.amount}
    return _milestone(entry, "promised_to_pay", reference=it.subject, **money, due_on=it.due_on)


def _promise_kept(entry: Entry, it: PromiseKept) -> Milestone:
    return _milestone(entry, "promise_kept", reference=it.subject)


def _promise_broken(entry: Entry, it: PromiseBroken) -> Milestone:
    money = {"currency": it.currency, "amount": it.open}
    return _milestone(entry, "promise_broken", reference=it.subject, **money, due_on=it.due_on)


def _reviewed(entry: Entry, it: WatchedOrderReviewed) -> Milestone:
    return _milestone(entry, "reviewed", outcome=it.decision, day=it.until)


def _withdrawn(entry: Entry, it: RefundWithdrawn) -> Milestone:
    return _milestone(entry, "refund_withdrawn", reference=it.refund)


def _return_requested(entry: Entry, it: GoodsReturnRequested) -> Milestone:
    worth = {"currency": it.currency, "amount": it.weighed.value}
    return _milestone(entry, "return_requested", reference=it.refund, **worth, units=_units(it.goods))


def _label_sent(entry: Entry, it: ReturnLabelSent) -> Milestone:
    how = {"channel": it.channel, "method": it.method, "tracking": it.tracking}
    return _milestone(entry, "return_label_sent", reference=it.refund, **how)


def _goods_returned(entry: Entry, it: GoodsReturned) -> Milestone:
    came = {"units": _units(it.goods), "day": it.returned_on}
    return _milestone(entry, "goods_returned", reference=it.refund, **came)


def _goods_left(entry: Entry, it: GoodsLeftWithCustomer) -> Milestone:
    worth = {"currency": it.currency, "amount": sum(each.value for each in it.goods)}
    return _milestone(entry, "goods_left_with_customer", reference=it.refund, **worth, units=_units(it.goods))


def _claim_refused(entry: Entry, it: SupplierClaimRefused) -> Milestone:
    return _milestone(entry, "supplier_claim_refused", reference=it.claim)


def _claim_waived(entry: Entry, it: SupplierClaimWaived) -> Milestone:
    return _milestone(entry, "supplier_claim_waived", reference=it.claim)


def _contacted(entry: Entry, it: CustomerContactMade) -> Milestone:
    how = {"contact": it.kind, "channel": it.channel, "by": it.by}
    return _milestone(entry, "contact_made", reference=it.shipment, **how)


def _declined(entry: Entry, it: PaymentDeclined) -> Milestone:
    money = {"currency": it.currency, "amount": it.amount}
    return _milestone(entry, "payment_declined", reference=it.payment, **money, code=it.decline_code)


def _charge_unmatched(entry: Entry, it: ChargeUnmatched) -> Milestone:
    money = {"currency": it.currency, "amount": it.amount}
    return _milestone(entry, "charge_unmatched", reference=it.unmatched, **money)


def _held(entry: Entry, it: OrderPlacedOnHold) -> Milestone:
    money = {"currency": it.currency, "amount": it.missing}
    return _milestone(entry, "placed_on_hold", reference=it.payment, **money, because=it.because)


def _tried_to_reach(entry: Entry, it: ContactAttempted) -> Milestone:
    how = {"channel": it.channel, "by": it.by, "reached": it.reached}
    return _milestone(entry, "contact_attempted", reference=it.contact_point, **how)


def _told_plainly(what: What) -> Callable[[Entry, Any], Milestone]:
    """How an event is told that needs no more than its name."""
    return lambda entry, _: _milestone(entry, what)


TOLD: Final[Mapping[type[Event], Callable[[Entry, Any], Milestone]]] = {
    CartPrepared: _prepared,
    OrderPlaced: _placed,
    PaymentCaptured: _told_of_money("captured", "payment"),
    OrderShipped: _shipped,
    BillIssued: _billed,
    BillBecameOverdue: _overdue,
    ShipmentDelivered: _delivered,
    GuaranteeGranted: _guaranteed,
    OrderUnitsCancelled: _cancelled,
    RefundGranted: _refunded,
    BillPaymentReceived: _told_of_money("bill_paid", "bill"),
    BillWrittenOff: _told_of_money("bill_written_off", "bill"),
    WriteOffReversed: _told_of_money("write_off_reversed", "bill"),
    BillMarkedUncollectible: _told_of_money("bill_uncollectible", "bill"),
    DisputeOpened: _told_of_money("dispute_opened", "payment"),
    DisputeClosed: _dispute_closed,
    PaymentReversed: _told_of_money("payment_reversed", "payment"),
    PaymentReinstated: _told_of_money("payment_reinstated", "payment"),
    CreditSetAside: _told_of_money("credit_set_aside", "credit"),
    CreditUsed: _told_of_money("credit_used", "use"),
    RefundRequested: _told_of_money("refund_requested", "refund"),
    RefundEscalated: _told_of_money("refund_escalated", "refund"),
    RefundWithdrawn: _withdrawn,
    RefundPaid: _told_of_money("refund_paid", "refund"),
    RefundPaymentFailed: _told_of_money("refund_payment_failed", "refund"),
    RefundReturned: _told_of_money("refund_returned", "refund"),
    RefundDueChanged: _due_changed,
    PayoutUnmatched: _told_of_money("payout_unmatched", "unmatched"),
    PaymentCorrected: _told_of_money("payment_corrected", "payment"),
    ShipmentCorrected: _shipment_corrected,
    BillCorrected: _told_of_money("bill_corrected", "bill"),
    RefundCorrected: _refund_corrected,
    CustomerContactMade: _contacted,
    ReminderSent: _reminded,
    CollectionCallMade: _called,
    PromiseMade: _promised,
    PromiseKept: _promise_kept,
    PromiseBroken: _promise_broken,
    WatchedOrderReviewed: _reviewed,
    PaymentAttempted: _told_of_money("payment_attempted", "payment"),
    PaymentDeclined: _declined,
    ChargeUnmatched: _charge_unmatched,
    ChargeRecordedBefore: _told_of_money("charge_recorded_before", "recorded_as"),
    OrderPlacedOnHold: _held,
    CardOnFileSearchCompleted: _told_plainly("cards_searched"),
    ContactAttempted: _tried_to_reach,
    OrderReleased: _told_plainly("released"),
    ShipmentReleasedWithoutPayment: _told_plainly("released_without_payment"),
    OrderNotDelivered: _told_plainly("not_delivered"),
    GoodsReturnRequested: _return_requested,
    ReturnLabelSent: _label_sent,
    GoodsReturned: _goods_returned,
    GoodsLeftWithCustomer: _goods_left,
    SupplierClaimFiled: _told_of_money("supplier_claim_filed", "claim"),
    SupplierClaimSettled: _told_of_money("supplier_claim_settled", "claim"),
    SupplierClaimRefused: _claim_refused,
    SupplierClaimWaived: _claim_waived,
}
"""How each event of an order is told."""


def _units(parts: Iterable[Part | HeldGoods | ReturnedGoods]) -> int:
    return sum(part.quantity for part in parts)


NUMBERS: Final[Mapping[ContactKind, tuple[int, ...]]] = {
    "acknowledgement": (1,),
    "thanks": (1,),
    "production": (2,),
    "shipped": (3,),
    "satisfaction": (4,),
    "card_used": (),
}
"""Which of the four contacts each kind is; none for what is told beside them."""

_CONTACTS: Final[Mapping[str, ContactKind]] = {kind: kind for kind in NUMBERS}

ContactStatus = Literal["planned", "due", "done", "missed"]


class PlannedContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact an order asks for, and what became of it. Source: R-P5"""

    kind: ContactKind
    numbers: tuple[int, ...]
    """Which of the four it is; without production the second is made together with the third."""
    shipment: str | None
    due: Moment
    missed_from: Moment | None
    status: ContactStatus
    """planned: its time has not come; due: it has; missed: and is over; done: it was made, late or not."""
    done_at: Moment | None = None
    position: int | None = None
    """Of the contact that did it."""


def contacts_of(entries: Iterable[Entry], as_of: Moment) -> tuple[PlannedContact, ...]:
    """The contacts one order asks for, in the order in which they began, as they stand at that moment."""
    asked: dict[tuple[ContactKind, str | None], Deadline] = {}
    done: dict[tuple[ContactKind, str | None], Entry] = {}
    is_produced = False
    for entry in entries:
        match entry.event:
            case OrderPlaced() as it:
                asked.update(_asked(it.deadlines, None))
            case OrderShipped() | ShipmentDelivered() as it:
                for key, deadline in _asked(it.deadlines, it.shipment):
                    asked[key] = deadline
                    done.pop(key, None)  # more of the shipment has arrived since they were asked
            case ShipmentCorrected() as it:
                asked = {key: deadline for key, deadline in asked.items() if key[1] != it.shipment}
            case CustomerContactMade() as it:
                is_produced = is_produced or it.kind == "production"
                for kind, shipment in asked:
                    if kind == it.kind and it.shipment in (None, shipment):
                        done.setdefault((kind, shipment), entry)
            case _:
                pass
    return tuple(
        [
            _planned(key, deadline, done.get(key), as_of, with_second=not is_produced)
            for key, deadline in asked.items()
        ]
    )


def _asked(
    deadlines: Iterable[Deadline], shipment: str | None
) -> Iterator[tuple[tuple[ContactKind, str | None], Deadline]]:
    for deadline in deadlines:
        contact = _CONTACTS.get(deadline.kind)
        if contact is not None:
            yield (contact, shipment), deadline


def _planned(
    key: tuple[ContactKind, str | None],
    deadline: Deadline,
    done: Entry | None,
    as_of: Moment,
    *,
    with_second: bool,
) -> PlannedContact:
    kind, shipment = key
    return PlannedContact(
        kind=kind,
        numbers=(2, 3) if kind == "shipped" and with_second else NUMBERS[kind],
        shipment=shipment,
        due=deadline.due,
        missed_from=deadline.missed_from,
        status=_status(deadline, as_of) if done is None else "done",
        done_at=None if done is None else done.effective_at,
        position=None if done is None else done.position,
    )


def _status(deadline: Deadline, as_of: Moment) -> ContactStatus:
    if deadline.missed_from is not None and deadline.missed_from <= as_of:
        return "missed"
    return "due" if deadline.due <= as_of else "planned"
