"""Money kept as unmatched under an order's name, as the record knows it: whoever decides reads what became of
it.
"""

from domain.inbound.notice_events import TOLD
from domain.inbound.unmatched import UnmatchedMoney, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedPayout, UnmatchedReceipt
from domain.inbound.waiting import waiting_of
from domain.orders.order import Placed
from ledger.book import Book

AT_ONCE = 500
"""Entries read at once."""


async def kept_for(book: Book, order: str, customer: str) -> tuple[str, ...]:
    """The money that came for that order of that customer and had no place, settled or not.

    Raises: Unavailable.
    """
    return await _named(book, order, customer, UnmatchedReceipt, "unmatched_receipt.recorded")


async def payouts_for(book: Book, order: str, customer: str) -> tuple[str, ...]:
    """The money that left for that order of that customer and had no place, settled or not.

    Raises: Unavailable.
    """
    return await _named(book, order, customer, UnmatchedPayout, "unmatched_payout.recorded")


async def told_payouts_for(book: Book, order: str, customer: str) -> tuple[str, ...]:
    """The same, of what a processor told itself. Raises: Unavailable."""
    return await _named(book, order, customer, UnmatchedPayout, "unmatched_payout.recorded", only_told=True)


async def _named(
    book: Book,
    order: str,
    customer: str,
    kind: type[UnmatchedReceipt] | type[UnmatchedPayout],
    stored: str,
    *,
    only_told: bool = False,
) -> tuple[str, ...]:
    found: list[str] = []
    after, types = 0, frozenset({stored})
    while page := await book.page(after, AT_ONCE, types=types, customer=customer):
        found += [
            entry.event.unmatched
            for entry in page
            if isinstance(entry.event, kind)
            and entry.event.order == order
            and (entry.meta.origin == TOLD or not only_told)
        ]
        after = page[-1].position
    return tuple(found)


async def money_for(book: Book, order: Placed) -> dict[str, UnmatchedMoney]:
    """The same, and what became of it. Raises: Unavailable."""
    names = await kept_for(book, order.placed.order, order.placed.customer)
    states = {name: await book.state(unmatched_stream(name)) for name in names}
    return {name: state for name, state in states.items() if isinstance(state, UnmatchedMoney)}


async def any_money_waits(book: Book, order: Placed) -> bool:
    """Whether any of it waits still, in whatever currency. Raises: Unavailable."""
    came = await money_for(book, order)
    return any(waiting_of(money, order) is not None for money in came.values())


async def any_told_payout_waits(book: Book, order: Placed) -> bool:
    """Whether a processor told of money that left for the order, and nobody has said yet what it was.

    Raises: Unavailable.
    """
    for name in await told_payouts_for(book, order.placed.order, order.placed.customer):
        money = await book.state(unmatched_stream(name))
        if isinstance(money, UnmatchedMoney) and money.left:
            return True
    return False
