"""Every task says what is to be done about it, and by which address. Source: R-G8, §3"""

import re
from typing import get_args

import pytest
from fastapi import FastAPI

from api.route import Route
from api.v1.task_texts import TO_DO
from domain.orders.order_events import DeadlineKind
from projections.deadlines import BROKEN, OVERDUE, RELEASE
from tests.api.house import House
from tests.api.test_refunds import refund_of, shipped_order

pytestmark = pytest.mark.anyio


def test_every_kind_of_task_says_what_to_do_and_nothing_else_does() -> None:
    assert set(TO_DO) == set(get_args(DeadlineKind)) - {OVERDUE, BROKEN, RELEASE}


def test_it_names_addresses_that_there_are(app: FastAPI) -> None:
    there = [route.path for route in app.routes if isinstance(route, Route)]
    for kind, text in TO_DO.items():
        for named in re.findall(r"`(/[^`]+)`", text):
            assert any(path.endswith(named) for path in there), (kind, named)


async def test_a_payout_that_waits_says_how_it_is_sent_and_how_it_is_said_to_have_left(house: House) -> None:
    # Leave out who sends it → whoever finds a refund from before a processor was connected says "paid" of
    # what nobody sent, and this fails.
    order = await shipped_order(house)
    await refund_of(house, order)
    head = await house.head()
    (task,) = await house.every(f"/v1/tasks?order={order}&kind=refund_payout&min_position={head}")
    assert "without a `reference`" in task["to_do"]
    assert "granted before it was connected" in task["to_do"]
    csv = await house.agent.get(f"/v1/tasks?order={order}&kind=refund_payout", headers={"Accept": "text/csv"})
    assert "to_do" in csv.text.splitlines()[0]
