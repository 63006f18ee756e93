"""The shapes of the description under names that generated clients can call them by.

A shape that stands where it is used is set apart once, under its title: `BalanceItem`, and `order.placed` as
`OrderPlaced`; what it was taken from refers to it. A page of items, which the library calls by its way of
writing generic types, is called by its title too: `BalancePage`.
"""

import re
from typing import Any, cast

from api.shapes import Shape

SCHEMAS = "#/components/schemas/"


class NamedTwice(Exception):
    """Two different shapes have one name; the description would mix them up."""


def set_apart(document: dict[str, Any]) -> None:
    """Give every titled shape of the document a place of its own, under its title. Raises: NamedTwice."""
    known: dict[str, Shape] = document["components"]["schemas"]
    called = {SCHEMAS + name: SCHEMAS + name_of(schema.get("title", name)) for name, schema in known.items()}
    moving = _Moving(called)
    document["paths"] = moving.moved(document["paths"])
    for name, schema in known.items():
        moving.moved({"title": name} | schema)
    document["components"]["schemas"] = dict(sorted(moving.apart.items()))


def name_of(title: str) -> str:
    """A title as the name of a component."""
    if "." not in title:
        return title
    return "".join(part.capitalize() for part in re.split(r"[._]", title))


class _Moving:
    """The shapes set apart so far, by name; `called` says how each reference reads from now on."""

    def __init__(self, called: dict[str, str]) -> None:
        self._called = called
        self.apart: dict[str, Shape] = {}

    def moved(self, value: Any) -> Any:
        """The value with a reference wherever a titled shape stood. Raises: NamedTwice."""
        if isinstance(value, list):
            return [self.moved(each) for each in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        shape = {key: self.moved(part) for key, part in cast("dict[str, Any]", value).items()}
        if isinstance(shape.get("$ref"), str):
            return shape | {"$ref": self._called.get(shape["$ref"], shape["$ref"])}
        if not (isinstance(shape.get("title"), str) and isinstance(shape.get("properties"), dict)):
            return shape
        name = name_of(shape["title"])
        if self.apart.setdefault(name, shape) != shape:
            raise NamedTwice(name)
        return {"$ref": SCHEMAS + name}
