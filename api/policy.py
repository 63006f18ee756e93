"""The policy: every edition adopted, and adopting another."""

from typing import Literal

from pydantic import Field
from starlette.responses import Response

from api.answers import Answer, Moment, Receipt
from api.bodies import Body, Writing
from api.call import Call, asked
from api.grammars import At
from api.paging import AsOfQuery
from api.permissions import Permission
from api.section import Section
from domain.policy import STREAM, AdoptedEdition, AdoptPolicy, Edition, Policy
from ledger.sealing import BOOK

policy = Section(
    "policy",
    "The merchant's rules as dated, whole editions; each decision quotes the one it was taken under.",
)


class EditionBody(Body):
    """A whole edition: every value the merchant may set."""

    guarantee_months: int = Field(ge=0, le=1_200, description="Calendar months of our money-back guarantee.")
    guarantee_starts: Literal["delivery", "order"] = Field(
        description="The day our guarantee is counted from."
    )
    supplier_days: int = Field(ge=0, le=36_500, description="Days in which the supplier takes a return back.")
    supplier_starts: Literal["delivery", "order"] = Field(
        description="The day the supplier's window is counted from."
    )
    bill_due_days: int = Field(
        ge=0, le=36_500, description="Days from issue to the last day a bill is paid in time."
    )
    backdating_days: int = Field(
        ge=0, le=36_500, description="Days back up to which anybody may enter what happened."
    )


class AdoptPolicyBody(Writing):
    """An edition to adopt."""

    edition: EditionBody
    effective_from: At | None = Field(default=None, description="When it takes effect; left out, now.")


class EditionAnswer(Answer):
    """An edition's values."""

    guarantee_months: int
    guarantee_starts: str
    supplier_days: int
    supplier_starts: str
    bill_due_days: int
    backdating_days: int


class AdoptedAnswer(Answer):
    """An edition in its place; entries quote its version as their `edition`."""

    version: int
    position: int
    effective_from: Moment
    reason: str | None
    edition: EditionAnswer


class PolicyAnswer(Answer):
    """Every edition adopted, in the order of adoption, and the one in force now."""

    version: int
    position: int
    in_force: int | None
    editions: list[AdoptedAnswer]


@policy.question("/v1/policy", Permission.READ, answers=PolicyAnswer)
async def show_policy(call: Call, query: AsOfQuery) -> Response:
    """Show every edition of the policy and which one is in force"""
    state, last = await call.found_as_of(STREAM, Policy, query.as_of_position)
    body = {
        "version": last.version,
        "position": last.position,
        "in_force": state.version_in_force(call.book.clock()),
        "editions": [await _adopted(call, adopted) for adopted in state.editions],
    }
    return call.answer(body, {"ETag": f'"{last.version}"'})


@policy.decision("/v1/policy", Permission.SET_POLICY, answers=Receipt, conditional=True)
async def adopt_policy(call: Call, body: AdoptPolicyBody) -> Response:
    """Adopt an edition of the policy

    A whole edition, never a single value. It takes effect now or later: what was promised before stays
    promised.
    """
    # One moment for both: an edition in force before its own adoption would be refused.
    now = body.effective_at or call.book.clock()
    command = asked(
        AdoptPolicy,
        edition=asked(Edition, **body.edition.model_dump()),
        effective_from=now if body.effective_from is None else body.effective_from,
        reason=None if body.reason is None else await call.seal(BOOK, "reason", body.reason),
    )
    at_that_moment = body.model_copy(update={"effective_at": now})
    return await call.decide(command, at_that_moment, subject=STREAM, stream=STREAM)


async def _adopted(call: Call, adopted: AdoptedEdition) -> dict[str, object]:
    shown = await call.reading.struct(adopted)
    return {name: shown[name] for name in ("version", "position", "effective_from", "reason", "edition")}
