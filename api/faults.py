"""What pydantic found wrong, as a problem that names places and never repeats what was sent there.

A place is named only as far as its members are ours: the name of an unknown member was typed by the caller,
too.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from api.grammars import CARD_NUMBER
from api.problems import CardNumberFound, Fault, Invalid, Problem

MOST = 20
"""Faults named at once."""


def problem_of(error: ValidationError, model: type[BaseModel], prefix: str = "/") -> Problem:
    """The problem a body (or, with the prefix "", a query) has that is not valid for that model."""
    ours = _member_names(model)
    found = error.errors(include_url=False, include_input=False, include_context=False)[:MOST]
    faults = tuple(Fault(_place(prefix, fault["loc"], ours), fault["msg"]) for fault in found)
    if any(fault["type"] == CARD_NUMBER for fault in found):
        return CardNumberFound(faults=faults)
    return Invalid(faults=faults)


def _place(prefix: str, location: tuple[int | str, ...], ours: frozenset[str]) -> str:
    known: list[str] = []
    for part in location:
        if isinstance(part, str) and part not in ours:
            break
        known.append(str(part))
    return prefix + "/".join(known) if known else ""


@cache
def _member_names(model: type[BaseModel]) -> frozenset[str]:
    """Every member name in the model's schema, at any depth."""
    return frozenset(_names_in(model.model_json_schema()))


def _names_in(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = cast(dict[str, Any], schema).get("properties")
        if isinstance(properties, dict):
            yield from cast(dict[str, Any], properties)
        for inner in cast(dict[str, object], schema).values():
            yield from _names_in(inner)
    elif isinstance(schema, list):
        for inner in cast(list[object], schema):
            yield from _names_in(inner)
