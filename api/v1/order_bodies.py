"""What a request about an order, or the cart it comes from, may say."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.bodies import Body, Money, Writing, minor, one_currency
from api.grammars import (
    Channel,
    CustomerId,
    FreeText,
    LineNumber,
    Method,
    PaymentMethodId,
    PersonId,
    Processor,
    Quantity,
    Reference,
    ShipmentId,
    Sku,
    Tracking,
)
from api.v1.customers import NewCustomer
from domain.command import MOST_LINES
from domain.orders.order_events import ContactChannel, ContactKind, Part, Terms
from domain.orders.pricing import AskedLine


class LineBody(Body):
    """A line to order; discount and tax are those of the whole line."""

    sku: Sku = Field(description="It need not be a listed product: an order states its own goods and prices.")
    description: FreeText | None = None
    quantity: Quantity
    unit_price: Money
    discount: Money | None = None
    tax: Money | None = None


class GoodsBody(Writing):
    """What is asked for, in one currency."""

    channel: Channel = "api"
    external_ref: Reference | None = Field(
        default=None, description="The order's id in the shop; unique per channel."
    )
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=MOST_LINES)]
    order_discount: Money | None = Field(
        default=None, description="On the order as a whole; spread over its lines."
    )
    order_tax: Money | None = Field(
        default=None, description="On the order as a whole; spread over its lines."
    )
    shipping: Money | None = None
    shipping_tax: Money | None = Field(default=None, description="Tax on the shipping fee, on top of it.")
    shipping_credit: Money | None = Field(default=None, description="What of the fee we bear.")


class BuyerBody(Body):
    """Who buys: a customer by id, or one described inline."""

    customer_id: CustomerId | None = None
    customer: NewCustomer | None = Field(
        default=None,
        description="The one whose `external_ref` this channel knows, else new. Never matched by email.",
    )
    terms: Terms = "card"

    @model_validator(mode="after")
    def _one_buyer(self) -> "BuyerBody":
        if (self.customer_id is None) == (self.customer is None):
            raise PydanticCustomError("one_buyer", "Should have either customer_id or customer")
        return self


class PlaceOrderBody(GoodsBody, BuyerBody):
    """An order to place."""


class PrepareCartBody(GoodsBody):
    """A cart to prepare, for a known customer or for whoever will check out."""

    customer_id: CustomerId | None = None


class CheckOutCartBody(Writing, BuyerBody):
    """Who checks the cart out."""

    channel: Channel = Field(
        default="api", description="Where the inline customer's `external_ref` is known."
    )


class CapturePaymentBody(Writing):
    """Money a processor captured."""

    amount: Money
    processor: Processor = Field(examples=["stripe"])
    reference: Reference = Field(
        description="The processor's own name for this capture; it never counts twice."
    )
    payment_method: PaymentMethodId | None = Field(
        default=None, description="The card on file that was charged."
    )
    named_by_customer: bool = Field(
        default=False, description="Whether the customer chose that card; else we did, and they are told."
    )


class PartBody(Body):
    """So many units of a line."""

    line: LineNumber
    quantity: Quantity


Parts = Annotated[list[PartBody], Field(min_length=1, max_length=MOST_LINES)]
"""Never empty: what names nothing is left out, so that an empty list never means everything."""


class ShipOrderBody(Writing):
    """Goods that leave."""

    parts: Parts
    method: Method = Field(
        description="The carrier's service, or `personal_delivery`.", examples=["ups_ground"]
    )
    tracking: Tracking | None = None
    description: FreeText = Field(description="What the customer is told about the delivery. Kept sealed.")


class DeliverShipmentBody(Writing):
    """Goods that arrived."""

    shipment: ShipmentId
    parts: Parts | None = Field(
        default=None, description="Left out, all of the shipment that is still under way."
    )


class RecordContactBody(Writing):
    """Something the customer was told or asked. Marketing is no contact and has no kind here."""

    kind: ContactKind
    channel: ContactChannel
    by: PersonId | None = Field(default=None, description="Who made it; left out, whoever records it.")
    automatic: bool = Field(default=False, description="Nobody wrote it by hand, so it is by nobody.")
    shipment: ShipmentId | None = Field(
        default=None, description="The shipment it was about; left out, every shipment so far."
    )
    note: FreeText | None = Field(default=None, description="What was said. Kept sealed.")

    @model_validator(mode="after")
    def _by_somebody_or_nobody(self) -> "RecordContactBody":
        if self.automatic and self.by is not None:
            raise PydanticCustomError("by_nobody", "Should name nobody where it was automatic")
        return self


class CancelUnitsBody(Writing):
    """Units that will not ship."""

    parts: Parts | None = Field(default=None, description="Left out, all that is unshipped.")


def parts_of(body: list[PartBody] | None) -> tuple[Part, ...]:
    """The units a body names; none where it leaves them out."""
    return tuple([Part(part.line, part.quantity) for part in body or ()])


def goods_of(body: GoodsBody) -> dict[str, object]:
    """The fields that every command asking for goods shares. Raises: Invalid where currencies differ."""
    return {
        "channel": body.channel,
        "external_ref": body.external_ref,
        "currency": one_currency(_amounts(body), _pointers(body)),
        "lines": tuple([_line(line) for line in body.lines]),
        "order_discount": minor(body.order_discount),
        "order_tax": minor(body.order_tax),
        "shipping": minor(body.shipping),
        "shipping_tax": minor(body.shipping_tax),
        "shipping_credit": minor(body.shipping_credit),
    }


def _line(line: LineBody) -> AskedLine:
    return AskedLine(
        sku=line.sku,
        description=line.description or "",
        quantity=line.quantity,
        unit_price=line.unit_price.amount,
        discount=minor(line.discount),
        tax=minor(line.tax),
    )


def _amounts(body: GoodsBody) -> list[Money | None]:
    amounts: list[Money | None] = []
    for line in body.lines:
        amounts += (line.unit_price, line.discount, line.tax)
    amounts += (body.order_discount, body.order_tax, body.shipping, body.shipping_tax, body.shipping_credit)
    return amounts


def _pointers(body: GoodsBody) -> Iterator[str]:
    """Where each of the amounts stands, in the same order."""
    for index in range(len(body.lines)):
        for name in ("unit_price", "discount", "tax"):
            yield f"/lines/{index}/{name}"
    for name in ("order_discount", "order_tax", "shipping", "shipping_tax", "shipping_credit"):
        yield f"/{name}"
