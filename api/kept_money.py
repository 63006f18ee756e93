"""Money kept as unmatched under an order's name, as the record knows it: whoever decides reads what became of
it.
"""

from api.call import Call
from domain.inbound.unmatched import UnmatchedMoney, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedReceipt
from domain.inbound.waiting import waiting_of
from domain.orders.order import Placed
from ledger.book import Book

AT_ONCE = 500
"""Entries read at once."""


async def kept_for(book: Book, order: str, customer: str) -> tuple[str, ...]:
    """The money that came for that order of that customer and had no place, settled or not.

    Raises: Unavailable.
    """
    found: list[str] = []
    after, types = 0, frozenset({"unmatched_receipt.recorded"})
    while page := await book.page(after, AT_ONCE, types=types, customer=customer):
        found += [
            entry.event.unmatched
            for entry in page
            if isinstance(entry.event, UnmatchedReceipt) and entry.event.order == order
        ]
        after = page[-1].position
    return tuple(found)


async def money_for(call: Call, order: Placed) -> dict[str, UnmatchedMoney]:
    """The same, and what became of it. Raises: Unavailable."""
    names = await kept_for(call.book, order.placed.order, order.placed.customer)
    states = {name: await call.book.state(unmatched_stream(name)) for name in names}
    return {name: state for name, state in states.items() if isinstance(state, UnmatchedMoney)}


async def waiting_money(call: Call, order: Placed) -> int:
    """What of it waits still, in the order's currency. Raises: Unavailable."""
    return sum([waiting_of(money, order) for money in (await money_for(call, order)).values()])
