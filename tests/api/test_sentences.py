"""What is wrong with a request is said in our words, whoever found it."""

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ValidationError

from api.faults import OF_THE_LIBRARY, SAID, problem_of
from api.problems import Invalid
from api.route import Route

FOUND_BY = {
    "any": (),
    "bool": ("bool_type", "bool_parsing"),
    "int": ("int_type", "int_parsing", "int_parsing_size", "int_from_float"),
    "str": ("string_type", "string_unicode"),
    "list": ("list_type",),
    "literal": ("literal_error",),
    "model": ("model_type", "model_attributes_type"),
    "model-fields": ("missing", "extra_forbidden"),
    "ge": ("greater_than_equal",),
    "le": ("less_than_equal",),
    "pattern": ("string_pattern_mismatch",),
    ("str", "max_length"): ("string_too_long",),
    ("list", "max_length"): ("too_long",),
    ("list", "min_length"): ("too_short",),
}
"""The faults that the library finds in each kind of schema, and for each bound."""
SAID_APART = {"literal_error", "extra_forbidden", "string_pattern_mismatch"}
"""Those whose sentence takes more than the figures of the fault."""
THROUGH = {
    *("default", "definition-ref", "definitions", "function-after", "function-before", "function-plain"),
    *("model-field", "no-info", "nullable"),
}
"""Kinds of schema that find nothing themselves, or find what is ours."""
BOUNDS = {"ge", "le", "gt", "lt", "max_length", "min_length", "pattern", "multiple_of"}

NONSENSE: tuple[object, ...] = (
    *(None, True, -1, 2**70, 1.5, "", " ", "nonsense", "x" * 3_000, "4242424242424242", "\ud800"),
    *([], [None], [{}], ["x"] * 6_000, {}, {"nonsense": 1}),
)


def models(app: FastAPI) -> list[type[BaseModel]]:
    """Every body and every query."""
    routes = [route for route in app.routes if isinstance(route, Route)]
    found = [model for route in routes for model in route.models()]
    assert len(found) > 90
    return found


def test_every_fault_a_body_or_a_query_can_have_has_a_sentence_of_ours(app: FastAPI) -> None:
    # Take a line out of SAID, or give a body a kind of member it had not → this fails.
    schemas = [model.__pydantic_core_schema__ for model in models(app)]
    possible = {fault for schema in schemas for fault in faults_in(schema)}
    assert possible - SAID_APART <= SAID.keys()
    assert possible <= OF_THE_LIBRARY


def faults_in(schema: object) -> Iterator[str]:
    """The types of the faults that the library may find by a schema."""
    if isinstance(schema, list | tuple):
        for inner in cast("list[object]", schema):
            yield from faults_in(inner)
    if not isinstance(schema, dict):
        return
    described = cast("dict[str, Any]", schema)
    kind = described.get("type")
    if isinstance(kind, str):
        assert kind in THROUGH or kind in FOUND_BY, f"what the library finds in a {kind} has no sentence"
        yield from FOUND_BY.get(kind, ())
        for bound in BOUNDS & described.keys():
            yield from FOUND_BY[(kind, bound) if (kind, bound) in FOUND_BY else bound]
    for name, inner in described.items():
        if name not in ("metadata", "serialization"):
            yield from faults_in(inner)


@pytest.mark.parametrize("nonsense", NONSENSE, ids=repr)
def test_whatever_is_sent_is_answered_in_our_words(app: FastAPI, nonsense: object) -> None:
    # Answer what the library says → this fails: "Input should be a valid string".
    for model in models(app):
        for prefix in ("/", ""):
            for sent in (nonsense, dict.fromkeys(model.model_fields, nonsense)):
                for said in details(model, sent, prefix):
                    assert re.fullmatch(r"(Should [a-z]+|Takes no other|Holds what looks) .*", said), said
                    assert "valid" not in said
                    assert "nput" not in said


def details(model: type[BaseModel], sent: object, prefix: str) -> list[str]:
    """What is said to be wrong with it."""
    try:
        model.model_validate(sent)
    except ValidationError as error:
        return [fault.detail for fault in problem_of(error, model, prefix).faults]
    except Invalid as invalid:
        return [fault.detail for fault in invalid.faults]
    return []
