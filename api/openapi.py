"""The API's description: what FastAPI reads from the signatures, plus the conventions every route shares.

python -m api.openapi > openapi.json        the committed file; a test holds the two against each other
"""

import json
import sys
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec.json import schema_components
from pydantic import BaseModel

from api.components import SCHEMAS, set_apart
from api.examples import EXAMPLES
from api.grammars import EXAMPLE_SUFFIX
from api.problem_replies import ProblemDocument
from api.problems import (
    BodyTooLarge,
    Busy,
    CardNumberFound,
    DatabaseUnavailable,
    InternalFault,
    Invalid,
    KeyBelongsToAnother,
    KeyMalformed,
    KeyMissing,
    MalformedJson,
    NobodyActedFor,
    NotAcceptable,
    NotFound,
    NotPermitted,
    OutOfDate,
    Overloaded,
    PersonalDataErased,
    Problem,
    ProjectionBuilding,
    ReadModelBehind,
    RebuildSwitches,
    SignatureRefused,
    Unauthenticated,
    WrongMediaType,
)
from api.section import Declared, Section
from domain.stored_types import STORED_TYPES

PROBLEM_SCHEMA = "ProblemDocument"

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Names this wish. The same key with the same body again records nothing new "
    "and gets the same receipt, with `Idempotent-Replayed: true`; another body is refused. "
    "A key belongs to the person who sends it; the same one of somebody else is another wish.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:/+=-]{1,128}$"},
    "example": "order-10342-payment-1",
}
_DRY_RUN = {
    "name": "dry_run",
    "in": "query",
    "required": False,
    "description": "Decide and answer, but record nothing: 200, or the refusal it would have been. With "
    "`Idempotent-Replayed: true` what is said is on record already, and the entries are those that say so.",
    "schema": {"type": "string", "enum": ["true", "false"], "default": "false"},
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag you saw: the request counts only if nothing has changed since. Of several, in a "
    "list, one is to match; `*` matches whatever there is.",
    "schema": {"type": "string"},
    "example": '"3"',
}
_ON_BEHALF_OF = {
    "name": "On-Behalf-Of",
    "in": "header",
    "required": False,
    "description": "With a service's key: the registered person it acts for, whose role then counts.",
    "schema": {"type": "string"},
    "example": f"per_{EXAMPLE_SUFFIX}",
}

_SIGNATURE = {
    "name": "Stripe-Signature",
    "in": "header",
    "required": True,
    "description": "HMAC-SHA256 over the moment and the body as sent, with the endpoint's secret.",
    "schema": {"type": "string"},
    "example": "t=1492774577,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
}

_ALWAYS: tuple[type[Problem], ...] = (
    Unauthenticated,
    NotPermitted,
    NotFound,
    NotAcceptable,
    Invalid,
    DatabaseUnavailable,
    InternalFault,
)
_SENDING: tuple[type[Problem], ...] = (
    MalformedJson,
    NobodyActedFor,
    Busy,
    BodyTooLarge,
    WrongMediaType,
    Overloaded,
)
_WRITING: tuple[type[Problem], ...] = (
    *_SENDING,
    KeyMissing,
    KeyMalformed,
    PersonalDataErased,
    CardNumberFound,
    KeyBelongsToAnother,
)
_SIGNED: tuple[type[Problem], ...] = (
    SignatureRefused,
    MalformedJson,
    NotFound,
    Busy,
    BodyTooLarge,
    WrongMediaType,
    Invalid,
    Overloaded,
    DatabaseUnavailable,
    InternalFault,
)
_READING_ROWS: tuple[type[Problem], ...] = (ProjectionBuilding, ReadModelBehind)
_TICKING: tuple[type[Problem], ...] = (RebuildSwitches, *_READING_ROWS)
_REFUSED = "A rule of the house stands against it; `type` says which."


def operation(declared: Declared) -> dict[str, Any]:
    """What FastAPI's route is told about an endpoint beside its signature."""
    name = declared.endpoint.__name__
    summary, _, rest = (declared.endpoint.__doc__ or "").strip().partition("\n")
    if declared.signed:
        return _signed_operation(declared, summary, rest)
    parameters = [_ON_BEHALF_OF]
    if declared.decides:
        parameters += [_KEY, _DRY_RUN]
    if declared.conditional:
        parameters += [_IF_MATCH]
    extra: dict[str, Any] = {"parameters": parameters, "security": [{"key": []}]}
    if declared.decides:
        extra["requestBody"] = {"content": {"application/json": {"example": EXAMPLES[name]}}}
    return {
        "operation_id": name,
        "summary": summary,
        "description": " ".join(rest.split()) + f"\n\nPermission: `{declared.permission}`.",
        "responses": _responses(declared),
        "openapi_extra": extra,
    }


def _signed_operation(declared: Declared, summary: str, rest: str) -> dict[str, Any]:
    """The same of an endpoint at which a processor tells us something."""
    body = {"schema": {"type": "object", "description": "As the processor signed it."}}
    return {
        "operation_id": declared.endpoint.__name__,
        "summary": summary,
        "description": " ".join(rest.split()) + "\n\nNo API key: the signature says who sends it.",
        "responses": {
            int(status): _problem_response([it.title() for it in _SIGNED if it.status == status])
            for status in sorted({problem.status for problem in _SIGNED})
        },
        "openapi_extra": {
            "parameters": [_SIGNATURE],
            "security": [],
            "requestBody": {"required": True, "content": {"application/json": body}},
        },
    }


def description(app: FastAPI, sections: tuple[Section, ...]) -> dict[str, Any]:
    """The whole document, in the order the routes are declared."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=[{"name": section.tag, "description": section.description} for section in sections],
    )
    _, schemas = schema_components([ProblemDocument], ref_template=SCHEMAS + "{name}")
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas)
    components["securitySchemes"] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key; it names its book and its person.",
        }
    }
    set_apart(document)
    return document


def _responses(declared: Declared) -> dict[int | str, dict[str, Any]]:
    """Every answer beside the body of success, which FastAPI reads from the route."""
    responses: dict[int | str, dict[str, Any]] = {}
    problems = [*_ALWAYS]
    if declared.decides:
        problems += _WRITING
        responses[declared.status] = {"headers": _receipt_headers()}
        responses[200] = {
            "description": "What would have been recorded (dry run).",
            "content": {"application/json": {"schema": {"$ref": SCHEMAS + declared.answers.__name__}}},
        }
    if declared.escalates:
        responses[202] = {
            "description": "Taken down; it waits for somebody else's decision.",
            "headers": _receipt_headers(),
            "content": {"application/json": {"schema": {"$ref": SCHEMAS + declared.answers.__name__}}},
        }
    if declared.repeatable:
        problems += (*_SENDING, *_TICKING)
        responses[200] = {"headers": {"Ledger-Position": _receipt_headers()["Ledger-Position"]}}
    if declared.streams:
        responses[200] = {"content": {"text/event-stream": {"itemSchema": _sent(declared.answers)}}}
    if declared.flat:
        responses[200] = {
            "content": {"text/csv": {"schema": {"type": "string"}, "example": "id,status\n"}},
        }
    if declared.lists_rows:
        problems += _READING_ROWS
        responses[200]["headers"] = _rows_headers()
    if declared.conditional:
        problems += [OutOfDate]
    for status in sorted({problem.status for problem in problems}):
        causes = [problem.title() for problem in problems if problem.status == status]
        if status == HTTPStatus.CONFLICT:
            causes.insert(0, _REFUSED)
        responses[int(status)] = _problem_response(causes)
    return responses


def _problem_response(causes: list[str]) -> dict[str, Any]:
    return {
        "description": " ".join(causes),
        "content": {"application/problem+json": {"schema": {"$ref": SCHEMAS + PROBLEM_SCHEMA}}},
    }


def _sent(answers: type[BaseModel]) -> dict[str, Any]:
    """One server-sent event, as the Media Type Object of OpenAPI 3.2 describes those of a stream.

    FastAPI says it so too, of streams that it makes itself, whatever the document's version.
    """
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": SCHEMAS + answers.__name__},
    }
    return {
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "The entry's position."},
            "event": {"type": "string", "enum": list(STORED_TYPES), "description": "The entry's type."},
            "data": data,
        },
        "required": ["id", "event", "data"],
        "additionalProperties": False,
    }


def _receipt_headers() -> dict[str, Any]:
    return {
        "Ledger-Position": {
            "description": "Position of the last entry recorded; of a dry run only where it is on record.",
            "schema": {"type": "integer"},
        },
        "ETag": {
            "description": "The subject's version now; of a dry run only where it is on record.",
            "schema": {"type": "string"},
        },
        "Idempotent-Replayed": {
            "description": "`true` where nothing new was recorded (in a dry run: would be): the key was used "
            "before, or what is said is on record; this is the receipt of then.",
            "schema": {"type": "string"},
        },
        "Location": {
            "description": "Where the subject is read; of a dry run only where it is on record.",
            "schema": {"type": "string"},
        },
    }


def _rows_headers() -> dict[str, Any]:
    return {
        "Ledger-Position": {
            "description": "Up to which entry the rows count; also `as_of_position`.",
            "schema": {"type": "integer"},
        },
        "Link": {"description": "The next page, where there is one.", "schema": {"type": "string"}},
    }


def document_text(document: dict[str, Any]) -> str:
    """The document as it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Print the document."""
    from api.app import create_app  # here: the application needs this module to be made
    from ledger.composition import Ledger

    sys.stdout.write(document_text(create_app(Ledger("", bytes(32))).openapi()))


if __name__ == "__main__":
    main()
