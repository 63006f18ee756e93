"""Steps of corrections: what was recorded by mistake is taken back, by a supervisor and with a reason."""

from collections.abc import Callable, Mapping

from domain.bills.bill_events import BillIssued, BillPaymentReceived
from domain.bills.billing import NewBill
from domain.corrections.correcting import CorrectEntry, unmatched_before
from domain.entry import Event
from domain.ids import parse_type_id
from domain.numbers import year_of_recording
from domain.orders.order_events import OrderShipped
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted
from tests.domain.examples import id_of
from tests.domain.specification import AGENT, OWNER, SUPERVISOR, ZONE, Story
from tests.model import corrections, holds
from tests.model.choices import Take, one_of, order_of
from tests.model.orders import Order
from tests.model.twins import Twins


def correct_payment(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    name = order and one_of({name: name for name in order.payments}, which // 4)
    if order is None or name is None:
        return
    row = id_of("bil", twins.number)
    _correct(
        twins,
        order,
        much,
        order.payments[name].corrected,
        lambda event: isinstance(event, PaymentCaptured | BillPaymentReceived) and event.payment == name,
        lambda: corrections.correct_payment(twins.shop, order.name, name, row),
        undone=frozenset((order.payments[name].came_with or parse_type_id(name)[1],)),
    )


def correct_shipment(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    name = order and one_of({name: name for name in order.shipments}, which // 4)
    if order is None or name is None:
        return
    _correct(
        twins,
        order,
        much,
        order.shipments[name].corrected,
        lambda event: isinstance(event, OrderShipped) and event.shipment == name,
        lambda: corrections.correct_shipment(twins.shop, order.name, name),
    )


def correct_bill(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    numbered = order and {name: bill for name, bill in order.bills.items() if bill.shipment}
    bill = one_of(numbered, which // 4) if numbered else None
    if order is None or bill is None:
        return
    new = id_of("bil", twins.number)
    _correct(
        twins,
        order,
        much,
        bill.void,
        lambda event: isinstance(event, BillIssued) and event.bill == bill.name,
        lambda: corrections.correct_bill(twins.shop, order.name, bill.name, new),
        NewBill(new, year_of_recording(twins.story.at, ZONE)),
    )


def correct_refund(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    name = order and one_of({name: name for name in order.refunds}, which // 4)
    if order is None or name is None:
        return
    _correct(
        twins,
        order,
        much,
        order.refunds[name].corrected,
        lambda event: isinstance(event, RefundGranted) and event.refund == name,
        lambda: corrections.correct_refund(twins.shop, order.name, name),
        undone=frozenset((parse_type_id(name)[1],)),
    )


def _correct(
    twins: Twins,
    order: Order,
    much: int,
    already: bool,
    is_meant: Callable[[Event], bool],
    of_shop: Callable[[], object],
    bill: NewBill | None = None,
    undone: frozenset[int] = frozenset(),
) -> None:
    """Take back the entry of that order that is meant; seldom by who may not, or without a reason."""
    actor = AGENT if much % 8 == 7 else OWNER if much % 8 == 6 else SUPERVISOR
    reason = None if much % 8 == 5 else "sealed:By mistake"
    owed = id_of("bil", twins.number)

    def meant(story: Story) -> CorrectEntry:
        entry = next(it for it in story.entries if it.stream == order.name and is_meant(it.event))
        return CorrectEntry(
            stream=order.name,
            customer=order.customer,
            position=entry.position,
            owed=owed,
            unmatched=unmatched_before(entry.event),
            bill=bill,
        )

    def authorised() -> None:
        if not already:
            corrections.expect_authority(actor.role, reason=reason is not None)
            of_shop()
            if bill is None:  # else nothing is taken back that the order had
                holds.cover_lost(twins.shop, order.name, undone=undone)

    twins.ask(meant, authorised, actor, reason)


CORRECTIONS: Mapping[str, tuple[int, Take]] = {
    "correct_payment": (2, correct_payment),
    "correct_shipment": (2, correct_shipment),
    "correct_bill": (1, correct_bill),
    "correct_refund": (2, correct_refund),
}
"""How often each is tried, and how."""
