"""What a request about refunded goods, or a claim on their supplier, may say."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.bodies import Body, Money, Writing
from api.grammars import FreeText, LineNumber, Method, Quantity, Reference, ShortText, Sku, Tracking
from api.v1.order_bodies import Parts
from domain.command import MOST_LINES
from domain.orders.order_events import ContactChannel
from domain.returns.asking_back import MOST_PARCELS
from domain.returns.return_events import Condition, WhatBecomesOfGoods


class NamedGoodsBody(Body):
    """Units of a line; or of a sku, where other goods came or no order shows what was bought."""

    line: LineNumber | None = None
    sku: Sku | None = None
    quantity: Quantity

    @model_validator(mode="after")
    def _line_or_sku(self) -> "NamedGoodsBody":
        if (self.line is None) == (self.sku is None):
            raise PydanticCustomError("line_or_sku", "Should have either line or sku")
        return self


class AskedBackGoodsBody(NamedGoodsBody):
    """Goods to keep or to return."""

    value: Money | None = Field(
        default=None,
        description="Of goods that were not ordered: what all of them are worth, if no list price says it.",
    )


class AskGoodsBackBody(Writing):
    """What becomes of goods whose money went back."""

    goods: Annotated[list[AskedBackGoodsBody], Field(min_length=1, max_length=MOST_LINES)] | None = Field(
        default=None, description="Left out, all of the refund that reached the customer."
    )
    parcels: int = Field(default=1, ge=1, le=MOST_PARCELS, strict=True)
    decided: WhatBecomesOfGoods | None = Field(
        default=None, description="Left out, as the rule says; otherwise than that it takes a `reason`."
    )


class ReturnLabelBody(Writing):
    """A prepaid label that was sent."""

    method: Method = Field(description="The carrier's service.", examples=["ups_ground"])
    tracking: Tracking
    channel: ContactChannel


class CameBackBody(NamedGoodsBody):
    """Goods that came back in one condition."""

    condition: Condition


class TakeGoodsBackBody(Writing):
    """Goods that came back."""

    goods: Annotated[list[CameBackBody], Field(min_length=1, max_length=MOST_LINES)]


class LeaveGoodsBody(Writing):
    """Goods that did not come and stay with the customer; it takes a `reason`."""


class FileSupplierClaimBody(Writing):
    """What a supplier is asked for."""

    parts: Parts | None = Field(
        default=None,
        description="Left out, all that is inside the supplier's window today and not dealt with.",
    )
    amount: Money | None = Field(default=None, description="Left out: what the goods cost us.")
    supplier: ShortText | None = Field(
        default=None, max_length=100, description="Left out: whom the products name."
    )
    sends_goods: bool = Field(
        default=False, description="The goods go to the supplier with it, and are no longer on hand."
    )


class WaiveSupplierClaimsBody(Writing):
    """What is not asked of a supplier; it takes a `reason`."""

    parts: Parts | None = Field(default=None, description="Left out, all that was not dealt with.")


class SettleSupplierClaimBody(Writing):
    """What a supplier paid."""

    amount: Money
    reference: Reference | None = Field(default=None, description="What the bank calls it.")


class RefuseSupplierClaimBody(Writing):
    """What a supplier does not pay."""

    note: FreeText | None = Field(default=None, description="What they said. Kept sealed.")


class WaiveSupplierClaimBody(Writing):
    """A claim that is given up; it takes a `reason`."""
