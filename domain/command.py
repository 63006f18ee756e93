"""A command: what somebody asks the book to record, before any rule has been asked.

Ranges are checked where a command is built: `__post_init__` raises `OutOfRange` for a quantity of 0 or a text
too long, ValueError for an id of another kind. What depends on what has happened is checked by the decision,
as a named refusal.
"""

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

LARGEST_AMOUNT = 2**53
"""Minor units; every whole number up to here survives any JSON reader."""
MOST_UNITS = 1_000_000_000
MOST_LINES = 5_000
LONGEST_NAME = 100
"""Characters of a sku, a reference, a channel, a method."""
LONGEST_TEXT = 2_000
"""Characters of a description."""
LARGEST_NOTICE = 1_500_000
"""Characters of a processor's notice, sealed: a body of 1 MiB and what sealing adds."""
LONGEST_SEALED = 8_000
"""Characters of a sealed text; sealing makes a text longer."""
_SPACE_OF_NAMES = re.compile(rf"[A-Za-z0-9_.-]{{1,{LONGEST_NAME}}}")


class OutOfRange(ValueError):
    """A field of a command that no history could make right; names the field, never what it held."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field} {expected}")
        self.field = field
        self.expected = expected
        """What the field must be, beginning with `must`."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks the book to record. Names beforehand every stream its decision touches."""

    def writes(self) -> tuple[str, ...]:
        """Streams the decision may append to, in no particular order."""
        raise NotImplementedError

    def reads(self) -> tuple[str, ...]:
        """Streams the decision only reads; `book` and `policy` are always read."""
        return ()

    def facts_of(self) -> str | None:
        """The customer whose history, over all streams, the decision asks about."""
        return None


def expect_amount(field: str, amount: int, least: int = 0) -> None:
    """Minor units within `least` … 2^53. Raises: OutOfRange."""
    if not least <= amount <= LARGEST_AMOUNT:
        raise OutOfRange(field, f"must be a whole amount of minor units from {least} to {LARGEST_AMOUNT}")


def expect_quantity(field: str, quantity: int) -> None:
    """Units from 1 upward. Raises: OutOfRange."""
    if not 1 <= quantity <= MOST_UNITS:
        raise OutOfRange(field, f"must be a whole number from 1 to {MOST_UNITS}")


def expect_text(field: str, text: str | None, longest: int = LONGEST_NAME) -> None:
    """A text that says something, within its length; None where nothing is said. Raises: OutOfRange."""
    if text is not None and not 1 <= len(text) <= longest:
        raise OutOfRange(field, f"must have 1 to {longest} characters")


def expect_space_of_names(field: str, text: str) -> None:
    """A channel or a processor: within one, references are unique. Claims are written `<it>/<reference>`, so
    that it holds no `/` itself. Raises: OutOfRange.
    """
    if _SPACE_OF_NAMES.fullmatch(text) is None:
        raise OutOfRange(field, f"must be 1 to {LONGEST_NAME} letters, digits and _ . -")


class Addressed(Protocol):
    """Units of a line, as a command names them."""

    @property
    def line(self) -> int: ...
    @property
    def quantity(self) -> int: ...


Units = TypeVar("Units", bound=Addressed)


def parts_by_line(parts: Sequence[Units]) -> tuple[Units, ...]:
    """The same parts in the order of their lines: in another order they say the same.

    Raises: OutOfRange unless each names units from 1 upward of another line.
    """
    if len(parts) > MOST_LINES:
        raise OutOfRange("parts", f"must name at most {MOST_LINES} lines")
    if len({part.line for part in parts}) < len(parts):
        raise OutOfRange("parts", "must name each line once")
    for part in parts:
        expect_quantity("quantity", part.quantity)
    return tuple(sorted(parts, key=lambda part: part.line))
