"""One walk through a struct's type, by the marks of its fields; what handles its values is made on the way.

Rendering and opening differ in what they make of a mark, an optional, a sequence and a mapping, and in
nothing else. The walk is done once per type: no value is ever inspected.
"""

from collections.abc import Callable
from typing import Generic, TypeVar, cast

import msgspec
from msgspec import inspect

Plan = TypeVar("Plan")
"""What handles the values of one type."""


class Ways(msgspec.Struct, Generic[Plan], frozen=True, kw_only=True):
    """How plans are made."""

    marked: Callable[[str], Plan | None]
    """Of a value with that mark; None if it needs no handling."""
    struct: Callable[[type[msgspec.Struct]], Plan | None]
    optional: Callable[[Plan], Plan]
    """Of that or null."""
    each: Callable[[Plan], Plan]
    """Of a sequence of those."""
    each_value: Callable[[Plan], Plan]
    """Of a mapping to those."""


def fields_to_handle(kind: type[msgspec.Struct], ways: Ways[Plan]) -> list[tuple[str, Plan]]:
    """The fields of a struct type that need handling, with their plans."""
    described = cast(inspect.StructType, inspect.type_info(kind))
    return [(it.name, plan) for it in described.fields if (plan := _plan(it.type, ways)) is not None]


def _plan(described: inspect.Type, ways: Ways[Plan]) -> Plan | None:
    match described:
        case inspect.Metadata(extra={"mark": str(mark)}):
            return ways.marked(mark)
        case inspect.Metadata(type=inner):
            return _plan(inner, ways)
        case inspect.StructType(cls=kind):
            return ways.struct(kind)
        case inspect.UnionType(types=members):
            plans = [plan for member in members if (plan := _plan(member, ways)) is not None]
            return _with(plans, ways.optional)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return _with([_plan(item, ways)], ways.each)
        case inspect.DictType(value_type=item):
            return _with([_plan(item, ways)], ways.each_value)
        case _:
            return None


def _with(plans: list[Plan] | list[Plan | None], way: Callable[[Plan], Plan]) -> Plan | None:
    if not plans:
        return None
    (only,) = plans  # a field is one kind of thing, or that or null
    return None if only is None else way(only)
