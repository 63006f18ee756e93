"""Scenario B: shipped, billed, never paid, watched, called, written off, buys again. Source: domain §5"""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.bills.bill_events import BillBecameOverdue, BillIssued, WriteOffReversed
from domain.bills.bill_payments import ReceiveBillPayment
from domain.bills.billing import NewBill
from domain.bills.collecting import RecordCollectionCall
from domain.bills.writing_off import CustomerNotReached, WriteOffBill
from domain.book.register import PersonRegistered
from domain.declines.card_search import CompleteCardSearch
from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    OrderPlacedOnHold,
    ShipmentReleasedWithoutPayment,
)
from domain.declines.payment_failures import RecordPaymentFailure
from domain.declines.reaching import RecordContactAttempt
from domain.orders.order_events import OrderPlaced
from domain.orders.pricing import AskedLine
from domain.orders.shipping import ShipmentOnHold
from domain.ticking import Tick
from projections.declined_payments import DeclinedPayment, DeclinedPayments
from projections.projection import Row
from projections.refund_audit import RefundAudit
from projections.tasks import Task, Tasks
from projections.unpaid_bills import DebtRow, UnpaidBills
from projections.watched_orders import WatchedOrder, WatchedOrders
from tests.domain.bill_examples import review
from tests.domain.examples import CARD, CUSTOMER, EMAIL, capture, card_stored, id_of, place, register, ship
from tests.domain.figures import figures, rows_of
from tests.domain.specification import AGENT, OWNER, Story, given, moment

FIRST, PILLOWS, THIRD, FOURTH = (id_of("ord", number) for number in (10, 11, 12, 13))
BILL = id_of("bil", 11)
PHONE = id_of("con", 2)
CLEAR = {"charged": 4495, "received": 4495, "lifetime_value": 4495}
OWING = {**CLEAR, "charged": 12985, "balance": 8490, "open_bills": 8490}
STILL_OWING = {**OWING, "charged": 17480, "received": 8990, "lifetime_value": 8990}
RELEASED = (0, True, 2, "released_by_rule")
SHIPPED = (8490, 0, "ship")
LET_OFF = (0, 8490, 1, "written_off")
REGISTERED = register(contact_points=(EMAIL, type(EMAIL)(PHONE, "phone", "sealed:+1 212 555 0100")))


def pillows(quantity: int) -> tuple[AskedLine, ...]:
    return (AskedLine(sku="PILLOW", description="A pillow", quantity=quantity, unit_price=3995),)


def ordered(order: str, quantity: int, **other: Any) -> Any:
    return place(order=order, lines=pillows(quantity), shipping=500, **other)


def paid(order: str, amount: int, number: int) -> Any:
    return capture(order=order, payment=id_of("pay", number), amount=amount, reference=f"ch_{number}")


def sent(order: str, quantity: int, number: int, year: int | None = None) -> Any:
    bill = None if year is None else NewBill(id_of("bil", number), year)
    return ship((1, quantity), order=order, shipment=id_of("shp", number), bill=bill)


def stands(
    story: Story,
    expected: Mapping[str, int],
    *,
    declined: tuple[int, bool, int, str | None] | None = None,
    bill: tuple[int, int, int, str | None] | None = None,
    alert: tuple[int, int, str | None] | None = None,
) -> None:
    """The customer's figures and the rows about them; nothing but what is named.

    Of the declined payment: missing, searched, contacts and result. Of the bill: open, written off, calls and
    what it closed as. Of the alert about an order: owed then, units to ship and the owner's decision.
    """
    assert figures(story, CUSTOMER) == expected
    held = rows_of(DeclinedPayments(), story.entries)
    assert _told(held, DeclinedPayment, "declined_at", "missing searched contacts result") == _rows(declined)
    debts = rows_of(UnpaidBills(), story.entries)
    assert _told(debts, DebtRow, "bill", "open written_off calls closed_as") == _rows(bill)
    watched = rows_of(WatchedOrders(), story.entries)
    assert _told(watched, WatchedOrder, "open_then", "open_then units_left decision") == _rows(alert)
    assert not rows_of(RefundAudit(), story.entries)


def _told(rows: list[Row], kind: type[Row], is_told: str, columns: str) -> list[tuple[object, ...]]:
    told = [row for row in rows if isinstance(row, kind) and getattr(row, is_told)]
    return [tuple(getattr(row, column) for column in columns.split()) for row in told]


def tasks_on(story: Story, day: str) -> set[str]:
    """The kinds of tasks about the bill that are due by that day."""
    tasks = [row for row in rows_of(Tasks(), story.entries) if isinstance(row, Task)]
    return {task.kind for task in tasks if task.subject == BILL and task.due <= moment(day)}


def _rows(row: tuple[object, ...] | None) -> list[tuple[object, ...]]:
    return [] if row is None else [row]


@pytest.fixture
def declined() -> Story:
    """An existing customer's card was declined on 2 March 2009, and nothing on file is of use."""
    people = (PersonRegistered(person=it.person, name="sealed:", role=it.role) for it in (AGENT, OWNER))
    story = given(*people).on("2008-06-02")
    story.do(ordered(FIRST, 1, register=REGISTERED))
    stands(story, {})
    story.do(paid(FIRST, 4495, 10))
    stands(story, {"received": 4495, "balance": -4495, "deposits_held": 4495, "lifetime_value": 4495})
    story.record(card_stored(expiry="2009-02"))
    story.on("2008-06-03").do(sent(FIRST, 1, 10))
    stands(story, CLEAR)
    story.on("2009-03-02")
    placed = story.when(ordered(PILLOWS, 2)).decides(OrderPlaced)
    assert (placed.standing, placed.standing_rests_on, placed.total) == ("existing", FIRST, 8490)
    failure = RecordPaymentFailure(
        order=PILLOWS,
        customer=CUSTOMER,
        payment=id_of("pay", 11),
        amount=8490,
        currency="USD",
        processor="acme",
        decline_code="insufficient_funds",
    )
    story.when(failure).decides(OrderPlacedOnHold)
    stands(story, CLEAR, declined=(8490, False, 0, None))
    search = CompleteCardSearch(order=PILLOWS, customer=CUSTOMER)
    found = story.when(search).decides(CardOnFileSearchCompleted)
    assert [card.payment_method for card in found.cards] == [CARD]
    assert not story.state(PILLOWS).declines.hold.searches[-1].usable
    stands(story, CLEAR, declined=(8490, True, 0, None))
    return story


@pytest.fixture
def billed(declined: Story) -> Story:
    """Nobody answered; the time to ship unpaid came on 6 March, and it was billed."""
    story = declined
    for day, channel, point, contacts in (
        ("2009-03-03", "email", EMAIL.id, 1),
        ("2009-03-04", "phone", PHONE, 2),
    ):
        tried = RecordContactAttempt(
            order=PILLOWS,
            customer=CUSTOMER,
            channel=channel,
            contact_point=point,
            reached=False,
            by=AGENT.person,
        )
        story.on(day).do(tried)
        stands(story, CLEAR, declined=(8490, True, contacts, None))
    story.on("2009-03-05").when(sent(PILLOWS, 2, 11, 2009)).refused(ShipmentOnHold)
    story.on("2009-03-05", "23:59").do(Tick(stream=PILLOWS))
    assert not any(isinstance(it.event, ShipmentReleasedWithoutPayment) for it in story.entries)
    story.on("2009-03-06", "09:00").do(Tick(stream=PILLOWS))
    released = story.entries[-1]
    assert isinstance(released.event, ShipmentReleasedWithoutPayment)
    assert (released.effective_at, released.meta.origin) == (moment("2009-03-06", "00:00"), "tick")
    stands(story, CLEAR, declined=(8490, True, 2, "released_by_rule"))
    bill = story.on("2009-03-06", "14:00").when(sent(PILLOWS, 2, 11, 2009)).decides(BillIssued)
    assert (bill.amount, bill.issued_on, bill.due_on) == (8490, "2009-03-06", "2009-04-05")
    stands(story, OWING, declined=RELEASED, bill=(8490, 0, 0, None))
    return story


@pytest.fixture
def watched(billed: Story) -> Story:
    """Overdue from 6 April; what they order in May is paid, looked at by the owner, and shipped."""
    story = billed.on("2009-04-06", "09:00")
    story.do(Tick(stream=PILLOWS))
    overdue = story.entries[-1]
    assert isinstance(overdue.event, BillBecameOverdue)
    assert overdue.effective_at == moment("2009-04-06", "00:00")
    stands(story, OWING, declined=RELEASED, bill=(8490, 0, 0, None))
    story.on("2009-05-10")
    placed = story.when(ordered(THIRD, 1)).decides(OrderPlaced)
    assert [(owed.bill, owed.open) for owed in placed.watched_for] == [(BILL, 8490)]
    story.do(paid(THIRD, 4495, 12))
    deposited = {**OWING, "received": 8990, "balance": 3995, "deposits_held": 4495, "lifetime_value": 8990}
    rows: dict[str, Any] = {"declined": RELEASED, "bill": (8490, 0, 0, None)}
    stands(story, deposited, **rows, alert=(8490, 1, None))
    story.on("2009-05-12").by(OWNER).do(review(order=THIRD))
    stands(story, deposited, **rows, alert=(8490, 1, "ship"))
    story.by(AGENT).do(sent(THIRD, 1, 12))
    stands(story, STILL_OWING, **rows, alert=SHIPPED)
    return story


def called(**other: Any) -> RecordCollectionCall:
    asked: dict[str, Any] = {"order": PILLOWS, "bill": BILL, "by": AGENT.person, "outcome": "reached"}
    return RecordCollectionCall(**{**asked, **other})


@pytest.fixture
def written_off(watched: Story) -> Story:
    """Nobody had spoken to them on 1 June; on 8 June they were reached, ill, and let off."""
    story = watched
    write_off = WriteOffBill(order=PILLOWS, bill=BILL)
    story.on("2009-06-01").by(OWNER).when(write_off).refused(CustomerNotReached)
    rows: dict[str, Any] = {"declined": RELEASED, "alert": SHIPPED}
    stands(story, STILL_OWING, **rows, bill=(8490, 0, 0, None))
    assert "collection_call" not in tasks_on(story, "2009-06-05")
    assert "collection_call" in tasks_on(story, "2009-06-06")
    story.on("2009-06-08").by(AGENT).do(called(good_reason="illness", note="sealed:Since February"))
    stands(story, STILL_OWING, **rows, bill=(8490, 0, 1, None))
    story.by(OWNER).do(write_off)
    clear = {"charged": 17480, "received": 8990, "written_off": 8490, "lifetime_value": 8990}
    stands(story, clear, **rows, bill=LET_OFF)
    story.by(AGENT).on("2009-09-14")
    placed = story.when(ordered(FOURTH, 3)).decides(OrderPlaced)
    assert (placed.standing, placed.watched_for) == ("existing", ())
    story.do(paid(FOURTH, 12485, 13))
    clear |= {"received": 21475, "lifetime_value": 21475}
    stands(story, {**clear, "balance": -12485, "deposits_held": 12485}, **rows, bill=LET_OFF)
    story.on("2009-09-15").do(sent(FOURTH, 3, 13))
    return story


def test_in_the_end_they_are_clear_and_buy_again(written_off: Story) -> None:
    bought = {"charged": 29965, "received": 21475, "written_off": 8490, "lifetime_value": 21475}
    stands(written_off, bought, declined=RELEASED, bill=LET_OFF, alert=SHIPPED)


def test_money_that_comes_after_all_undoes_the_write_off_and_pays(written_off: Story) -> None:
    story = written_off.on("2009-10-01")
    payment = ReceiveBillPayment(
        order=PILLOWS,
        customer=CUSTOMER,
        bill=BILL,
        payment=id_of("pay", 14),
        credit=id_of("crd", 14),
        amount=8490,
        currency="USD",
        method="bank_transfer",
    )
    assert story.when(payment).decides(WriteOffReversed).amount == 8490
    paid_up = {"charged": 29965, "received": 29965, "lifetime_value": 29965}
    stands(story, paid_up, declined=RELEASED, bill=(0, 0, 1, "paid"), alert=SHIPPED)
