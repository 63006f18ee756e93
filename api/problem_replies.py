"""The one form in which every failure leaves the edge (RFC 9457 problem+json): a problem of the edge, a
refusal, or what the ledger could not do.

It says nothing that came in with the request, and never the text of an exception.
"""

from dataclasses import fields
from http import HTTPStatus
from typing import Any, Literal, get_origin, get_type_hints

import msgspec

from api.problems import (
    PAGES,
    PLACES,
    Busy,
    DatabaseUnavailable,
    EntryOfANewerRelease,
    Fault,
    InternalFault,
    Invalid,
    KeyBelongsToAnother,
    OutOfDate,
    Overloaded,
    PersonalDataErased,
    Problem,
    ProcessorSilent,
    ProjectionBuilding,
    ReadModelBehind,
    RebuildSwitches,
)
from api.render import money, rfc3339
from api.replies import PROBLEM_JSON, Reply
from domain.declines.decline_events import OnFile
from domain.moments import Day, Moment
from domain.money import Money
from domain.refusal import EntryOnRecord, NextStepsOf, OnRecord, Refusal
from ledger import errors
from ledger.sealing.sealer import NoSubjectKey


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every answer that is not a success."""

    type: str
    """The address of the page that explains this problem, relative to this server."""
    title: str
    """The cause in one sentence; the same for every occurrence."""
    status: int
    detail: str
    """What is the matter this time."""
    way_out: str
    """What to do instead."""
    see: str | None = None
    """The address of what stands in the way, of what was meant, or of what may be done instead."""
    rule: str | None = None
    """The rule of the house that was upheld, where a refusal is one."""
    figures: dict[str, Any] = {}
    """The numbers, amounts, days and moments of a refusal, by name: what is left, what is open.
    And what of the record it names, as the card that comes first.
    """
    errors: tuple[Fault, ...] = ()
    """Each fault by its place, where the content is invalid."""


FAILURES = (
    Problem,
    Refusal,
    errors.VersionMismatch,
    errors.KeyReused,
    errors.StreamBusy,
    errors.QueueFull,
    errors.Unavailable,
    errors.OutOfReach,
    errors.Unrecordable,
    errors.Undecodable,
    errors.ProjectionBuilding,
    errors.RowsBehind,
    errors.NoSuchEntry,
    NoSubjectKey,
)
"""What a request may end with instead of a receipt. Anything else is our fault: logged, and answered 500."""


def problem_reply(failure: Exception) -> Reply:
    """The answer to a request that failed this way; `failure` is one of FAILURES."""
    if isinstance(failure, Refusal):
        return _reply(_document_of_refusal(failure), {})
    problem = failure if isinstance(failure, Problem) else _problem_of(failure)
    document = ProblemDocument(
        type=PAGES + problem.slug(),
        title=problem.title(),
        status=problem.status,
        detail=problem.detail,
        way_out=problem.way_out,
        see=problem.see,
        errors=problem.faults,
    )
    return _reply(document, problem.headers)


def _document_of_refusal(refusal: Refusal) -> ProblemDocument:
    """A refusal as a problem: always 409, since what is recorded stands against the command."""
    kind = type(refusal)
    title = " ".join((kind.__doc__ or "").split())
    return ProblemDocument(
        type=PAGES + kind.slug(),
        title=title,
        status=HTTPStatus.CONFLICT,
        detail=refusal.cause,
        way_out=refusal.advice,
        see=_address(refusal.holder) if isinstance(refusal, errors.ClaimTaken) else _led_to(refusal),
        rule=refusal.rule,
        figures=_figures(refusal),
    )


def _address(stream: str) -> str | None:
    """Where a stream is read."""
    place = PLACES.get(stream.partition("_")[0])
    return None if place is None else place + stream


_LEADS_TO = {EntryOnRecord: "/v1/entries/{}", NextStepsOf: "/v1/orders/{}/next-steps"}
"""Where it is read what a refusal leads to, by the type of the field that names it."""


def _led_to(refusal: Refusal) -> str | None:
    """Where it is read what stands in the way, or what may be done instead, if the refusal names it."""
    hints = get_type_hints(type(refusal), include_extras=True)
    for field in fields(refusal):
        for kind, address in _LEADS_TO.items():
            if hints[field.name] == kind:
                return address.format(getattr(refusal, field.name))
    return None


def _figures(refusal: Refusal) -> dict[str, object]:
    """The refusal's numbers, days, moments, amounts, words of ours, and what of the record it names.

    Not its other texts and ids: they may be what the caller sent.
    """
    hints = get_type_hints(type(refusal), include_extras=True)
    told = ((field.name, getattr(refusal, field.name), hints[field.name]) for field in fields(refusal))
    return {name: _figure(value, hint) for name, value, hint in told if _is_figure(value, hint)}


_SHOWN = (Day, OnRecord, tuple[OnFile, ...])
"""Types of fields that never hold what the caller sent, nor anything sealed."""


def _is_figure(value: object, hint: object) -> bool:
    return isinstance(value, Money | int) or hint in _SHOWN or get_origin(hint) is Literal


def _figure(value: object, hint: object) -> object:
    match value:
        case Money():
            return money(value.minor, value.currency)
        case int() if hint == Moment:
            return rfc3339(value)
        case tuple():
            return msgspec.to_builtins(value)
        case _:
            return value


def _problem_of(failure: Exception) -> Problem:
    match failure:
        case errors.VersionMismatch():
            return OutOfDate(f"It is at version {failure.actual} now.")
        case errors.KeyReused():
            return KeyBelongsToAnother()
        case errors.StreamBusy():
            return Busy()
        case errors.QueueFull():
            return Overloaded(headers={"Retry-After": "1"})
        case errors.RebuildSwitching():
            return RebuildSwitches(headers={"Retry-After": "2"})
        case errors.Unavailable():
            return DatabaseUnavailable(headers={"Retry-After": "2"})
        case errors.OutOfReach():
            return ProcessorSilent(headers={"Retry-After": "2"})
        case errors.Unrecordable():
            return Invalid()
        case errors.Undecodable():
            return EntryOfANewerRelease(
                f"It is entry {failure.position} of the book.", headers={"Retry-After": "60"}
            )
        case errors.ProjectionBuilding():
            return ProjectionBuilding(
                f"So far {failure.done} of {failure.of} entries are folded.", headers={"Retry-After": "1"}
            )
        case errors.NoSuchEntry():
            return Invalid(faults=(Fault("min_position", "Should be an entry the book has"),))
        case errors.RowsBehind():
            return ReadModelBehind(
                f"It stands at entry {failure.position} now.", headers={"Retry-After": "1"}
            )
        case NoSubjectKey():
            return PersonalDataErased()
        case _:
            return InternalFault()


def _reply(document: ProblemDocument, headers: dict[str, str]) -> Reply:
    return Reply(document.status, msgspec.json.encode(document), headers, PROBLEM_JSON)
