"""Orders: placing, paying, shipping, delivering, cancelling; and an order's state, story and entries."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.answers import EntryAnswer, Page, Receipt
from api.call import Call, asked
from api.grammars import At, OrderInPath
from api.lists import RowsPage
from api.paging import AsOfQuery, Paged, Question, page_of_entries
from api.permissions import Permission
from api.render import rfc3339
from api.section import Section
from api.v1.buyers import Buyer, decide_for_buyer
from api.v1.order_answers import ContactsAnswer, MilestoneAnswer, OrderAnswer, order_answer
from api.v1.order_bodies import (
    CancelUnitsBody,
    CapturePaymentBody,
    DeliverShipmentBody,
    PlaceOrderBody,
    RecordContactBody,
    ShipOrderBody,
    goods_of,
    parts_of,
)
from api.v1.order_list import OrderItemAnswer, OrdersQuery, orders_found
from domain.bills.billing import may_issue_bill
from domain.entry import Entry
from domain.orders.cancelling import CancelUnits, may_credit_fee
from domain.orders.contacting import RecordContact
from domain.orders.delivering import DeliverShipment
from domain.orders.order import Draft, Order, OrderNotPlaced, Placed
from domain.orders.placing import PlaceOrder
from domain.orders.shipping import ShipOrder
from domain.payments.capturing import CapturePayment
from ledger.errors import ClaimTaken
from ledger.identity import mint
from ledger.kept_money import payouts_for
from ledger.record.references import where_freed
from ledger.sealing.sealer import BOOK
from projections.timeline.contacts import contacts_of
from projections.timeline.milestone import Milestone
from projections.timeline.story import timeline_of

orders = Section(
    "orders", "What customers order, pay for, receive and cancel; each order is one stream of entries."
)

PLACE = "/v1/orders/"


class ContactsQuery(Question):
    """At which moment."""

    as_of: At | None = Field(default=None, description="As it stood then; left out, now.")


# The two requests a shop sends most come first: routes are matched in this order.


@orders.decision("/v1/orders", Permission.SERVE_CUSTOMERS, answers=Receipt)
async def place_order(call: Call, body: PlaceOrderBody) -> Response:
    """Place an order

    Prices, terms, the customer's standing and the guarantee are frozen here. All amounts are in one currency.
    A customer given inline is the one whose external reference is known in the channel, otherwise a new one.
    """
    order, goods = mint("ord"), goods_of(body)

    def command_for(buyer: Buyer) -> PlaceOrder:
        return asked(
            PlaceOrder,
            order=order,
            customer=buyer.customer,
            register=buyer.register,
            terms=body.terms,
            **goods,
        )

    return await decide_for_buyer(call, body, body, body.channel, command_for)


@orders.decision("/v1/orders/{order}/payments", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def capture_payment(call: Call, order: OrderInPath, body: CapturePaymentBody) -> Response:
    """Record a captured payment

    It covers the units still to ship first, then pays the order's open bills, oldest first. The same
    processor reference again records nothing new; with another amount it is refused.
    """
    needs_customer = body.reason is not None or body.payment_method is not None
    customer = customer_of(await call.found_order(order)) if needs_customer else BOOK
    command = asked(
        CapturePayment,
        order=order,
        payment=mint("pay"),
        amount=body.amount.amount,
        currency=body.amount.currency,
        processor=body.processor,
        reference=body.reference,
        payment_method=body.payment_method,
        customer=None if body.payment_method is None else customer,
        named_by_customer=body.named_by_customer,
    )
    try:
        return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)
    except ClaimTaken:
        freed = await where_freed(call.book, command)
        if freed is None:
            raise
    return await call.decide(freed, body, subject="ord", of=customer, stream=order, place=PLACE)


@orders.question("/v1/orders/{order}", Permission.READ, answers=OrderAnswer)
async def show_order(call: Call, order: OrderInPath, query: AsOfQuery) -> Response:
    """Show an order

    Folded from its entries at this moment; with `as_of_position`, as it was then.
    """
    state, last = await call.found_as_of(order, Placed, query.at)
    shown = order_answer(state, last)
    return call.answer(shown, {"ETag": f'"{last.version}"'})


@orders.question("/v1/orders", Permission.READ, answers=RowsPage[OrderItemAnswer], lists_rows=True)
async def find_orders(call: Call, query: Annotated[OrdersQuery, Query()]) -> Response:
    """Find orders: by reference, customer or a word of theirs, by where they stand, or all

    A reference or a customer is looked up in the record itself, so what was just placed is found. Every other
    list is of rows that follow the record within moments; `min_position` waits for them.
    """
    return await orders_found(call, query)


@orders.decision(
    "/v1/orders/{order}/shipments", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def ship_order(call: Call, order: OrderInPath, body: ShipOrderBody) -> Response:
    """Ship some units of an order

    Each unit is charged once, when it ships. What the deposit does not cover is refused, or billed where the
    terms allow it. Money that left for the order and waits as unmatched does not count as its deposit.
    """
    state = await call.found_order(order)
    customer = customer_of(state)
    command = asked(
        ShipOrder,
        order=order,
        shipment=mint("shp"),
        parts=parts_of(body.parts),
        method=body.method,
        tracking=body.tracking,
        description=await call.seal_about(customer, "delivery", body.description),
        bill=await call.new_bill() if isinstance(state, Placed) and may_issue_bill(state) else None,
        payouts=await payouts_for(call.book, order, customer),
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@orders.decision(
    "/v1/orders/{order}/deliveries", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def deliver_shipment(call: Call, order: OrderInPath, body: DeliverShipmentBody) -> Response:
    """Record that goods arrived

    Both guarantee windows of these units begin and are frozen.
    """
    customer = customer_of(await call.found_order(order))
    command = asked(
        DeliverShipment,
        order=order,
        delivery=mint("dlv"),
        shipment=body.shipment,
        parts=parts_of(body.parts),
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@orders.decision(
    "/v1/orders/{order}/cancellation", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def cancel_units(call: Call, order: OrderInPath, body: CancelUnitsBody) -> Response:
    """Cancel units that have not shipped

    The deposit that becomes due back through it is granted as a refund in the same append.
    """
    state = await call.found_order(order)
    customer = customer_of(state)
    needs_note = isinstance(state, Placed) and may_credit_fee(state)
    command = asked(
        CancelUnits,
        order=order,
        refund=mint("ref"),
        parts=parts_of(body.parts),
        decided_on=await call.today() if needs_note else None,
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@orders.question("/v1/orders/{order}/events", Permission.READ, answers=Page[EntryAnswer])
async def list_order_events(call: Call, order: OrderInPath, query: Paged) -> Response:
    """List the entries of an order, cart included"""
    await call.found_order(order)
    return await page_of_entries(call, query, call.reading.entries, stream=order)


@orders.question("/v1/orders/{order}/timeline", Permission.READ, answers=Page[MilestoneAnswer], flat=True)
async def show_timeline(call: Call, order: OrderInPath, query: Paged) -> Response:
    """Tell an order's story, step by step

    In the order in which it was recorded; what was entered late shows the earlier moment it took effect.
    """
    await call.found_order(order)

    async def shown(entries: list[Entry]) -> list[object]:
        return [await call.reading.struct(milestone) for milestone in timeline_of(entries)]

    return await page_of_entries(call, query, shown, stream=order, columns=Milestone.__struct_fields__)


def customer_of(state: Order) -> str:
    """Whose key seals what is said about the order; the book's own, while nobody owns the cart."""
    match state:
        case Draft():
            return state.cart.customer or BOOK
        case Placed():
            return state.placed.customer


@orders.decision("/v1/orders/{order}/contacts", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def record_contact(call: Call, order: OrderInPath, body: RecordContactBody) -> Response:
    """Record a contact with the customer

    Acknowledged, thanked by a named person, told of the shipment, asked whether they are satisfied. It
    answers what is due of its kind.
    """
    customer = customer_of(await call.found_order(order))
    command = asked(
        RecordContact,
        order=order,
        kind=body.kind,
        channel=body.channel,
        by=None if body.automatic else body.by or call.caller.actor.who,
        shipment=body.shipment,
        note=None if body.note is None else await call.seal(customer, "note", body.note),
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@orders.question("/v1/orders/{order}/contacts", Permission.READ, answers=ContactsAnswer)
async def show_contacts(call: Call, order: OrderInPath, query: Annotated[ContactsQuery, Query()]) -> Response:
    """Show which contacts with the customer are due, done or missed"""
    await call.found_order(order)
    as_of = call.book.clock() if query.as_of is None else query.as_of
    entries = [entry for entry in await call.book.entries(order) if entry.effective_at <= as_of]
    contacts = [await call.reading.struct(contact) for contact in contacts_of(entries, as_of)]
    return call.answer({"as_of": rfc3339(as_of), "contacts": contacts})


async def placed_in(call: Call, order: str) -> Placed:
    """The order. Raises: NotFound, OrderNotPlaced for a cart."""
    state = await call.found_order(order)
    if not isinstance(state, Placed):
        raise OrderNotPlaced(order)
    return state
