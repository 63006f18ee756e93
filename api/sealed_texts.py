"""Which texts in a struct of the domain are sealed, by the mark of their fields: all are opened at once."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import msgspec
from msgspec import inspect

Finder = Callable[[Any, list[str]], None]
"""Adds every sealed text in a value to a list."""


@cache
def sealed_finder(kind: type[msgspec.Struct]) -> Finder | None:
    """Finds the sealed texts of one struct type; None if it can hold none."""
    described = cast(inspect.StructType, inspect.type_info(kind))
    plans = [(field.name, plan) for field in described.fields if (plan := _finder_in(field.type)) is not None]
    if not plans:
        return None

    def find(value: Any, found: list[str]) -> None:
        for name, plan in plans:
            plan(getattr(value, name), found)

    return find


def _finder_in(described: inspect.Type) -> Finder | None:
    match described:
        case inspect.Metadata(extra={"mark": "sealed"}):
            return lambda value, found: found.append(value)
        case inspect.Metadata(type=inner):
            return _finder_in(inner)
        case inspect.StructType(cls=kind):
            return sealed_finder(kind)
        case inspect.UnionType(types=members):
            return _finder_if_present(members)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return _finder_each(_finder_in(item))
        case inspect.DictType(value_type=item):
            plan = _finder_each(_finder_in(item))
            return None if plan is None else lambda value, found: plan(value.values(), found)
        case _:
            return None


def _finder_if_present(members: tuple[inspect.Type, ...]) -> Finder | None:
    plans = [plan for member in members if (plan := _finder_in(member)) is not None]
    if not plans:
        return None
    (only,) = plans  # a field is one kind of thing, or that or null

    def find(value: Any, found: list[str]) -> None:
        if value is not None:
            only(value, found)

    return find


def _finder_each(plan: Finder | None) -> Finder | None:
    if plan is None:
        return None

    def find(value: Any, found: list[str]) -> None:
        for item in value:
            plan(item, found)

    return find
