"""The policy: every edition adopted, and adopting another."""

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema
from starlette.responses import Response

from api.answers import Answer, Moment, Receipt
from api.bodies import Writing
from api.call import Call, asked
from api.grammars import At
from api.paging import AsOfQuery
from api.permissions import Permission
from api.problems import Fault, Invalid
from api.section import Section
from api.shapes import shape_of
from domain.book.policy import STREAM, AdoptedEdition, AdoptPolicy, Edition, Policy
from domain.book.reading_editions import NotAnEdition, read_edition

policy = Section(
    "policy",
    "The merchant's rules as dated, whole editions; each decision quotes the one it was taken under.",
)


_SCHEMA = shape_of(Edition)


def _read_edition(value: object) -> Edition:
    """A whole edition of exactly the domain's values, each in its range.

    Raises: Invalid, which names each value that is wrong; the library would point at the edition as a whole.
    """
    try:
        return read_edition(value)
    except NotAnEdition as wrong:
        raise Invalid(faults=tuple([_fault(place, must) for place, must in wrong.found])) from None


def _fault(place: tuple[str, ...], must: str) -> Fault:
    return Fault("/".join(("/edition", *place)), must.replace("must", "Should", 1))


class AdoptPolicyBody(Writing):
    """An edition to adopt."""

    edition: Annotated[Edition, PlainValidator(_read_edition), WithJsonSchema(_SCHEMA)]
    effective_from: At | None = Field(default=None, description="When it takes effect; left out, now.")


class AdoptedAnswer(Answer):
    """An edition in its place; entries quote its version as their `edition`."""

    version: int
    position: int
    effective_from: Moment
    reason: str | None
    edition: Annotated[dict[str, Any], WithJsonSchema(shape_of(Edition))]


class PolicyAnswer(Answer):
    """Every edition adopted, in the order of adoption, and the one in force: now, or as of the entry."""

    version: int
    position: int
    in_force: int | None
    editions: list[AdoptedAnswer]


@policy.question("/v1/policy", Permission.READ, answers=PolicyAnswer)
async def show_policy(call: Call, query: AsOfQuery) -> Response:
    """Show every edition of the policy and which one is in force"""
    state, last = await call.found_as_of(STREAM, Policy, query.at)
    body = {
        "version": last.version,
        "position": last.position,
        "in_force": state.version_in_force(await call.moment_at(query.at)),
        "editions": [await _adopted(call, adopted) for adopted in state.editions],
    }
    return call.answer(body, {"ETag": f'"{last.version}"'})


@policy.decision("/v1/policy", Permission.SET_POLICY, answers=Receipt, conditional=True)
async def adopt_policy(call: Call, body: AdoptPolicyBody) -> Response:
    """Adopt an edition of the policy

    A whole edition, never a single value. It takes effect now or later: what was promised before stays
    promised.
    """
    command = asked(AdoptPolicy, edition=body.edition, effective_from=body.effective_from)
    return await call.decide(command, body, subject=STREAM, stream=STREAM)


async def _adopted(call: Call, adopted: AdoptedEdition) -> dict[str, object]:
    shown = await call.reading.struct(adopted)
    return {name: shown[name] for name in ("version", "position", "effective_from", "reason", "edition")}
