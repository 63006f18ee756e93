"""Ranges as tests ask for them: what a command does not take, and how it says so."""

from collections.abc import Callable

import pytest

from domain.command import LONGEST_NAME, LONGEST_SEALED, OutOfRange
from tests.domain.examples import id_of

TOO_LONG = "x" * (LONGEST_NAME + 1)
TOO_LONG_SEALED = "x" * (LONGEST_SEALED + 1)

Built = Callable[..., object]
Row = tuple[Built, str, object]
"""What is built, which field of it, and with what in it."""


def expect_named(build: Built, field: str, value: object, named: str | None = None) -> None:
    """It is refused, and the error names the field, or the one said."""
    with pytest.raises(OutOfRange) as caught:
        build(**{field: value})
    assert caught.value.field == (named or field)
    assert caught.value.expected.startswith("must ")
    assert str(caught.value).startswith(f"{named or field} must ")


def expect_taken(build: Built, field: str, value: object) -> None:
    """It is taken as it is."""
    assert getattr(build(**{field: value}), field) == value


def expect_other_kind(build: Built, field: str) -> None:
    """An id of something else is refused there."""
    with pytest.raises(ValueError, match="expected"):
        build(**{field: id_of("prd")})
