"""What pydantic found wrong, as a problem that names places and never repeats what was sent there.

A place is named only as far as its members are ours: the name of an unknown member was typed by the caller,
too. It is answered with the place it was found in and the names that are taken there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from api.grammars import CARD_NUMBER, SENTENCES
from api.problems import CardNumberFound, Fault, Invalid, Problem

MOST = 20
"""Faults named at once."""

_WHOLE, _YES_OR_NO, _TEXT = "Should be a whole number", "Should be true or false", "Should be text"
SAID: Final[Mapping[str, str]] = {
    "missing": "Should be given",
    "model_type": "Should be an object with named members",
    "model_attributes_type": "Should be an object with named members",
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "string_too_long": "Should have at most {max_length} characters",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "greater_than_equal": "Should be at least {ge}",
    "less_than_equal": "Should be at most {le}",
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "list_type": "Should be a list",
    "too_short": "Should have at least {min_length} of them",
    "too_long": "Should have at most {max_length} of them",
}
"""What to say of each fault that the library finds, by its type."""
ELSE = "Should be as the description of this address says"
"""Of a fault that no body and no query of ours can have; a test holds that none does."""
OF_THE_LIBRARY: Final = frozenset(get_args(ErrorType))
_QUOTED = re.compile(r"'([^']*)'")


def problem_of(error: ValidationError, model: type[BaseModel], prefix: str = "/") -> Problem:
    """The problem a body (or, with the prefix "", a query) has that is not valid for that model."""
    ours = _member_names(model)
    found = error.errors(include_url=False, include_input=False)[:MOST]
    faults = tuple(_fault(fault, model, ours, prefix) for fault in found)
    if any(fault["type"] == CARD_NUMBER for fault in found):
        return CardNumberFound(faults=faults)
    return Invalid(faults=faults)


def said_of(error: ValidationError) -> str:
    """What is wrong first, without what was said."""
    return _said(error.errors(include_url=False, include_input=False)[0])


def _said(found: ErrorDetails) -> str:
    """What was found, in our words: the library would speak to whoever wrote the service."""
    figures = found.get("ctx", {})
    match found["type"]:
        case "string_pattern_mismatch":
            return SENTENCES[figures["pattern"]]
        case "literal_error":
            return f"Should be one of: {', '.join(_QUOTED.findall(figures['expected']))}"
        case kind if kind in SAID:
            return SAID[kind].format_map(figures)
        case kind:
            # Types that are not the library's are ours, and so are their sentences.
            return ELSE if kind in OF_THE_LIBRARY else found["msg"]


def _fault(found: ErrorDetails, model: type[BaseModel], ours: frozenset[str], prefix: str) -> Fault:
    match found:
        case {"type": "extra_forbidden", "loc": (*around, _)}:
            taken = ", ".join(_members(model, around))
            said = f"Takes no other {'members' if prefix else 'parameters'} than: {taken}"
            return Fault(_place(prefix, tuple(around), ours), said)
        case _:
            return Fault(_place(prefix, found["loc"], ours), _said(found))


def _members(model: type[BaseModel], location: Iterable[int | str]) -> list[str]:
    """The names taken at a place, in the order in which they are documented."""
    document = _schema(model)
    here = list(_shapes(document, document))
    for part in location:
        inside = [inner for shape in here if (inner := _inside(shape, part)) is not None]
        # A part that names none of ours is the tag of a union: it stays where it is.
        here = [shape for inner in inside for shape in _shapes(inner, document)] or here
    return list(dict.fromkeys(name for shape in here for name in shape.get("properties", {})))


def _inside(shape: dict[str, Any], part: int | str) -> dict[str, Any] | None:
    return shape.get("items") if isinstance(part, int) else shape.get("properties", {}).get(part)


def _shapes(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a schema may be: itself, what it refers to, each of its alternatives."""
    if "$ref" in schema:
        yield from _shapes(document["$defs"][schema["$ref"].rpartition("/")[2]], document)
    elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
        for one in alternatives:
            yield from _shapes(one, document)
    else:
        yield schema


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
    return frozenset(_names_in(_schema(model)))


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


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
