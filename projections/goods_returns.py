"""What became of refunded goods, and what of them is on hand: a row per return and sku. Source: R-G2, R-G7

What was sent to a supplier stands in rows of the claim, and no longer counts as on hand, whatever becomes of
the claim.
"""

from typing import assert_never

from domain.entry import Entry, Minor
from domain.moments import Moment
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    KeepOrReturn,
    ReturnLabelSent,
)
from domain.suppliers.supplier_events import SupplierClaimFiled
from projections.projection import Key, Place, Projection, Row, events_of

BearsOnReturns = (
    GoodsReturnRequested | GoodsLeftWithCustomer | ReturnLabelSent | GoodsReturned | SupplierClaimFiled
)


class ReturnedSku(Row):
    """Units of one sku in one return, or in one claim; amounts in minor units of `currency`."""

    stream: str
    name: str
    """The return; or the claim with which goods went to their supplier."""
    sku: str
    customer: str = ""
    refund: str = ""
    currency: str = ""
    decided: str = ""
    """`keep` or `return`."""
    overridden: bool = False
    """Whether a person decided otherwise than the rule."""
    decided_at: Moment | None = None
    units: int = 0
    value: Minor = 0
    return_cost: Minor = 0
    """Of the whole return; on the row of its first sku."""
    avoided: Minor = 0
    """Of the whole return; on the row of its first sku."""
    labels: int = 0
    """Sent for the whole return; on the row of its first sku."""
    left: int = 0
    """Units that stay with the customer."""
    unused: int = 0
    used: int = 0
    empty: int = 0
    sent: int = 0
    """Units that went to their supplier."""
    last_position: Place = 0


class GoodsReturns(Projection[ReturnedSku, BearsOnReturns]):
    """What became of refunded goods: kept, awaited, come back in which condition, on hand?"""

    name = "goods_returns"
    version = 1
    row = ReturnedSku
    handles = events_of(BearsOnReturns)
    key = ("stream", "name", "sku")
    group_key = ("stream",)
    own_id = "name"
    found_by = "stream"
    indexes = (("sku",), ("refund",))

    def group(self, it: BearsOnReturns, entry: Entry) -> Key:
        return (entry.stream,)

    def fold(self, rows: dict[Key, ReturnedSku], group: Key, it: BearsOnReturns, entry: Entry) -> None:
        match it:
            case GoodsReturnRequested():
                _decide(rows, it, it.weighed, entry)
            case GoodsLeftWithCustomer():
                _leave(rows, it, entry)
            case ReturnLabelSent():
                _first(rows, entry.stream, it.goods_return).labels += 1
            case GoodsReturned():
                for goods in it.goods:
                    row = _row(rows, it, goods.sku, entry)
                    setattr(row, goods.condition, getattr(row, goods.condition) + goods.quantity)
            case SupplierClaimFiled():
                if it.sends_goods:
                    for unit in it.units:
                        key = (entry.stream, it.claim, unit.sku)
                        row = rows.setdefault(key, ReturnedSku(*key, it.customer, it.refund, it.currency))
                        row.sent += unit.quantity
                        row.last_position = entry.position
            case _:
                assert_never(it)


def _decide(
    rows: dict[Key, ReturnedSku],
    it: GoodsReturnRequested | GoodsLeftWithCustomer,
    weighed: KeepOrReturn,
    entry: Entry,
) -> None:
    for goods in it.goods:
        row = _row(rows, it, goods.sku, entry)
        row.units += goods.quantity
        row.value += goods.value
        row.currency = it.currency
        row.decided, row.decided_at = weighed.decided, entry.effective_at
        row.overridden = weighed.decided != weighed.by_rule
    _first(rows, entry.stream, it.goods_return).return_cost = weighed.return_cost


def _leave(rows: dict[Key, ReturnedSku], it: GoodsLeftWithCustomer, entry: Entry) -> None:
    if it.weighed is not None:
        _decide(rows, it, it.weighed, entry)
    for goods in it.goods:
        _row(rows, it, goods.sku, entry).left += goods.quantity
    _first(rows, entry.stream, it.goods_return).avoided += it.avoided


def _row(
    rows: dict[Key, ReturnedSku],
    it: GoodsReturnRequested | GoodsLeftWithCustomer | GoodsReturned,
    sku: str,
    entry: Entry,
) -> ReturnedSku:
    key = (entry.stream, it.goods_return, sku)
    row = rows.get(key)
    if row is None:
        row = rows[key] = ReturnedSku(*key, it.customer, it.refund)
        if isinstance(it, GoodsReturned):  # other goods than were decided on came too
            row.currency = _first(rows, entry.stream, it.goods_return).currency
    row.last_position = entry.position
    return row


def _first(rows: dict[Key, ReturnedSku], stream: str, name: str) -> ReturnedSku:
    """The row that holds what is said of a return as a whole."""
    return rows[min(key for key in rows if key[:2] == (stream, name))]


LISTED = """
SELECT name AS id, min(refund) AS refund, min(customer) AS customer, min(stream) AS stream,
       CASE WHEN min(decided) = 'keep' THEN 'kept'
            WHEN sum(unused + used + empty) >= sum(units) THEN 'returned'
            WHEN sum("left") > 0 THEN 'left'
            WHEN sum(unused + used + empty) > 0 THEN 'part_returned'
            WHEN sum(labels) > 0 THEN 'label_sent' ELSE 'requested' END AS status,
       bool_or(overridden) AS overridden, min(decided_at) AS decided_at, sum(units)::bigint AS units,
       sum(unused)::bigint AS unused, sum(used)::bigint AS used, sum(empty)::bigint AS empty,
       sum("left")::bigint AS "left", max(currency) AS currency, sum(value) AS value,
       sum(return_cost) AS return_cost, sum(avoided) AS avoided,
       max(last_position) AS last_position
FROM held WHERE name ^@ 'ret_' GROUP BY name"""
"""What was decided about goods and what came of it, over the rows `held`."""

ON_HAND = """
SELECT sku, sum(unused)::bigint AS unused, sum(used)::bigint AS used, sum(empty)::bigint AS empty,
       sum(sent)::bigint AS sent, sum(unused + used + empty - sent)::bigint AS on_hand,
       max(last_position) AS last_position
FROM held GROUP BY sku HAVING sum(unused + used + empty) > 0"""
"""What came back of each sku, in which condition, and what of it is here, over the rows `held`."""
