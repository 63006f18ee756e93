"""Money: no minor unit is lost, none is invented, and currencies do not mix. Source: I1, R-G6"""

import pytest
from hypothesis import given, strategies

from domain.money import (
    CurrencyMismatch,
    Money,
    exponent_of,
    half_up,
    is_currency,
    portion,
    split,
)

amounts = strategies.integers(0, 2**53)
weights = strategies.lists(strategies.integers(0, 10**9), min_size=1, max_size=40)


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_minor_units_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert exponent_of(currency) == digits


@pytest.mark.parametrize("currency", ["XXX", "XAU", "usd", "", "EURO", "DEM"])
def test_what_has_no_minor_unit_is_no_currency(currency: str) -> None:
    assert not is_currency(currency)


@pytest.mark.parametrize(("currency", "digits"), [("HRK", 2), ("BGN", 2), ("EEK", 2), ("BYR", 0)])
def test_what_was_a_currency_still_reads_as_one(currency: str, digits: int) -> None:
    """Ask only today's list → a book of last year cannot be read after an upgrade, and this fails."""
    assert is_currency(currency)
    assert exponent_of(currency) == digits


def test_amounts_of_one_currency_add_up_and_compare() -> None:
    assert Money(68_00, "USD") + Money(7_95, "USD") == Money(75_95, "USD")
    assert Money(75_95, "USD") - Money(7_95, "USD") == Money(68_00, "USD")
    assert Money(-1, "USD") < Money(1, "USD") <= Money(1, "USD")
    assert Money(2, "USD") > Money(1, "USD") >= Money(1, "USD")


@pytest.mark.parametrize(
    "mix", [Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__]
)
def test_mixing_currencies_raises(mix: object) -> None:
    assert callable(mix)
    with pytest.raises(CurrencyMismatch, match="EUR and USD do not mix"):
        mix(Money(1, "EUR"), Money(1, "USD"))


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(7595, "USD"), "75.95 USD"),
        (Money(-5, "USD"), "-0.05 USD"),
        (Money(100, "JPY"), "100 JPY"),
        (Money(1, "KWD"), "0.001 KWD"),
        (Money(1000, "BGN"), "10.00 BGN"),
        (Money(-1000, "USDC"), "-1000 USDC"),
    ],
)
def test_an_amount_reads_as_a_price(money: Money, text: str) -> None:
    assert str(money) == text


@pytest.mark.parametrize(("numerator", "rounded"), [(4, 0), (5, 1), (14, 1), (15, 2), (25, 3)])
def test_halves_round_up(numerator: int, rounded: int) -> None:
    assert half_up(numerator, 10) == rounded


@given(amounts, weights)
def test_a_split_loses_no_minor_unit(total: int, by: list[int]) -> None:
    # Leave out the remainders in `split` → this fails.
    shares = split(total, by)
    assert sum(shares) == total
    assert all(share >= 0 for share in shares)


@given(amounts, weights)
def test_a_share_is_its_weight_rounded_up_or_down(total: int, by: list[int]) -> None:
    whole = sum(by)
    if whole:
        for share, weight in zip(split(total, by), by, strict=True):
            assert total * weight // whole <= share <= total * weight // whole + 1


@given(weights, strategies.integers(0, 2**53))
def test_no_share_exceeds_its_weight_while_the_total_does_not(by: list[int], total: int) -> None:
    total = min(total, sum(by))
    if total:
        assert all(share <= weight for share, weight in zip(split(total, by), by, strict=True))


def test_ties_go_to_the_lower_index() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(2, [1, 1, 1, 1]) == [1, 1, 0, 0]


def test_the_largest_remainder_comes_first() -> None:
    assert split(10, [1, 2, 4]) == [1, 3, 6]  # 1.43, 2.86, 5.71: the last two have the largest remainders


def test_where_nothing_weighs_anything_all_weigh_the_same() -> None:
    assert split(5, [0, 0]) == [3, 2]


@pytest.mark.parametrize(("total", "by"), [(1, []), (-1, [1]), (1, [2, -1])])
def test_nothing_negative_is_split(total: int, by: list[int]) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        split(total, by)


@given(amounts, strategies.integers(1, 10**6), strategies.data())
def test_portions_grow_to_the_whole(total: int, whole: int, data: strategies.DataObject) -> None:
    part = data.draw(strategies.integers(1, whole))
    assert portion(total, 0, whole) == 0
    assert portion(total, part - 1, whole) <= portion(total, part, whole)
    assert portion(total, whole, whole) == total


def test_amounts_are_compared_strictly() -> None:
    one, two = Money(1, "USD"), Money(2, "USD")
    assert (one < two, one > two, one < one, one > one) == (True, False, False, False)
    assert (one <= one, one >= one, two <= one, one >= two) == (True, True, False, False)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(0, "USD", "0.00"), (1, "USD", "0.01"), (-1, "USD", "-0.01"), (-500, "JPY", "-500"), (0, "JPY", "0")],
)
def test_an_amount_is_told_in_whole_units(minor: int, currency: str, text: str) -> None:
    assert Money(minor, currency).decimal() == text
