"""Money: whole minor units of one ISO 4217 currency. No floats, no lost minor unit, no mixing.

Within one event all amounts are whole numbers beside one currency; the functions here work on those numbers.
`Money` is the same amount carried alone: in a refusal, at the edge.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Self

import msgspec
from iso4217 import Currency

# What was paid in them then is entered late, and what a book holds in them is read for good.
_NO_LONGER: Final[Mapping[str, int]] = {
    **dict.fromkeys(("ANG", "BGN", "CUC", "CYP", "EEK", "HRK", "LTL", "LVL", "MRO", "MTL", "SKK", "SLL"), 2),
    **dict.fromkeys(("STD", "TMM", "VEB", "VEF", "ZMK", "ZWL"), 2),
    "BYR": 0,
}
"""Currencies that ISO 4217 has taken from its list since 2008, each with the digits it had."""


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were put together."""


@lru_cache(maxsize=512)
def exponent_of(currency: str) -> int:
    """Digits after the point in that currency: 2 for USD, 0 for JPY, 3 for KWD.

    Raises: ValueError if ISO 4217 knew no such currency since 2008 or gives it no minor unit (XAU).
    """
    if currency in _NO_LONGER:
        return _NO_LONGER[currency]
    exponent = Currency(currency).exponent
    if exponent is None:
        raise ValueError(f"{currency} has no minor unit")
    return exponent


def is_currency(currency: str) -> bool:
    """Whether amounts can be kept in that currency. Source: I1"""
    try:
        exponent_of(currency)
    except ValueError:
        return False
    return True


def digits_of(currency: str) -> int:
    """Digits after the point to write amounts with: whatever was kept is written, so that what nobody knows
    to have a minor unit has none.
    """
    return exponent_of(currency) if is_currency(currency) else 0


class Money(msgspec.Struct, frozen=True):
    """An amount in whole minor units of one currency. Source: I1"""

    minor: int
    currency: str

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")
        return other.minor

    def __add__(self, other: "Money") -> Self:
        return type(self)(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> Self:
        return type(self)(self.minor - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"

    def decimal(self) -> str:
        """The amount in whole units with as many digits after the point as the currency has: -12.99, 500."""
        digits = digits_of(self.currency)
        sign = "-" if self.minor < 0 else ""
        whole, rest = divmod(abs(self.minor), 10**digits)
        return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def half_up(numerator: int, denominator: int) -> int:
    """numerator ÷ denominator, rounded to the nearest whole number, halves up. Source: R-G6"""
    return (2 * numerator + denominator) // (2 * denominator)


def portion(total: int, part: int, whole: int) -> int:
    """What the first `part` of `whole` units cost when all cost `total`: total × part ÷ whole, half up.

    Differences of this function price units one by one without losing a minor unit. Source: R-G6
    """
    return half_up(total * part, whole)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """`total` divided by weight, largest remainder first, ties to the lower index; the shares sum to `total`.

    Equal shares where every weight is 0. Both `total` and the weights are ≥ 0. No share exceeds its weight
    while `total` does not exceed their sum. Raises: ValueError without weights or with a negative number.
    Source: I1
    """
    if not weights or total < 0 or min(weights) < 0:
        raise ValueError("splitting needs an amount of at least 0 and weights of at least 0")
    if total == 0:
        return [0] * len(weights)
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    products = [total * weight for weight in weights]
    shares = [product // whole for product in products]
    left = total - sum(shares)
    by_remainder = sorted(range(len(shares)), key=lambda index: (-(products[index] % whole), index))
    for index in by_remainder[:left]:
        shares[index] += 1
    return shares
