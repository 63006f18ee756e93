"""Whether a customer bought something from us: what their own orders show, before somebody decides."""

from api.call import Call
from domain.orders.order import Placed
from domain.orders.order_events import OrderPlaced
from domain.refunds.refund_events import PurchaseFound
from ledger.record.folds import Folded

AT_ONCE = 200
"""Orders read at once."""
MOST_SHOWN = 50
"""Lines shown, the oldest first."""


async def purchases_of(call: Call, customer: str, skus: frozenset[str]) -> tuple[PurchaseFound, ...]:
    """The lines of the customer's orders with one of these skus, by the record. Raises: Unavailable."""
    found: list[PurchaseFound] = []
    after = 0
    while len(found) < MOST_SHOWN:
        page = await call.book.page(after, AT_ONCE, types=frozenset({"order.placed"}), customer=customer)
        for entry in page:
            placed = entry.event
            assert isinstance(placed, OrderPlaced)
            if any(line.sku in skus for line in placed.lines):
                found.extend(await _lines_of(call, placed.order, skus))
        if len(page) < AT_ONCE:
            break
        after = page[-1].position
    return tuple(found[:MOST_SHOWN])


async def _lines_of(call: Call, order: str, skus: frozenset[str]) -> list[PurchaseFound]:
    state = Folded().after(await call.book.entries(order)).state
    assert isinstance(state, Placed)
    return [
        PurchaseFound(
            order,
            line.line.number,
            line.line.sku,
            line.line.quantity,
            line.line.quantity - line.refunded - line.cancelled,
        )
        for line in state.lines
        if line.line.sku in skus
    ]
