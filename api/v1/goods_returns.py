"""Refunded goods: kept or returned, labels, what came back and is on hand. None of it changes a refund."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from starlette.responses import Response

from api.answers import Receipt
from api.call import Call, asked
from api.grammars import CustomerId, RefundId, RefundInPath, ReturnInPath, Sku
from api.lists import ListQuery, RowsPage, item_of, list_of, named_by
from api.permissions import Permission
from api.problems import Fault, Invalid
from api.section import Section
from api.v1.goods_return_bodies import (
    AskedBackGoodsBody,
    AskGoodsBackBody,
    LeaveGoodsBody,
    ReturnLabelBody,
    TakeGoodsBackBody,
)
from api.v1.holders import decided_in, holder_of
from domain.entry import Minor
from domain.moments import Moment
from domain.refunds.refund import REFUND, Refund
from domain.returns.asking_back import AskGoodsBack
from domain.returns.goods_return import GOODS_RETURN
from domain.returns.held_goods import NamedGoods
from domain.returns.taking_back import CameBack, LeaveGoods, SendReturnLabel, TakeGoodsBack
from ledger.identity import mint
from ledger.projecting.conditions import Where
from ledger.projecting.listing import Listing
from projections.goods_returns import LISTED, ON_HAND, GoodsReturns

returns = Section(
    "returns",
    "Goods whose money went back: kept by the customer or sent back. The refund never waits for them.",
)


class ReturnItem(msgspec.Struct, frozen=True):
    """What was decided about refunded goods, and what came of it."""

    id: str
    refund: str
    customer: str
    stream: str
    status: str
    overridden: bool
    decided_at: Moment
    units: int
    unused: int
    used: int
    empty: int
    left: int
    currency: str
    value: Minor
    return_cost: Minor
    avoided: Minor
    last_position: int


class OnHandItem(msgspec.Struct, frozen=True):
    """What came back of a sku, and what of it is here: not sent to a supplier."""

    sku: str
    unused: int
    used: int
    empty: int
    sent: int
    on_hand: int
    last_position: int


RETURNS = Listing(projection=GoodsReturns(), item=ReturnItem, answer=LISTED, key=("id",))
GOODS = Listing(projection=GoodsReturns(), item=OnHandItem, answer=ON_HAND, key=("sku",))


class ReturnsQuery(ListQuery):
    """Which returns; none named, all."""

    status: Literal["kept", "requested", "label_sent", "part_returned", "returned", "left"] | None = None
    refund: RefundId | None = None
    customer: CustomerId | None = None
    sort: Literal["id", "-id", "last_position", "-last_position"] = "id"


class OnHandQuery(ListQuery):
    """Which goods."""

    sku: Sku | None = None
    sort: Literal["sku", "on_hand", "-on_hand"] = "sku"


@returns.decision("/v1/refunds/{refund}/goods", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def ask_goods_back(call: Call, refund: RefundInPath, body: AskGoodsBackBody) -> Response:
    """Decide whether the customer keeps the goods or returns them

    Under the value limit, or where sending them back costs at least what they are worth, they are kept; both
    sides are frozen. Goods that came by mistake are named by their sku and count at their list price.
    """
    stream, state, customer = await holder_of(call, REFUND, refund)
    known = state.refunds.get(refund)
    command = asked(
        AskGoodsBack,
        stream=stream,
        refund=refund,
        goods_return=mint("ret"),
        goods=tuple([await _named(call, named, known) for named in body.goods or ()]),
        parcels=body.parcels,
        wanted=body.decided,
    )
    return await decided_in(call, command, body, stream, customer)


@returns.decision(
    "/v1/returns/{goods_return}/labels", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def send_return_label(call: Call, goods_return: ReturnInPath, body: ReturnLabelBody) -> Response:
    """Record that the customer was sent a prepaid label"""
    stream, _, customer = await holder_of(call, GOODS_RETURN, goods_return)
    command = asked(
        SendReturnLabel,
        stream=stream,
        goods_return=goods_return,
        method=body.method,
        tracking=body.tracking,
        channel=body.channel,
    )
    return await decided_in(call, command, body, stream, customer)


@returns.decision(
    "/v1/returns/{goods_return}/arrivals", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def take_goods_back(call: Call, goods_return: ReturnInPath, body: TakeGoodsBackBody) -> Response:
    """Count goods that came back

    Unused, used or empty: it is noted, and changes nothing of the refund.
    """
    stream, _, customer = await holder_of(call, GOODS_RETURN, goods_return)
    goods = [
        asked(CameBack, line=each.line, sku=each.sku, quantity=each.quantity, condition=each.condition)
        for each in body.goods
    ]
    command = asked(
        TakeGoodsBack, stream=stream, goods_return=goods_return, arrival=mint("arr"), goods=tuple(goods)
    )
    return await decided_in(call, command, body, stream, customer)


@returns.decision(
    "/v1/returns/{goods_return}/leaving", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def leave_goods(call: Call, goods_return: ReturnInPath, body: LeaveGoodsBody) -> Response:
    """Let the customer keep goods that were asked for and did not come"""
    stream, _, customer = await holder_of(call, GOODS_RETURN, goods_return)
    command = asked(LeaveGoods, stream=stream, goods_return=goods_return)
    return await decided_in(call, command, body, stream, customer)


@returns.question("/v1/returns", Permission.READ, answers=RowsPage[item_of(ReturnItem)], lists_rows=True)
async def list_returns(call: Call, query: Annotated[ReturnsQuery, Query()]) -> Response:
    """List what became of refunded goods"""
    where = named_by(query, "status", "refund", "customer")
    return await list_of(call, RETURNS, query, sort=query.sort, where=where)


@returns.question(
    "/v1/goods-on-hand", Permission.READ, answers=RowsPage[item_of(OnHandItem)], lists_rows=True
)
async def list_goods_on_hand(call: Call, query: Annotated[OnHandQuery, Query()]) -> Response:
    """List what came back of each sku, and what of it is here"""
    held = () if query.sku is None else (Where("sku", "=", query.sku),)
    return await list_of(call, GOODS, query, sort=query.sort, held=held)


async def _named(call: Call, body: AskedBackGoodsBody, refund: Refund | None) -> NamedGoods:
    """Goods of the body, with the product whose list price counts. Raises: Invalid."""
    value = body.value
    if value is not None and refund is not None and value.currency != refund.granted.currency:
        raise Invalid(faults=(Fault("/goods", "Should be valued in the currency of the refund"),))
    product = None if body.sku is None or value is not None else await call.book.claimed("sku", body.sku)
    return asked(
        NamedGoods,
        line=body.line,
        sku=body.sku,
        quantity=body.quantity,
        product=product,
        value=None if value is None else value.amount,
    )
