"""Prices: what a cart or order asks for, spread over its lines and frozen; and what some units of a line
cost.

Total = lines − discounts + tax + shipping − shipping credit. Source: I1, R-G6
"""

from dataclasses import dataclass

import msgspec

from domain.command import (
    LARGEST_AMOUNT,
    LONGEST_TEXT,
    MOST_LINES,
    Command,
    OutOfRange,
    expect_amount,
    expect_quantity,
    expect_space_of_names,
    expect_text,
)
from domain.entry import Minor
from domain.ids import expect_id
from domain.money import Money, is_currency, portion, split
from domain.orders.order_events import OrderLine
from domain.refusal import Refusal, WhereNone


class AskedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as asked for. Raises: ValueError out of range."""

    sku: str
    description: str
    """May be empty."""
    quantity: int
    unit_price: Minor
    discount: Minor = 0
    """On the whole line."""
    tax: Minor = 0
    """On the whole line, after its discount."""

    def __post_init__(self) -> None:
        expect_text("sku", self.sku)
        if len(self.description) > LONGEST_TEXT:
            raise OutOfRange("description", f"must have at most {LONGEST_TEXT} characters")
        expect_quantity("quantity", self.quantity)
        expect_amount("unit_price", self.unit_price)
        expect_amount("discount", self.discount)
        expect_amount("tax", self.tax)


class AskedGoods(Command, frozen=True, kw_only=True):
    """What a cart or an order asks for; all amounts in its one currency. Raises: ValueError out of range."""

    order: str
    channel: str
    external_ref: str | None = None
    currency: str
    lines: tuple[AskedLine, ...]
    order_discount: Minor = 0
    """On the order as a whole, beside the lines' own discounts."""
    order_tax: Minor = 0
    """On the order as a whole, beside the lines' own taxes."""
    shipping: Minor = 0
    shipping_tax: Minor = 0
    """Tax on the shipping fee, on top of it."""
    shipping_credit: Minor = 0
    """What of the shipping fee, tax included, we bear."""

    def __post_init__(self) -> None:
        expect_id("ord", self.order)
        expect_space_of_names("channel", self.channel)
        expect_text("external_ref", self.external_ref)
        if not 1 <= len(self.lines) <= MOST_LINES:
            raise OutOfRange("lines", f"must be from 1 to {MOST_LINES}")
        for field in ("order_discount", "order_tax", "shipping", "shipping_tax", "shipping_credit"):
            expect_amount(field, getattr(self, field))
        most = sum([line.quantity * line.unit_price + line.tax for line in self.lines])
        if most + self.order_tax + self.shipping + self.shipping_tax > LARGEST_AMOUNT:
            raise OutOfRange(
                "lines",
                f"must come to at most {LARGEST_AMOUNT} minor units, the order's own amounts included",
            )


class PricedGoods(msgspec.Struct, frozen=True, kw_only=True):
    """What a cart or order costs, as it is frozen."""

    channel: str
    external_ref: str | None
    currency: str
    lines: tuple[OrderLine, ...]
    shipping: int
    shipping_tax: int
    shipping_credit: int
    total: int


@dataclass(unsafe_hash=True)
class CurrencyUnknown(Refusal):
    """Amounts are kept in whole minor units of an ISO 4217 currency, and this is none."""

    rule = "I1"
    way_out = "Use the three-letter code of the currency the customer pays in, such as EUR, GBP or USD."

    currency: str


@dataclass(unsafe_hash=True)
class DiscountExceedsLine(Refusal):
    """A line's discount is more than the line costs."""

    rule = "I1"
    way_out = "Lower the discount to at most quantity × unit price of that line."
    spoken = "A discount of {discount} is more than the {line_amount} of line {line}."
    where_none = WhereNone(
        "line_amount", "Line {line} costs nothing, so that it has no discount.", "Leave its discount out."
    )

    line: int
    discount: Money
    line_amount: Money


@dataclass(unsafe_hash=True)
class OrderDiscountExceedsLines(Refusal):
    """The discount on the whole order is more than its lines cost after their own discounts."""

    rule = "I1"
    way_out = (
        "Lower the discount to at most what the lines cost together. What we bear of shipping is a shipping "
        "credit."
    )
    spoken = "A discount of {discount} is more than the {lines_amount} of all lines."
    where_none = WhereNone(
        "lines_amount",
        "All lines together cost nothing after their own discounts, so that the order has none.",
        "Leave its discount out. What we bear of shipping is a shipping credit.",
    )

    discount: Money
    lines_amount: Money


@dataclass(unsafe_hash=True)
class ShippingCreditExceedsFee(Refusal):
    """The shipping credit is more than the shipping fee with its tax."""

    rule = "I1"
    way_out = "Credit at most the shipping fee with its tax."
    spoken = "A shipping credit of {shipping_credit} is more than the fee of {fee}."
    where_none = WhereNone(
        "fee",
        "This order has no shipping fee, so that we bear none of it.",
        "Leave the shipping credit out, or state the fee.",
    )

    shipping_credit: Money
    fee: Money


def price_goods(asked: AskedGoods) -> PricedGoods:
    """What is asked for, priced: order-wide discount first, then tax, spread over the lines by amount.

    Raises: CurrencyUnknown, DiscountExceedsLine, OrderDiscountExceedsLines, ShippingCreditExceedsFee.
    Source: I1
    """
    if not is_currency(asked.currency):
        raise CurrencyUnknown(asked.currency)
    _check_shipping_credit(asked)
    lines = _priced_lines(asked)
    total = sum([line.total for line in lines]) + asked.shipping + asked.shipping_tax - asked.shipping_credit
    return PricedGoods(
        channel=asked.channel,
        external_ref=asked.external_ref,
        currency=asked.currency,
        lines=lines,
        shipping=asked.shipping,
        shipping_tax=asked.shipping_tax,
        shipping_credit=asked.shipping_credit,
        total=total,
    )


def _check_shipping_credit(asked: AskedGoods) -> None:
    fee = asked.shipping + asked.shipping_tax
    if asked.shipping_credit > fee:
        raise ShippingCreditExceedsFee(
            Money(asked.shipping_credit, asked.currency), Money(fee, asked.currency)
        )


def _priced_lines(asked: AskedGoods) -> tuple[OrderLine, ...]:
    amounts = _amounts_after_own_discount(asked)
    if asked.order_discount > sum(amounts):
        raise OrderDiscountExceedsLines(
            Money(asked.order_discount, asked.currency), Money(sum(amounts), asked.currency)
        )
    discounts = split(asked.order_discount, amounts)
    taxes = split(
        asked.order_tax, [amount - discount for amount, discount in zip(amounts, discounts, strict=True)]
    )
    return tuple(
        [
            OrderLine(
                number,
                line.sku,
                line.description,
                line.quantity,
                line.unit_price,
                line.discount + discount,
                line.tax + tax,
            )
            for number, (line, discount, tax) in enumerate(
                zip(asked.lines, discounts, taxes, strict=True), start=1
            )
        ]
    )


def _amounts_after_own_discount(asked: AskedGoods) -> list[int]:
    amounts: list[int] = []
    for number, line in enumerate(asked.lines, start=1):
        amount = line.quantity * line.unit_price
        if line.discount > amount:
            raise DiscountExceedsLine(
                number, Money(line.discount, asked.currency), Money(amount, asked.currency)
            )
        amounts.append(amount - line.discount)
    return amounts


class UnitsPrice(msgspec.Struct, frozen=True):
    """What some units cost: goods after discount, and the tax on them."""

    goods: int
    tax: int

    @property
    def total(self) -> int:
        """Goods with tax."""
        return self.goods + self.tax


def price_of_units(line: OrderLine, after: int, upto: int) -> UnitsPrice:
    """What units `after` + 1 … `upto` of a line cost at the price paid: cumulative(upto) − cumulative(after).

    cumulative(k) = line total × k ÷ quantity, half up. The tax in it follows the cumulative total, so that
    neither goods nor tax of any unit is ever negative and all units together cost exactly the line.

    Source: R-G6
    """
    paid_before, tax_before = _cumulative(line, after)
    paid, tax = _cumulative(line, upto)
    return UnitsPrice(paid - paid_before - (tax - tax_before), tax - tax_before)


def _cumulative(line: OrderLine, units: int) -> tuple[int, int]:
    paid = portion(line.total, units, line.quantity)
    return paid, portion(line.tax, paid, line.total) if line.tax else 0
