"""When the record cannot answer, the caller learns what to do, and nothing about what went wrong inside."""

from typing import NoReturn

import pytest
from httpx2 import ASGITransport, AsyncClient

from domain.command import Command
from ledger.errors import (
    LedgerError,
    QueueFull,
    RebuildSwitching,
    StreamBusy,
    Unavailable,
    Undecodable,
    Unrecordable,
)
from ledger.record.submission import Submission
from ledger.sealing.sealer import NoSubjectKey
from tests.api.house import House, fresh_key, order_body

pytestmark = pytest.mark.anyio

SECRET = "at 10.0.0.7:5432, cus_01h455vb4pex5vsknk084sn02q"


@pytest.mark.parametrize(
    ("failure", "status", "slug"),
    [
        (Unavailable(SECRET), 503, "database-unavailable"),
        (RebuildSwitching(SECRET), 503, "rebuild-switches"),
        (QueueFull(SECRET), 503, "overloaded"),
        (StreamBusy((SECRET,)), 409, "busy"),
        (NoSubjectKey(SECRET), 409, "personal-data-erased"),
        (Unrecordable(SECRET), 422, "invalid"),
        (Undecodable(7, SECRET), 503, "entry-of-a-newer-release"),
    ],
)
async def test_every_failure_of_the_record_is_a_problem(
    house: House, monkeypatch: pytest.MonkeyPatch, failure: LedgerError, status: int, slug: str
) -> None:
    async def fails(command: Command, submission: Submission) -> NoReturn:
        raise failure

    monkeypatch.setattr(house.book, "execute", fails)
    answer = await house.agent.post("/v1/orders", order_body())
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert SECRET not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)


@pytest.mark.parametrize("fault", [RuntimeError(SECRET), LedgerError(SECRET)])
async def test_a_fault_of_ours_shows_nothing_of_itself(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    async def fails(command: Command, submission: Submission) -> NoReturn:
        raise fault

    monkeypatch.setattr(house.book, "execute", fails)
    quiet = ASGITransport(house.app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {house.agent.key}", **fresh_key()}
    async with AsyncClient(transport=quiet, base_url="http://makegood", headers=headers) as client:
        answer = await client.post("/v1/orders", json=order_body())
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal-fault"
    assert SECRET not in answer.text
    with pytest.raises(type(fault)):  # the server under the application is told, and logs it
        await house.agent.post("/v1/orders", order_body())
    counted = (await house.agent.get("/metrics")).text
    assert 'makegood_requests_total{operation="place_order",status="500"}' in counted


async def test_a_database_that_is_gone_is_not_ready_but_alive(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> NoReturn:
        raise Unavailable(SECRET)

    monkeypatch.setattr("ledger.composition.Ledger.books", gone)
    assert (await house.agent.get("/readyz")).status_code == 503
    assert (await house.agent.get("/healthz")).status_code == 200
