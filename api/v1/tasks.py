"""What people have to do, longest due first."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.call import Call
from api.grammars import At, CustomerId, OrderId
from api.lists import ListQuery, RowsPage, asked_at, item_of, list_of, moment_of, named_by
from api.permissions import Permission
from api.section import Section
from api.v1.task_texts import TEXTS
from domain.moments import Moment
from domain.orders.order_events import DeadlineKind
from ledger.projecting.conditions import Where
from ledger.projecting.listing import Listing
from projections.tasks import LISTED, Tasks

tasks = Section("tasks", "What people have to do: contacts to make, orders to ship.")


class TaskItem(msgspec.Struct, frozen=True):
    """Something a person has to do, from `due` on."""

    stream: str
    """Where it is recorded: an order, a customer, unmatched money or a notice."""
    order: str | None
    """The order it belongs to, or that the money or the notice names."""
    kind: str
    to_do: str
    """What is to be done about it, and by which address."""
    subject: str
    customer: str
    due: Moment
    missed_from: Moment | None
    assignee: str | None
    last_position: int


TASKS = Listing(
    projection=Tasks(),
    item=TaskItem,
    answer=LISTED,
    key=("stream", "kind", "subject"),
    group=("stream",),
)


class TasksQuery(ListQuery):
    """Which tasks."""

    due_by: At | None = Field(
        default=None, description="What is due by then; left out, at the moment asked about."
    )
    kind: DeadlineKind | None = None
    order: OrderId | None = None
    customer: CustomerId | None = None
    sort: Literal["due", "-due"] = "due"


@tasks.question("/v1/tasks", Permission.READ, answers=RowsPage[item_of(TaskItem)], lists_rows=True)
async def list_tasks(call: Call, query: Annotated[TasksQuery, Query()]) -> Response:
    """List what has to be done

    A task is gone once it is done. What is not yet due is found with a later `due_by`.
    """
    due_by = query.due_by or await moment_of(call, query)
    where = (Where("due", "<=", due_by), *named_by(query, "kind", "order", "customer"))
    _, today = await asked_at(call, query)
    return await list_of(call, TASKS, query, sort=query.sort, where=where, said=(today, TEXTS))
