"""The shapes of what the API answers, for its documentation; `tests/api` holds real answers against them."""

from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from api.shapes import shape_of
from domain.stored_types import STORED_TYPES

Item = TypeVar("Item")


class Answer(BaseModel):
    """A JSON object with exactly these members."""

    model_config = ConfigDict(extra="forbid")


Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2010-08-31T17:05:00Z"])]
Day = Annotated[str, Field(json_schema_extra={"format": "date"}, examples=["2010-08-31"])]


class Amount(Answer):
    """An amount in whole minor units of one currency."""

    amount: int = Field(
        examples=[1299], description="Above 2^53 only where amounts are summed: read it as an integer."
    )
    currency: str = Field(examples=["EUR"])


class EntryMeta(Answer):
    """Who recorded an entry, in which role, from where and why."""

    person: str
    role: str
    on_behalf_of: str | None
    origin: str
    reason: str | None
    correlation: str | None
    causation: str | None
    edition: int | None
    key: str | None


_DATA = {
    "description": "The event's own fields, by its type.",
    "anyOf": [shape_of(stored.event, name) for name, stored in STORED_TYPES.items()],
}


class EntryAnswer(Answer):
    """One event with its place in the book and who recorded it."""

    position: int
    stream: str
    version: int
    type: str = Field(examples=["order.placed"])
    schema_version: int
    customer: str | None
    effective_at: Moment
    recorded_at: Moment
    data: Annotated[dict[str, Any], WithJsonSchema(_DATA)]
    meta: EntryMeta


class Receipt(Answer):
    """What a decision recorded. The same request, repeated, gets the same receipt."""

    subject: str = Field(description="The stream the decision was about: an order, a customer, the policy.")
    version: int = Field(description="The subject's version after these entries; also the ETag.")
    position: int = Field(description="Position of the last of these entries; also Ledger-Position.")
    dry_run: bool = Field(
        description="True: nothing was recorded; positions and versions are what they would be just now."
    )
    entries: list[EntryAnswer]


class Page(Answer, Generic[Item]):
    """Part of a list, in the book's order."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """What a page of such items is called: `BalanceItem` → `BalancePage`."""
        (item,) = params
        shapes = [it.json_schema for it in get_args(item) if isinstance(it, WithJsonSchema)]
        title: str = shapes[0]["title"] if shapes and shapes[0] else item.__name__
        return title.removesuffix("Item").removesuffix("Answer") + "Page"

    items: list[Item]
    next: str | None = Field(description="The cursor of the next page; null after the last.")
    has_more: bool
