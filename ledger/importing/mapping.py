"""What the columns of a foreign file mean: a TOML file beside it, the same for every kind of file.

`online_retail.toml` in this folder is the commented example; a file with its columns is read by it unasked.
"""

import re
import tomllib
from datetime import date
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec


class MappingFault(Exception):
    """The mapping file cannot be used; the message names the place in it and the way out."""


class Columns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which column of the file (by the name in its header) holds what."""

    order: str
    """The order's reference in the other system. Rows with the same reference are lines of one order."""
    sku: str
    quantity: str
    unit_price: str
    """Decimal text in major units: `6.95`."""
    date: str
    """When the order was placed; the earliest of its rows counts."""
    description: str | None = None
    customer: str | None = None
    """The customer's reference; where it is empty or no such column exists, a guest of that one order."""
    currency: str | None = None
    channel: str | None = None


class Fixed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file says nowhere because it is the same for every row."""

    currency: str | None = None
    channel: str = "import"
    """Orders and customers are unique by (channel, reference)."""
    zone: str = "UTC"
    """The zone of moments written without one."""
    date_format: str | None = None
    """A strptime format; without it, ISO 8601."""
    sku_case: Literal["as_is", "upper"] = "as_is"
    credit_notes: str | None = None
    """Documents whose whole reference matches this pattern are credit notes, with negative quantities."""
    adjustments: frozenset[str] = frozenset()
    """Skus that are no goods on a credit note: the customer is credited, and no order is looked for."""
    line_breaks: bool = False
    """A quoted cell may hold line breaks. Otherwise a row ends where its line ends."""
    apart: int = 2_000
    """Rows of one document may lie this many rows apart; further apart they count as a second document, which
    is refused because its reference is taken. A file sorted by time may be out of order within as many.
    """


class Drop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows that are no order lines, and why: one condition each; the first rule that applies counts."""

    reason: str
    column: str | None = None
    """The column that `matching`, `not_matching` or `any_of` looks at."""
    matching: str | None = None
    not_matching: str | None = None
    any_of: frozenset[str] | None = None
    price_below: int | None = None
    """Unit price in minor units, after rounding."""
    wrong_sign: bool = False
    """An order line with quantity ≤ 0, a credit-note line with quantity ≥ 0."""


class NewBook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The book this history belongs into, opened by the import if it does not exist yet."""

    name: str
    zone: str
    country: str
    cut_over: date
    """The first day that is no longer history."""


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one kind of file is read."""

    columns: Columns
    fixed: Fixed = Fixed()
    drop: tuple[Drop, ...] = ()
    book: NewBook | None = None


def load_mapping(text: str) -> Mapping:
    """The mapping a TOML text describes. Raises: MappingFault."""
    try:
        mapping = msgspec.convert(tomllib.loads(text), Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as fault:
        raise MappingFault(str(fault)) from fault
    _check(mapping)
    return mapping


def mapping_for(header: list[str]) -> Mapping:
    """The built-in mapping whose columns the header has. Raises: MappingFault if none fits."""
    built_in = load_mapping(files("ledger.importing").joinpath("online_retail.toml").read_text("utf-8"))
    if any(name not in header for name in named_columns(built_in)):
        raise MappingFault(
            f"no built-in mapping fits the columns {', '.join(header)}: describe them in a mapping file "
            "(see docs/importing.md) and pass it with --mapping"
        )
    return built_in


def named_columns(mapping: Mapping) -> set[str]:
    """Every column name the mapping speaks of."""
    chosen = msgspec.structs.astuple(mapping.columns)
    return {name for name in (*chosen, *(rule.column for rule in mapping.drop)) if name is not None}


def _check(mapping: Mapping) -> None:
    fixed = mapping.fixed
    if mapping.columns.currency is None and fixed.currency is None:
        raise MappingFault("say `currency` under [fixed], or which column holds it under [columns]")
    if fixed.apart < 1:
        raise MappingFault("`apart` under [fixed] is a number of rows, at least 1")
    try:
        ZoneInfo(fixed.zone)
    except (KeyError, ValueError) as unknown:
        raise MappingFault(f"`zone` under [fixed]: no time zone is called {fixed.zone}") from unknown
    patterns = [fixed.credit_notes]
    for rule in mapping.drop:
        _check_drop(rule)
        patterns += [rule.matching, rule.not_matching]
    for pattern in patterns:
        try:
            re.compile(pattern or "")
        except re.error as fault:
            raise MappingFault(f"the pattern {pattern} is not a regular expression: {fault}") from fault


def _check_drop(rule: Drop) -> None:
    looks = sum(said is not None for said in (rule.matching, rule.not_matching, rule.any_of))
    others = (rule.price_below is not None) + rule.wrong_sign
    if looks + others != 1 or (rule.column is not None) != (looks == 1):
        raise MappingFault(
            f"[[drop]] {rule.reason}: one of `column` with `matching`, `not_matching` or `any_of`, "
            "or `price_below`, or `wrong_sign`"
        )
