"""An edition somebody wrote down: whole and in range, or told value by value what is wrong with it."""

from typing import Any

import msgspec
import pytest

from domain.book.default_edition import DEFAULT_EDITION
from domain.book.policy import MINOR_UNITS, RANGES, Edition
from domain.book.reading_editions import NotAnEdition, read_edition

WRITTEN: dict[str, Any] = msgspec.to_builtins(DEFAULT_EDITION)


def wrong_with(written: object) -> dict[str, str]:
    """What must be otherwise, by its place."""
    with pytest.raises(NotAnEdition) as refused:
        read_edition(written)
    return {".".join(place): must for place, must in refused.value.found}


def test_what_was_written_down_is_read_again() -> None:
    assert read_edition(WRITTEN) == DEFAULT_EDITION


@pytest.mark.parametrize("name", RANGES)
def test_a_number_is_in_its_range_to_the_last_one(name: str) -> None:
    # Compare with < instead of <= → this fails.
    least, most = RANGES[name]
    for value in (least, most):
        assert getattr(read_edition(WRITTEN | {name: value}), name) == value
    for value in (least - 1, most + 1):
        assert wrong_with(WRITTEN | {name: value}) == {name: f"must be from {least} to {most}"}


def test_amounts_are_minor_units_of_currencies_that_exist() -> None:
    largest = {"EUR": 2**53, "USD": 0}
    assert read_edition(WRITTEN | {"keep_under": largest}).keep_under == largest
    for amounts in (
        {"EUR": 2**53 + 1},
        {"EUR": -1},
        {"EURO": 1},
        {"EUR": "1"},
        {"USD": 1, "EUR": -1},
        25,
        None,
    ):
        assert wrong_with(WRITTEN | {"keep_under": amounts}) == {"keep_under": f"must be {MINOR_UNITS}"}
    limits = WRITTEN["agent_limits"] | {"per_day": {"EUR": -1}}
    assert wrong_with(WRITTEN | {"agent_limits": limits}) == {
        "agent_limits.per_day": f"must be {MINOR_UNITS}"
    }


def test_a_value_of_another_kind_is_told_what_it_must_be() -> None:
    assert wrong_with(WRITTEN | {"release_days": 1.5, "supplier_starts": "never", "agent_limits": []}) == {
        "release_days": "must be a whole number",
        "supplier_starts": "must be one of: delivery, order",
        "agent_limits": "must be an object with named values",
    }


def test_all_that_is_wrong_is_told_in_one_line() -> None:
    with pytest.raises(NotAnEdition) as refused:
        read_edition(WRITTEN | {"supplier_days": 1.5, "supplier_starts": "never"})
    said = "supplier_days must be a whole number; supplier_starts must be one of: delivery, order"
    assert str(refused.value) == said


def test_every_value_that_is_missing_is_named_and_one_that_is_ours_not() -> None:
    fields = Edition.__struct_fields__
    assert wrong_with({}) == dict.fromkeys(fields, "must be given")
    (said,) = wrong_with(WRITTEN | {"secret": 1}).items()
    assert said == ("", f"must have no other values than: {', '.join(fields)}")
    assert "the edition must have no other values" in str(NotAnEdition((((), said[1]),)))
    assert wrong_with("guarantee_months") == {"": "must be an object with named values"}
