"""The read models themselves: which there are, and how far each is behind its book."""

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import Field
from starlette.responses import Response

from api.answers import Answer, Page
from api.call import Call
from api.explanations import ExplainFigureQuery, FigureExplanationAnswer, explained_by_deltas
from api.permissions import Permission
from api.problems import Fault, Invalid, NotFound
from api.section import Section
from ledger.projecting.cursors import Lag
from ledger.projecting.explain import NotAFigure, NotAKey, figures_of, key_in, key_told
from ledger.projecting.read_models import ReadModels
from projections.catalogue import PROJECTIONS
from projections.projection import AnyProjection

projections = Section("projections", "The read models behind lists and balances, and how current they are.")

NameInPath = Annotated[str, Path(max_length=63, description="As `/v1/projections` names it.")]
Status = Literal["building", "current", "behind", "stopped"]


class BuildAnswer(Answer):
    """How far building has come."""

    entries: int
    of: int


class ProjectionAnswer(Answer):
    """One read model of the book."""

    name: str
    version: int
    question: str = Field(description="What it answers.")
    key: list[str] = Field(description="The parts of a row's key, in their order, as `/explain` takes them.")
    own_id: str | None = Field(description="The part that names a row by itself; null: the first ones do.")
    figures: list[str] = Field(description="The columns that `/explain` explains.")
    status: Status = Field(description="`stopped`: it waits for somebody to mend the cause.")
    position: int | None = Field(description="Up to which entry it has read; null before it is built.")
    head: int = Field(description="The book's last entry.")
    lag_entries: int
    lag_milliseconds: int = Field(description="Since the first entry it has not read was recorded.")
    parked: int = Field(description="Groups of rows that stand still at an entry they could not fold.")
    building: BuildAnswer | None


@projections.question("/v1/projections", Permission.READ, answers=Page[ProjectionAnswer])
async def list_projections(call: Call) -> Response:
    """List the read models, and how far each is behind the book"""
    models = call.book.read_models
    items = [
        _shown(projection, lag, models)
        for projection, lag in zip(PROJECTIONS, await models.lags(), strict=True)
    ]
    return call.answer({"items": items, "next": None, "has_more": False})


@projections.question(
    "/v1/projections/{projection}/explain", Permission.READ, answers=FigureExplanationAnswer, flat=True
)
async def explain_figure(
    call: Call, projection: NameInPath, query: Annotated[ExplainFigureQuery, Query()]
) -> Response:
    """Explain a figure of a read model by the entries that made it

    As `makegood projections explain` does: folded from the entries at this moment, so never behind them, and
    the slower the more there are, unless the key names a customer or an order.
    """
    model = next((each for each in PROJECTIONS if each.name == projection), None)
    if model is None:
        raise NotFound
    try:
        key = key_in(model, query.key)
        found = await call.book.read_models.explain(model, key, query.column, query.at)
    except NotAKey as error:
        raise Invalid(faults=(Fault("key", str(error)),)) from None
    except NotAFigure:
        figures = ", ".join(figures_of(model))
        raise Invalid(faults=(Fault("column", f"Should be one of {figures}"),)) from None
    if not found.is_known and query.at is None:
        raise NotFound(f"No row has, or had, this key. {key_told(model)}.")
    if len(found.currencies) > 1:
        raise Invalid(faults=(Fault("key", "Should name rows of one currency"),))
    return await explained_by_deltas(call, query, found, next(iter(found.currencies), None))


def _shown(projection: AnyProjection, lag: Lag, models: ReadModels) -> dict[str, object]:
    build = models.building if lag.position is None else None
    return {
        "name": lag.projection,
        "version": lag.version,
        "question": projection.question,
        "key": list(projection.key),
        "own_id": projection.own_id,
        "figures": list(figures_of(projection)),
        "status": status_of(lag, models),
        "position": lag.position,
        "head": lag.head,
        "lag_entries": lag.entries,
        "lag_milliseconds": round(lag.seconds * 1000),
        "parked": lag.parked,
        "building": None if build is None else {"entries": build[0], "of": build[1]},
    }


def status_of(lag: Lag, models: ReadModels) -> Status:
    """How a read model is doing."""
    if lag.position is None:
        return "stopped" if models.cannot_build else "building"
    if models.is_stopped:
        return "stopped"
    return "behind" if lag.entries else "current"
