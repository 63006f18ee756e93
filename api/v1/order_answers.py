"""An order and a cart as the API shows them: lines, payments, shipments, bills, where the money stands."""

from typing import Annotated, Any

import msgspec
from pydantic import Field, WithJsonSchema

from api.answers import Amount, Answer, Day, Moment
from api.render import money, rfc3339
from api.shapes import shape_of
from api.v1.bill_answers import BillAnswer, bill_answer
from api.v1.reversal_answers import DisputeAnswer, ReversalAnswer, dispute_answer, reversal_answer
from domain.entry import Entry
from domain.orders.order import Delivery, Draft, LineState, Placed, Shipment
from domain.orders.order_events import OrderLine, OrderUnitsCancelled, Part
from domain.payments.payment import Payment
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.cleared import cleared
from domain.refunds.refund import Refund
from projections.timeline.contacts import PlannedContact
from projections.timeline.milestone import Milestone


class CartLine(Answer):
    """A line as priced; discount and tax include its share of the order's."""

    number: int
    sku: str
    description: str
    quantity: int
    unit_price: Amount
    discount: Amount
    tax: Amount
    total: Amount


class OrderLineAnswer(CartLine):
    """A line and what became of its units."""

    shipped: int
    delivered: int
    cancelled: int
    refunded: int
    to_ship: int


class PartAnswer(Answer):
    """So many units of a line."""

    line: int
    quantity: int


class PaymentAnswer(Answer):
    """A payment received for the order, or for one of its bills."""

    id: str
    amount: Amount
    reversed: Amount = Field(description="What was taken back from us, less what was reinstated.")
    bill: str | None = Field(description="The bill it was made for; null: for the order.")
    processor: str = Field(description="Who captured it, or how it came.")
    reference: str | None
    payment_method: str | None
    position: int
    corrected: int | None = Field(description="Position of the entry that took it back.")


class DeliveryAnswer(Answer):
    """Goods that arrived, and the windows that began with it; the last day of each is inclusive."""

    id: str
    delivered_on: Day
    parts: list[PartAnswer]
    guarantee_until: Day | None
    supplier_until: Day | None


class ShipmentAnswer(Answer):
    """Goods that left."""

    id: str
    shipped_at: Moment
    parts: list[PartAnswer]
    under_way: list[PartAnswer]
    method: str
    tracking: str | None
    charge: Amount
    deliveries: list[DeliveryAnswer]
    position: int
    corrected: int | None = Field(description="Position of the entry that took it back.")


class OverdueBillAnswer(Answer):
    """A bill that was overdue at some moment."""

    bill: str
    order: str
    open: Amount


class CancellationAnswer(Answer):
    """Units that will not ship."""

    refund: str = Field(description="Id of the refund it granted, where anything became due back.")
    parts: list[PartAnswer]
    goods: Amount
    tax: Amount
    fee_dropped: Amount


class RefundAnswer(Answer):
    """Money granted back to the customer; where and how it goes is decided with the payout."""

    id: str
    basis: str = Field(examples=["undelivered"])
    granted: Amount = Field(description="What the customer was told they get back.")
    credited: Amount = Field(description="What of the order's charges no longer counts.")
    cleared: Amount = Field(description="What of that settled bills, with the grant and since.")
    paid: Amount = Field(description="What left us as money, less what came back.")
    set_aside: Amount = Field(description="What was kept as the customer's credit.")
    returns_fee: bool
    proactive: bool
    position: int
    corrected: int | None = Field(description="Position of the entry that took it back.")


class AccountAnswer(Answer):
    """The order's account. Balance: positive, the customer owes us; negative, we owe the customer."""

    charged: Amount
    received: Amount
    credit_used: Amount
    reversed: Amount
    credited: Amount
    refunded: Amount
    set_aside: Amount
    written_off: Amount
    balance: Amount
    deposit: Amount
    due_back: Amount
    open_bills: Amount


class OrderAnswer(Answer):
    """An order as of an entry of the book."""

    id: str
    version: int
    position: int
    customer: str
    channel: str
    external_ref: str | None
    terms: str
    standing: str
    standing_rests_on: str | None = Field(
        description="The earlier order that made the customer an existing one when this was placed."
    )
    placed_at: Moment
    ordered_on: Day
    lines: list[OrderLineAnswer]
    shipping: Amount
    shipping_tax: Amount
    shipping_credit: Amount
    total: Amount
    payments: list[PaymentAnswer]
    shipments: list[ShipmentAnswer]
    bills: list[BillAnswer]
    cancellations: list[CancellationAnswer]
    refunds: list[RefundAnswer]
    disputes: list[DisputeAnswer]
    reversals: list[ReversalAnswer]
    watched_for: list[OverdueBillAnswer] = Field(
        description="What the customer owed overdue when this was placed; the owner was told, nothing blocks."
    )
    asks_payment_first: bool = Field(description="Whether the owner asked for payment before anything ships.")
    account: AccountAnswer


class CartAnswer(Answer):
    """A cart: priced, but neither charged nor payable."""

    id: str
    version: int
    position: int
    customer: str | None
    channel: str
    external_ref: str | None
    lines: list[CartLine]
    shipping: Amount
    shipping_tax: Amount
    shipping_credit: Amount
    total: Amount


MilestoneAnswer = Annotated[dict[str, Any], WithJsonSchema(shape_of(Milestone))]
"""One step of an order's story; only what belongs to its kind is filled in."""


class ContactsAnswer(Answer):
    """The contacts an order asks for, as they stand at a moment."""

    as_of: Moment
    contacts: list[Annotated[dict[str, Any], WithJsonSchema(shape_of(PlannedContact))]]


def order_answer(state: Placed, last: Entry) -> dict[str, object]:
    """A placed order after its entry `last`, as `OrderAnswer` describes it."""
    it = state.placed
    return {
        "id": it.order,
        "version": last.version,
        "position": last.position,
        "customer": it.customer,
        "channel": it.channel,
        "external_ref": it.external_ref,
        "terms": it.terms,
        "standing": it.standing,
        "standing_rests_on": it.standing_rests_on,
        "placed_at": rfc3339(state.placed_at),
        "ordered_on": it.ordered_on,
        "lines": [_order_line(line, it.currency) for line in state.lines],
        "shipping": money(it.shipping, it.currency),
        "shipping_tax": money(it.shipping_tax, it.currency),
        "shipping_credit": money(it.shipping_credit, it.currency),
        "total": money(it.total, it.currency),
        "payments": _payments(state),
        "shipments": [_shipment(shipment) for shipment in state.shipments.values()],
        "bills": [bill_answer(bill) for bill in state.bills.values()],
        "cancellations": [_cancellation(cancelled.cancelled) for cancelled in state.cancellations.values()],
        "refunds": _refunds(state),
        "disputes": [dispute_answer(dispute) for dispute in state.disputes.values()],
        "reversals": [reversal_answer(reversal) for reversal in state.reversals.values()],
        "watched_for": [
            {"bill": bill.bill, "order": bill.order, "open": money(bill.open, bill.currency)}
            for bill in it.watched_for
        ],
        "asks_payment_first": state.asks_payment_first,
        "account": _account(state),
    }


def cart_answer(state: Draft, last: Entry) -> dict[str, object]:
    """A cart after its entry `last`, as `CartAnswer` describes it."""
    it = state.cart
    return {
        "id": it.order,
        "version": last.version,
        "position": last.position,
        "customer": it.customer,
        "channel": it.channel,
        "external_ref": it.external_ref,
        "lines": [_line(line, it.currency) for line in it.lines],
        "shipping": money(it.shipping, it.currency),
        "shipping_tax": money(it.shipping_tax, it.currency),
        "shipping_credit": money(it.shipping_credit, it.currency),
        "total": money(it.total, it.currency),
    }


def _line(line: OrderLine, currency: str) -> dict[str, object]:
    return {
        "number": line.number,
        "sku": line.sku,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": money(line.unit_price, currency),
        "discount": money(line.discount, currency),
        "tax": money(line.tax, currency),
        "total": money(line.total, currency),
    }


def _order_line(state: LineState, currency: str) -> dict[str, object]:
    return _line(state.line, currency) | {
        "shipped": state.shipped,
        "delivered": state.delivered,
        "cancelled": state.cancelled,
        "refunded": state.refunded,
        "to_ship": state.to_ship,
    }


def _payments(state: Placed) -> list[dict[str, object]]:
    return [_payment(payment) for payment in state.payments.values()]


def _payment(payment: Payment) -> dict[str, object]:
    it = payment.received
    captured = isinstance(it, PaymentCaptured)
    return {
        "id": it.payment,
        "amount": money(it.amount, it.currency),
        "reversed": money(payment.reversed, it.currency),
        "bill": None if captured else it.bill,
        "processor": it.processor if captured else it.method,
        "reference": it.reference,
        "payment_method": it.payment_method if captured else None,
        "position": payment.position,
        "corrected": payment.corrected,
    }


def _shipment(shipment: Shipment) -> dict[str, object]:
    it = shipment.shipped
    under_way = [Part(line, quantity) for line, quantity in shipment.undelivered().items()]
    return {
        "id": it.shipment,
        "shipped_at": rfc3339(shipment.at),
        "parts": [_part(part) for part in it.parts],
        "under_way": [_part(part) for part in under_way],
        "method": it.method,
        "tracking": it.tracking,
        "charge": money(it.charge, it.currency),
        "deliveries": [_delivery(delivery) for delivery in shipment.deliveries.values()],
        "position": shipment.position,
        "corrected": shipment.corrected,
    }


def _delivery(delivery: Delivery) -> dict[str, object]:
    it, granted = delivery.delivered, delivery.granted
    return {
        "id": it.delivery,
        "delivered_on": it.delivered_on,
        "parts": [_part(part) for part in it.parts],
        "guarantee_until": None if granted is None else granted.guarantee_until,
        "supplier_until": None if granted is None else granted.supplier_until,
    }


def _part(part: Part) -> dict[str, object]:
    return {"line": part.line, "quantity": part.quantity}


def _cancellation(it: OrderUnitsCancelled) -> dict[str, object]:
    return {
        "refund": it.refund,
        "parts": [_part(part) for part in it.parts],
        "goods": money(it.goods, it.currency),
        "tax": money(it.tax, it.currency),
        "fee_dropped": money(it.fee_dropped, it.currency),
    }


def _refunds(state: Placed) -> list[dict[str, object]]:
    shares = cleared(state)
    return [
        _refund(refund, refund.cleared_beside + shares[name] if name in shares else 0)
        for name, refund in state.refunds.items()
    ]


def _refund(refund: Refund, settled: int) -> dict[str, object]:
    it = refund.granted
    return {
        "id": it.refund,
        "basis": it.basis,
        "granted": money(it.granted, it.currency),
        "credited": money(it.credit_amount, it.currency),
        "cleared": money(settled, it.currency),
        "paid": money(refund.paid, it.currency),
        "set_aside": money(refund.set_aside, it.currency),
        "returns_fee": it.returns_fee,
        "proactive": it.ask is not None and it.ask.proactive,
        "position": refund.position,
        "corrected": refund.corrected,
    }


def _account(state: Placed) -> dict[str, object]:
    currency, purse = state.placed.currency, state.purse()
    figures = msgspec.structs.asdict(state.account) | {
        "balance": state.account.balance,
        "deposit": purse.deposit,
        "due_back": purse.due_back,
        "open_bills": state.open_bills(),
    }
    return {name: money(amount, currency) for name, amount in figures.items()}
