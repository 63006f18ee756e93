"""What an order costs, unit by unit, in exact fractions. Written from the rules I1 and R-G6 alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor


@dataclass(frozen=True)
class Asked:
    """A line as asked for, in minor units; discount and tax are on the whole line."""

    quantity: int
    unit_price: int
    discount: int = 0
    tax: int = 0


@dataclass(frozen=True)
class Price:
    """What some units cost, and what of it is tax."""

    total: int = 0
    tax: int = 0

    def __add__(self, more: "Price") -> "Price":
        return Price(self.total + more.total, self.tax + more.tax)


def price_of(units: Iterable[Price]) -> Price:
    """What they cost together."""
    return sum(units, Price())


def rounded(amount: Fraction) -> int:
    """Halves up."""
    return floor(amount + Fraction(1, 2))


def unit_prices(quantity: int, total: int, tax: int) -> list[Price]:
    """Unit k costs cumulative(k) − cumulative(k−1), cumulative(k) = line total × k ÷ quantity.

    The tax in it follows the cumulative total.
    """
    cumulative = [rounded(Fraction(total * k, quantity)) for k in range(quantity + 1)]
    taxes = [rounded(Fraction(tax * upto, total)) if total else 0 for upto in cumulative]
    return [
        Price(upto - before, tax_upto - tax_before)
        for (before, upto), (tax_before, tax_upto) in zip(pairwise(cumulative), pairwise(taxes), strict=True)
    ]


def spread(amount: int, over: Sequence[int]) -> list[int]:
    """An order-wide amount over the lines by what they cost: largest remainder, ties to the lower line."""
    whole = sum(over)
    exact = [Fraction(amount * weight, whole) if whole else Fraction(amount, len(over)) for weight in over]
    shares = [floor(share) for share in exact]
    for _ in range(amount - sum(shares)):
        furthest = max(range(len(over)), key=lambda line: (exact[line] - shares[line], -line))
        shares[furthest] += 1
    return shares


def line_prices(lines: Sequence[Asked], order_discount: int, order_tax: int) -> list[Price]:
    """What each line costs with its discounts and taxes: discount first, tax after it."""
    goods = [line.quantity * line.unit_price - line.discount for line in lines]
    goods = [amount - less for amount, less in zip(goods, spread(order_discount, goods), strict=True)]
    taxes = [line.tax + tax for line, tax in zip(lines, spread(order_tax, goods), strict=True)]
    return [Price(amount + tax, tax) for amount, tax in zip(goods, taxes, strict=True)]
