"""Carts: goods put together for a customer to check out. A cart and the order it becomes are one stream."""

from starlette.responses import Response

from api.answers import Receipt
from api.call import Call, asked
from api.grammars import OrderInPath
from api.paging import AsOfQuery
from api.permissions import Permission
from api.section import Section
from api.v1.buyers import Buyer, decide_for_buyer
from api.v1.order_answers import CartAnswer, cart_answer
from api.v1.order_bodies import CheckOutCartBody, PrepareCartBody, goods_of
from domain.orders.carts import CheckOutCart, PrepareCart
from domain.orders.order import Draft
from ledger.identity import mint
from ledger.sealing.sealer import BOOK

carts = Section(
    "carts", "Goods put together for a customer to check out. A cart takes no money and ships nothing."
)

PLACE = "/v1/carts/"


@carts.decision("/v1/carts", Permission.SERVE_CUSTOMERS, answers=Receipt)
async def prepare_cart(call: Call, body: PrepareCartBody) -> Response:
    """Prepare a cart

    For a known customer, or for whoever will check out.
    """
    command = asked(PrepareCart, order=mint("ord"), customer=body.customer_id, **goods_of(body))
    return await call.decide(command, body, subject="ord", of=body.customer_id or BOOK, place=PLACE)


@carts.question("/v1/carts/{order}", Permission.READ, answers=CartAnswer)
async def show_cart(call: Call, order: OrderInPath, query: AsOfQuery) -> Response:
    """Show a cart that is not yet an order"""
    state, last = await call.found_as_of(order, Draft, query.at)
    return call.answer(cart_answer(state, last), {"ETag": f'"{last.version}"'})


@carts.decision("/v1/carts/{order}/checkout", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def check_out_cart(call: Call, order: OrderInPath, body: CheckOutCartBody) -> Response:
    """Check a cart out: it becomes an order, at the cart's prices"""
    await call.found_order(order)

    def command_for(buyer: Buyer) -> CheckOutCart:
        return asked(
            CheckOutCart, order=order, customer=buyer.customer, register=buyer.register, terms=body.terms
        )

    return await decide_for_buyer(call, body, body, body.channel, command_for, stream=order)
