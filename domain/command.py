"""A command: what somebody asks the book to record, before any rule has been asked.

Ranges are checked where a command is built: `__post_init__` raises ValueError for a quantity of 0, a text too
long, an id of another kind. What depends on what has happened is checked by the decision, as a named refusal.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

LARGEST_AMOUNT = 2**53
"""Minor units; every whole number up to here survives any JSON reader."""
MOST_UNITS = 1_000_000_000
MOST_LINES = 5_000
LONGEST_NAME = 100
"""Characters of a sku, a reference, a channel, a method."""
LONGEST_TEXT = 2_000
"""Characters of a description."""
LONGEST_SEALED = 8_000
"""Characters of a sealed text; sealing makes a text longer."""


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
    """Minor units within `least` … 2^53. Raises: ValueError naming the field."""
    if not least <= amount <= LARGEST_AMOUNT:
        raise ValueError(f"{field} must be a whole amount of minor units from {least} to {LARGEST_AMOUNT}")


def expect_quantity(field: str, quantity: int) -> None:
    """Units from 1 upward. Raises: ValueError naming the field."""
    if not 1 <= quantity <= MOST_UNITS:
        raise ValueError(f"{field} must be a whole number from 1 to {MOST_UNITS}")


def expect_text(field: str, text: str | None, longest: int = LONGEST_NAME) -> None:
    """A text that says something, within its length; None where nothing is said. Raises: ValueError."""
    if text is not None and not 1 <= len(text) <= longest:
        raise ValueError(f"{field} must have 1 to {longest} characters")


class Addressed(Protocol):
    """Units of a line, as a command names them."""

    @property
    def line(self) -> int: ...
    @property
    def quantity(self) -> int: ...


def expect_parts(parts: Sequence[Addressed]) -> None:
    """Units from 1 upward, each line named once. Raises: ValueError."""
    if len(parts) > MOST_LINES:
        raise ValueError(f"parts must name at most {MOST_LINES} lines")
    if len({part.line for part in parts}) < len(parts):
        raise ValueError("parts must name each line once")
    for part in parts:
        expect_quantity("quantity", part.quantity)
