"""A refusal: the named fact that a command would have broken.

    Refusal
    └── one class per broken fact, beside the decision that raises it

A refusal carries typed fields and the id of the rule it upholds, never an HTTP status. The class
docstring is the cause in one sentence; `way_out` tells a customer-service person what to do next. The problem
pages are made from both.
"""

import re
from dataclasses import dataclass
from string import Formatter
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec

from domain.moments import rfc3339
from domain.money import Money

OnRecord = Annotated[str, msgspec.Meta(extra={"mark": "on_record"})]
"""An id that the record names, never the caller: a refusal shows it."""
EntryOnRecord = Annotated[int, msgspec.Meta(extra={"mark": "entry_on_record"})]
"""The position of the entry that stands in the way: a refusal leads there."""
NextStepsOf = Annotated[str, msgspec.Meta(extra={"mark": "next_steps_of"})]
"""The order whose next steps say what may be done instead: a refusal leads there."""


class WhereNone(NamedTuple):
    """What a refusal of too much says where there is nothing at all: "more than 0.00" is no cause."""

    of: str
    """The field that says how much there is."""
    cause: str
    way_out: str = ""
    """Empty where the refusal's own fits too."""


class _Counting(Formatter):
    """Says a count with what is counted, one of them or several, and a moment as requests write it."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "moment":
            return rfc3339(value)
        return f"{value} {format_spec}{'' if value == 1 else 's'}" if format_spec else str(value)


_COUNTING = _Counting()


@dataclass(eq=True, unsafe_hash=True)
class Refusal(Exception):
    """The command would break a rule of the house."""

    rule: ClassVar[str]
    """The id of the rule this refusal upholds: `I7`, `R-D2`, …"""
    way_out: ClassVar[str]
    """What the reader can do instead, in one or two sentences."""
    spoken: ClassVar[str] = ""
    """The cause of this very refusal; `{field}` stands for a figure, an amount, a count or a word of ours (a
    `Literal`), never for a text, which may be the caller's; `{field:day}` for so many days, or 1 day, and
    `{field:moment}` for a moment. Empty where the class docstring says it all.
    """
    where_none: ClassVar[WhereNone | None] = None
    """What it says instead where nothing is there; None where something always is."""

    @property
    def cause(self) -> str:
        """One sentence for the person at the counter, with this refusal's figures where they help."""
        none = self._none()
        if spoken := self.spoken if none is None else none.cause:
            return _COUNTING.vformat(spoken, (), vars(self))
        return " ".join((type(self).__doc__ or "").split())

    @property
    def advice(self) -> str:
        """What to do instead this time, where that depends on what it was about; else `way_out`."""
        none = self._none()
        return self.way_out if none is None else none.way_out or self.way_out

    def _none(self) -> WhereNone | None:
        if self.where_none is None:
            return None
        there = getattr(self, self.where_none.of)
        return None if (there.minor if isinstance(there, Money) else there) else self.where_none

    def __str__(self) -> str:
        return self.cause

    @classmethod
    def slug(cls) -> str:
        """The stable name in URLs: `ShipmentExceedsUnits` → `shipment-exceeds-units`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()
