"""A hold follows an assignment: whoever believes to have paid is asked, also of another customer's order.

Source: R-B2, R-D2
"""

import pytest

from domain.declines.decline_events import OrderPlacedOnHold
from domain.inbound.assigning import AssignMoney
from domain.inbound.notices import MovedMoney, ReceiveNotice
from domain.orders.order import Placed
from domain.payments.capturing import CapturePayment
from ledger.book import Book
from ledger.identity import mint
from ledger.reacting.catalogue import ERRANDS, REACTIONS
from ledger.reacting.reactor import Reactor
from tests.reacting.conftest import ordered
from tests.ticking.conftest import submission

pytestmark = pytest.mark.anyio


async def placed(book: Book, order: str) -> Placed:
    state = await book.state(order)
    assert isinstance(state, Placed)
    return state


async def told(book: Book, order: str) -> MovedMoney:
    """A processor tells of 34.00 that came for the order, and had no place there."""
    customer = (await placed(book, order)).placed.customer
    named = {"reference": mint("pay"), "amount": 3_400, "currency": "EUR"}
    money = MovedMoney(unmatched=mint("unm"), direction="receipt", **named)
    said = {"processor": "acme", "notice": mint("pay"), "kind": "charge.succeeded", "body": "sealed:{}"}
    notice = ReceiveNotice(**said, happened_at=book.clock(), customer=customer, order=order, money=money)
    await book.execute(notice, submission())
    return money


async def assign(book: Book, money: MovedMoney, order: str) -> None:
    """It was a payment of that order."""
    fact = CapturePayment(
        order=order,
        payment=mint("pay"),
        amount=money.amount,
        currency=money.currency,
        processor="acme",
        reference=money.reference,
    )
    customer = (await placed(book, order)).placed.customer
    await book.execute(AssignMoney(unmatched=money.unmatched, customer=customer, fact=fact), submission())


async def test_an_order_whose_money_was_for_another_customers_is_placed_on_hold_once(book: Book) -> None:
    # Leave the rule out of the catalogue → the order waits as placed, on no list, and this fails.
    named, other = await ordered(book), await ordered(book)
    await assign(book, await told(book, named), other)
    for _ in range(2):
        await Reactor(book, REACTIONS, ERRANDS).catch_up()
    (held,) = [each for each in await book.entries(named) if isinstance(each.event, OrderPlacedOnHold)]
    assert isinstance(held.event, OrderPlacedOnHold)
    assert (held.event.because, held.event.missing) == ("assigned_elsewhere", 3_400)
    assert (held.meta.origin, held.customer) == ("reaction", held.event.customer)
    assert (await placed(book, other)).declines.hold is None


async def test_nothing_follows_where_the_money_was_for_the_order_it_named(book: Book) -> None:
    order = await ordered(book)
    await assign(book, await told(book, order), order)
    head = (await book.entries(order))[-1].position
    await Reactor(book, REACTIONS, ERRANDS).catch_up()
    assert (await book.entries(order))[-1].position == head
