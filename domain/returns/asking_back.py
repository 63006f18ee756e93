"""Keep or return: what becomes of goods whose money went back. The refund does not wait for it.

Under a value limit, or where sending them back costs at least what they are worth, they stay with the
customer; otherwise the customer gets a prepaid label. A person may decide otherwise, with a reason.

Source: R-G5, R-G7
"""

import msgspec

from domain.authority import expect_reason
from domain.causes import expect_cause
from domain.command import Command, OutOfRange
from domain.deadlines import deadlines_of_return
from domain.decision import Claim, Decision, Given
from domain.ids import expect_id
from domain.refunds.granted_refund import refund_of
from domain.refunds.refund import Refund, expect_not_taken_back
from domain.retry import AlreadyRecordedOtherwise
from domain.returns.goods_return import GOODS_RETURN, GoodsReturn
from domain.returns.held_goods import NamedGoods, all_held, expect_each_once, named_goods
from domain.returns.keeping import weighed
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturnRequested,
    HeldGoods,
    KeepOrReturn,
    WhatBecomesOfGoods,
)

MOST_PARCELS = 1_000


class AskGoodsBack(Command, frozen=True, kw_only=True):
    """Decide whether the customer keeps refunded goods or returns them. Raises: ValueError."""

    stream: str
    """That of the refund: the order, or the customer where it belongs to no order."""
    refund: str
    goods_return: str
    goods: tuple[NamedGoods, ...] = ()
    """Empty: all of the refund that reached the customer and was not decided on."""
    parcels: int = 1
    """In how many parcels they would come back."""
    wanted: WhatBecomesOfGoods | None = None
    """None: as the rule says."""

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        expect_id("ret", self.goods_return)
        expect_each_once(self.goods)
        if not 1 <= self.parcels <= MOST_PARCELS:
            raise OutOfRange("parcels", f"must be a whole number from 1 to {MOST_PARCELS}")
        by_name = sorted(self.goods, key=lambda named: (named.line or 0, named.sku or ""))
        msgspec.structs.force_setattr(self, "goods", tuple(by_name))

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)

    def reads(self) -> tuple[str, ...]:
        return tuple(sorted({named.product for named in self.goods if named.product is not None}))


def ask_goods_back(command: AskGoodsBack, given: Given) -> Decision:
    """Weighs the value of goods against the cost of their return, and freezes both.

    Checks, in this order: refund granted; retry, which is: about the same units, in as many parcels, decided
    alike; refund not corrected; units refunded and not decided on; value known; a reason where it is not
    decided by rule; not before the grant.
    """
    state, refund = refund_of(command.stream, command.refund, given)
    known = state.returns.get(command.goods_return)
    if known is not None:
        return _already_decided(known, command)
    expect_not_taken_back(refund)
    if command.goods:
        goods = named_goods(command.goods, refund, state.returns, state, given)
    else:
        goods = all_held(refund, state.returns, state)
    value = sum([each.value for each in goods])
    arithmetic = weighed(value, command.parcels, refund.granted.currency, given.edition, command.wanted)
    if arithmetic.decided != arithmetic.by_rule:
        expect_reason(given)
    expect_cause(refund.at, given)
    event = _decided(command, refund, goods, arithmetic, given)
    return Decision(
        events=((command.stream, event),),
        claims=(Claim(GOODS_RETURN, command.goods_return),),
        customer=refund.granted.customer,
    )


def _decided(
    command: AskGoodsBack,
    refund: Refund,
    goods: tuple[HeldGoods, ...],
    arithmetic: KeepOrReturn,
    given: Given,
) -> GoodsReturnRequested | GoodsLeftWithCustomer:
    granted = refund.granted
    if arithmetic.decided == "return":
        return GoodsReturnRequested(
            goods_return=command.goods_return,
            refund=command.refund,
            customer=granted.customer,
            order=granted.order,
            currency=granted.currency,
            goods=goods,
            all_held=not command.goods,
            weighed=arithmetic,
            deadlines=deadlines_of_return(given),
        )
    return GoodsLeftWithCustomer(
        goods_return=command.goods_return,
        refund=command.refund,
        customer=granted.customer,
        order=granted.order,
        currency=granted.currency,
        goods=goods,
        all_held=not command.goods,
        weighed=arithmetic,
        avoided=arithmetic.return_cost,
    )


def _already_decided(known: GoodsReturn, command: AskGoodsBack) -> Decision:
    it = known.decided
    assert it.weighed is not None
    wanted = command.wanted or it.weighed.by_rule
    same_goods = it.all_held if not command.goods else not it.all_held and _are(command.goods, it.goods)
    if (it.refund, it.weighed.parcels, it.weighed.decided) != (command.refund, command.parcels, wanted):
        same_goods = False
    if not same_goods:
        raise AlreadyRecordedOtherwise(command.goods_return)
    return Decision(customer=it.customer, already=(known.position,))


def _are(named: tuple[NamedGoods, ...], goods: tuple[HeldGoods, ...]) -> bool:
    """Whether these are the goods named, units of several shipments taken together; a stated value too."""
    units: dict[int | str, tuple[int, int]] = {}
    for each in goods:
        name = each.sku if each.line is None else each.line
        quantity, value = units.get(name, (0, 0))
        units[name] = quantity + each.quantity, value + each.value
    if set(units) != {each.name for each in named}:
        return False
    for each in named:
        quantity, value = units[each.name or ""]
        if quantity != each.quantity or each.value not in (None, value):
            return False
    return True
