"""Taking goods back: the label that was sent, the goods that came and were counted, and those that did not.

What comes back is counted in whatever condition; nothing of it changes the refund. Source: R-G2, R-G5, R-G7
"""

from collections import Counter
from dataclasses import dataclass

import msgspec

from domain.authority import expect_reason
from domain.causes import expect_cause
from domain.command import Command, OutOfRange, expect_quantity, expect_text
from domain.customers.registering import Customer
from domain.decision import Decision, Given
from domain.ids import expect_id
from domain.moments import day_of
from domain.orders.order import Placed
from domain.orders.order_events import ContactChannel
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise
from domain.returns.goods_return import GoodsReturn, GoodsReturnUnknown
from domain.returns.held_goods import GoodsExceedRefund, came_back, left_by_name, sku_of
from domain.returns.return_events import (
    Condition,
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    ReturnedGoods,
    ReturnLabelSent,
)


class SendReturnLabel(Command, frozen=True, kw_only=True):
    """Note that the customer was sent a prepaid label. Raises: ValueError."""

    stream: str
    goods_return: str
    method: str
    tracking: str
    channel: ContactChannel

    def __post_init__(self) -> None:
        expect_id("ret", self.goods_return)
        expect_text("method", self.method)
        expect_text("tracking", self.tracking)

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)


class CameBack(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that came back in one condition, as a command names them. Raises: ValueError."""

    line: int | None = None
    sku: str | None = None
    quantity: int
    condition: Condition

    def __post_init__(self) -> None:
        if (self.line is None) == (self.sku is None):
            raise OutOfRange("goods", "must each name either a line or a sku")
        expect_text("sku", self.sku)
        expect_quantity("quantity", self.quantity)

    @property
    def name(self) -> int | str | None:
        """The line or the sku."""
        return self.sku if self.line is None else self.line


class TakeGoodsBack(Command, frozen=True, kw_only=True):
    """Count goods that came back. Raises: ValueError."""

    stream: str
    goods_return: str
    arrival: str
    goods: tuple[CameBack, ...]

    def __post_init__(self) -> None:
        expect_id("ret", self.goods_return)
        expect_id("arr", self.arrival)
        if not self.goods:
            raise OutOfRange("goods", "must name what came back")
        if len({(each.line, each.sku, each.condition) for each in self.goods}) < len(self.goods):
            raise OutOfRange("goods", "must name each line or sku once for each condition")
        in_order = sorted(self.goods, key=lambda each: (each.line or 0, each.sku or "", each.condition))
        msgspec.structs.force_setattr(self, "goods", tuple(in_order))

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)


class LeaveGoods(Command, frozen=True, kw_only=True):
    """Let the customer keep goods that were asked for and did not come. Raises: ValueError."""

    stream: str
    goods_return: str

    def __post_init__(self) -> None:
        expect_id("ret", self.goods_return)

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)


@dataclass(unsafe_hash=True)
class GoodsNotAwaited(Refusal):
    """No goods are awaited from the customer: they keep them, or everything has come back."""

    rule = "R-G7"
    way_out = "Look at the return: it says what was decided and what came back."

    goods_return: str


def send_return_label(command: SendReturnLabel, given: Given) -> Decision:
    """Records that a label was sent; a lost one is sent again under another tracking number.

    Checks, in this order: return known; retry, which is: the same tracking number; goods awaited (R-G7); not
    before they were asked for.
    """
    _, known = _return_of(command.stream, command.goods_return, given)
    for label in known.labels:
        if label.sent.tracking == command.tracking:
            if (label.sent.method, label.sent.channel) != (command.method, command.channel):
                raise AlreadyRecordedOtherwise(command.goods_return)
            return Decision(customer=label.sent.customer, already=(label.position,))
    if not known.is_awaited:
        raise GoodsNotAwaited(command.goods_return)
    expect_cause(known.at, given)
    it = known.decided
    sent = ReturnLabelSent(
        goods_return=command.goods_return,
        refund=it.refund,
        customer=it.customer,
        order=it.order,
        method=command.method,
        tracking=command.tracking,
        channel=command.channel,
    )
    return Decision(events=((command.stream, sent),), customer=it.customer)


def take_goods_back(command: TakeGoodsBack, given: Given) -> Decision:
    """Records what came back, and in which condition, also of goods the customer might have kept.

    Checks, in this order: return known; retry, which is: the same goods at the same moment; refunded units
    not come back before (R-G7; goods that were not ordered are counted however many come); not before it was
    decided on.
    """
    state, known = _return_of(command.stream, command.goods_return, given)
    arrival = known.arrivals.get(command.arrival)
    if arrival is not None:
        if arrival.at != given.at or _named(arrival.returned) != _asked(command):
            raise AlreadyRecordedOtherwise(command.arrival)
        return Decision(customer=arrival.returned.customer, already=(arrival.position,))
    goods = _counted(command, state, known)
    expect_cause(known.at, given)
    it = known.decided
    returned = GoodsReturned(
        goods_return=command.goods_return,
        arrival=command.arrival,
        refund=it.refund,
        customer=it.customer,
        order=it.order,
        returned_on=day_of(given.at, given.book.zone),
        goods=goods,
    )
    return Decision(events=((command.stream, returned),), customer=it.customer)


def leave_goods(command: LeaveGoods, given: Given) -> Decision:
    """Records that the customer keeps what was asked for and did not come.

    Checks, in this order: return known; retry; goods awaited; a reason; not before they were asked for.
    """
    _, known = _return_of(command.stream, command.goods_return, given)
    if known.left is not None and known.left_position is not None:
        return Decision(customer=known.left.customer, already=(known.left_position,))
    it = known.decided
    if not known.is_awaited or not isinstance(it, GoodsReturnRequested):
        raise GoodsNotAwaited(command.goods_return)
    expect_reason(given)
    expect_cause(known.at, given)
    cost = it.weighed
    left = GoodsLeftWithCustomer(
        goods_return=command.goods_return,
        refund=it.refund,
        customer=it.customer,
        order=it.order,
        currency=it.currency,
        goods=known.missing(),
        all_held=False,
        weighed=None,
        # A label that was sent is paid for; what is not unpacked saves the restocking.
        avoided=cost.parcels * cost.restocking if known.labels else cost.return_cost,
    )
    return Decision(events=((command.stream, left),), customer=it.customer)


def _return_of(stream: str, goods_return: str, given: Given) -> tuple[Placed | Customer, GoodsReturn]:
    """What was decided about goods, and the stream it lives in. Raises: GoodsReturnUnknown."""
    state = given.states[stream]
    known = state.returns.get(goods_return) if isinstance(state, Placed | Customer) else None
    if not isinstance(state, Placed | Customer) or known is None:
        raise GoodsReturnUnknown(goods_return)
    return state, known


def _counted(
    command: TakeGoodsBack, state: Placed | Customer, known: GoodsReturn
) -> tuple[ReturnedGoods, ...]:
    """What came, by shipment. Raises: GoodsExceedRefund."""
    of = state.refunds[known.decided.refund]
    refund = of.granted
    to_come = left_by_name(of, came_back(of, state.returns, state), state)
    counted: list[ReturnedGoods] = []
    for each in command.goods:
        parts = to_come.get(each.name, [])
        if each.line is None and not parts:
            assert each.sku is not None
            counted.append(ReturnedGoods(sku=each.sku, quantity=each.quantity, condition=each.condition))
            continue
        missing = each.quantity
        for place, (part, left) in enumerate(parts):
            taken = min(missing, left)
            missing -= taken
            if taken:
                parts[place] = (part, left - taken)
                goods = ReturnedGoods(
                    line=part.line,
                    sku=sku_of(part, state),
                    shipment=part.shipment,
                    quantity=taken,
                    condition=each.condition,
                )
                counted.append(goods)
        if missing:
            raise _more_than_left(command, each, missing, refund.refund)
    return tuple(counted)


def _more_than_left(command: TakeGoodsBack, last: CameBack, missing: int, refund: str) -> GoodsExceedRefund:
    """All that was named of that line or sku, in whatever condition, and how much of it there was to count.

    `last` is the condition of which so many are one line's too many; those before it were all counted.
    """
    of_it = [each for each in command.goods if each.name == last.name]
    until_last = sum([each.quantity for each in of_it[: of_it.index(last) + 1]])
    assert last.name is not None
    return GoodsExceedRefund(refund, last.name, sum([each.quantity for each in of_it]), until_last - missing)


def _named(returned: GoodsReturned) -> Counter[tuple[int | None, str | None, Condition]]:
    units: Counter[tuple[int | None, str | None, Condition]] = Counter()
    for each in returned.goods:
        units[each.line, None if each.line is not None else each.sku, each.condition] += each.quantity
    return units


def _asked(command: TakeGoodsBack) -> Counter[tuple[int | None, str | None, Condition]]:
    return Counter({(each.line, each.sku, each.condition): each.quantity for each in command.goods})
