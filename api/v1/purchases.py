"""Whether a customer bought something from us: what their own orders show, before somebody decides."""

from collections import Counter

from api.call import Call
from domain.orders.order import Placed
from domain.orders.order_events import OrderPlaced
from domain.refunds.refund_events import PurchaseFound, PurchaseSearch, UnitsLeft
from ledger.record.folds import Folded

AT_ONCE = 200
"""Orders read at once."""
MOST_SHOWN = 50
"""Lines shown, the oldest first."""


async def purchases_of(call: Call, customer: str, skus: frozenset[str]) -> PurchaseSearch:
    """The lines of all the customer's orders with one of these skus, by the record. Raises: Unavailable."""
    shown: list[PurchaseFound] = []
    lines, left = 0, Counter[str]()
    after = 0
    while page := await call.book.page(after, AT_ONCE, types=frozenset({"order.placed"}), customer=customer):
        for entry in page:
            placed = entry.event
            assert isinstance(placed, OrderPlaced)
            if not any(line.sku in skus for line in placed.lines):
                continue
            found = await _lines_of(call, placed.order, skus)
            lines += len(found)
            shown.extend(found[: MOST_SHOWN - len(shown)])
            for each in found:
                left[each.sku] += each.refundable
        after = page[-1].position
    return PurchaseSearch(
        lines=tuple(shown),
        more=lines - len(shown),
        left=tuple([UnitsLeft(sku, units) for sku, units in sorted(left.items())]),
    )


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
