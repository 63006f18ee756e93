"""Goods after a refund as tests name them: commands with their usual fields, and stories that lead there."""

from typing import Any

from domain.orders.order_events import OrderLine, Part
from domain.orders.products import ProductListed
from domain.returns.asking_back import AskGoodsBack
from domain.returns.held_goods import NamedGoods
from domain.returns.return_events import Condition
from domain.returns.taking_back import CameBack, LeaveGoods, SendReturnLabel, TakeGoodsBack
from domain.suppliers.claim_answers import RefuseSupplierClaim, SettleSupplierClaim, WaiveSupplierClaim
from domain.suppliers.claiming import FileSupplierClaim
from tests.domain.examples import (
    ORDER,
    REFUND,
    captured,
    customer_registered,
    delivered,
    guaranteed,
    id_of,
    placed,
    shipped,
)
from tests.domain.refund_examples import grant
from tests.domain.specification import Story, given

RETURN, OTHER_RETURN = id_of("ret"), id_of("ret", 2)
ARRIVAL, OTHER_ARRIVAL = id_of("arr"), id_of("arr", 2)
CLAIM, OTHER_CLAIM = id_of("clm"), id_of("clm", 2)
RECOVERY, OTHER_RECOVERY = id_of("rcv"), id_of("rcv", 2)
SHIRT, DRESS = id_of("prd"), id_of("prd", 2)


def delivered_order() -> Story:
    """Two dresses at 34.00, ordered, paid, shipped and delivered on 10 August 2010."""
    return given(customer_registered(), placed(), captured(), shipped(), delivered(), guaranteed())


def refunded(quantity: int = 2, **other: Any) -> Story:
    """Some of these dresses are refunded the same day."""
    story = delivered_order()
    story.do(grant((1, quantity), **other))
    return story


def costing(unit_price: int, quantity: int = 1) -> Story:
    """An order of these units, delivered and refunded."""
    line = OrderLine(1, "DRESS-36", "A dress", quantity, unit_price, 0, 0)
    goods, charge = unit_price * quantity, unit_price * quantity + 795
    story = given(
        customer_registered(),
        placed(lines=(line,), total=charge),
        captured(amount=charge),
        shipped((1, quantity), goods=goods, charge=charge),
        delivered((1, quantity)),
        guaranteed((1, quantity)),
    )
    story.do(grant((1, quantity)))
    return story


def listed(product: str, sku: str, **other: Any) -> ProductListed:
    """A product is listed."""
    said = {
        "product": product,
        "sku": sku,
        "description": sku,
        "currency": "USD",
        "list_price": 900,
        "our_cost": 300,
        "supplier": "Spinners Ltd",
        "makes_redundant": (),
    }
    return ProductListed(**{**said, **other})


def goods(line: int | None = None, quantity: int = 1, **other: Any) -> NamedGoods:
    """Units of a line, or of a sku."""
    return NamedGoods(line=line, quantity=quantity, **other)


def ask_back(*named: NamedGoods, **other: Any) -> AskGoodsBack:
    """Keep or return: all of the refund unless goods are named."""
    said = {"stream": ORDER, "refund": REFUND, "goods_return": RETURN, "goods": named}
    return AskGoodsBack(**{**said, **other})


def send_label(**other: Any) -> SendReturnLabel:
    """Send the customer a label."""
    said = {
        "stream": ORDER,
        "goods_return": RETURN,
        "method": "parcel",
        "tracking": "RT1",
        "channel": "email",
    }
    return SendReturnLabel(**{**said, **other})


def came(quantity: int, condition: Condition = "unused", **other: Any) -> CameBack:
    """Units of line 1 that came back, unless a sku is named."""
    line = None if "sku" in other else 1
    return CameBack(**{"line": line, "quantity": quantity, "condition": condition, **other})


def take_back(*goods: CameBack, **other: Any) -> TakeGoodsBack:
    """Count what came back: both dresses unused unless said."""
    said = {"stream": ORDER, "goods_return": RETURN, "arrival": ARRIVAL, "goods": goods or (came(2),)}
    return TakeGoodsBack(**{**said, **other})


def leave(**other: Any) -> LeaveGoods:
    """Let the customer keep what did not come."""
    return LeaveGoods(**{"stream": ORDER, "goods_return": RETURN, **other})


def file_claim(*parts: tuple[int, int], **other: Any) -> FileSupplierClaim:
    """Claim 20.00 from the supplier, for all that is recoverable unless units are named."""
    said = {
        "order": ORDER,
        "refund": REFUND,
        "claim": CLAIM,
        "parts": tuple(Part(*part) for part in parts),
        "amount": 2_000,
    }
    return FileSupplierClaim(**{**said, **other})


def waive(*parts: tuple[int, int], **other: Any) -> WaiveSupplierClaim:
    """Give a claim up."""
    return WaiveSupplierClaim(
        **{"order": ORDER, "claim": CLAIM, "parts": tuple(Part(*part) for part in parts), **other}
    )


def settle_claim(**other: Any) -> SettleSupplierClaim:
    """The supplier pays what was claimed."""
    said = {
        "order": ORDER,
        "claim": CLAIM,
        "recovery": RECOVERY,
        "amount": 2_000,
        "currency": "USD",
        "reference": "bank-1",
    }
    return SettleSupplierClaim(**{**said, **other})


def refuse_claim(**other: Any) -> RefuseSupplierClaim:
    """The supplier does not pay."""
    return RefuseSupplierClaim(**{"order": ORDER, "claim": CLAIM, **other})
