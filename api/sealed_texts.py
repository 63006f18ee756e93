"""Which texts in a struct of the domain are sealed, by the mark of their fields: all are opened at once."""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from api.marks import Ways, fields_to_handle

Finder = Callable[[Any, list[str]], None]
"""Adds every sealed text in a value to a list."""


@cache
def sealed_finder(kind: type[msgspec.Struct]) -> Finder | None:
    """Finds the sealed texts of one struct type; None if it can hold none."""
    plans = fields_to_handle(kind, _WAYS)
    if not plans:
        return None

    def find(value: Any, found: list[str]) -> None:
        for name, plan in plans:
            plan(getattr(value, name), found)

    return find


def _marked(mark: str) -> Finder | None:
    return (lambda value, found: found.append(value)) if mark == "sealed" else None


def _optional(plan: Finder) -> Finder:
    def find(value: Any, found: list[str]) -> None:
        if value is not None:
            plan(value, found)

    return find


def _each(plan: Finder) -> Finder:
    def find(value: Any, found: list[str]) -> None:
        for item in value:
            plan(item, found)

    return find


def _each_value(plan: Finder) -> Finder:
    each = _each(plan)
    return lambda value, found: each(value.values(), found)


_WAYS = Ways[Finder](
    marked=_marked, struct=sealed_finder, optional=_optional, each=_each, each_value=_each_value
)
