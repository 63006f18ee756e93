"""What an order costs, unit by unit, in exact fractions. Written from the rules I1 and R-G6 alone."""

from collections.abc import Sequence
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


def rounded(amount: Fraction) -> int:
    """Halves up."""
    return floor(amount + Fraction(1, 2))


def unit_prices(quantity: int, total: int) -> list[int]:
    """Unit k costs cumulative(k) − cumulative(k−1), cumulative(k) = line total × k ÷ quantity."""
    cumulative = [rounded(Fraction(total * k, quantity)) for k in range(quantity + 1)]
    return [upto - before for before, upto in pairwise(cumulative)]


def spread(amount: int, over: Sequence[int]) -> list[int]:
    """An order-wide amount over the lines by what they cost: largest remainder, ties to the lower line."""
    whole = sum(over)
    exact = [Fraction(amount * weight, whole) if whole else Fraction(amount, len(over)) for weight in over]
    shares = [floor(share) for share in exact]
    for _ in range(amount - sum(shares)):
        furthest = max(range(len(over)), key=lambda line: (exact[line] - shares[line], -line))
        shares[furthest] += 1
    return shares


def line_totals(lines: Sequence[Asked], order_discount: int, order_tax: int) -> list[int]:
    """What each line costs with its discounts and taxes: discount first, tax after it."""
    goods = [line.quantity * line.unit_price - line.discount for line in lines]
    goods = [amount - less for amount, less in zip(goods, spread(order_discount, goods), strict=True)]
    taxes = spread(order_tax, goods)
    return [amount + line.tax + tax for amount, line, tax in zip(goods, lines, taxes, strict=True)]
