"""The description says what the service does: committed, complete, and held against real answers."""

import asyncio
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import validator_for
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.examples import EXAMPLES
from api.openapi import document_text
from api.section import Declared
from ledger.composition import Ledger
from ledger.database import Database
from tests.api.conftest import MASTER, followed
from tests.api.house import House, opened_house
from tests.api.scene import DECISIONS, DECLARED, QUESTIONS, named, scene_in

COMMITTED = Path(__file__).parents[2] / "openapi.json"
CONFORMS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


def test_the_committed_description_is_the_generated_one(app: FastAPI) -> None:
    committed = COMMITTED.read_text(encoding="utf-8")
    assert committed == document_text(app.openapi()), "run: python -m api.openapi > openapi.json"


def test_generated_clients_get_names_that_can_be_read(app: FastAPI) -> None:
    # Leave out `set_apart` → this fails: the library writes a generic type's name with all its parts.
    schemas = app.openapi()["components"]["schemas"]
    assert [name for name in schemas if not re.fullmatch(r"([A-Z][a-z0-9]+)+", name)] == []
    assert {"PlaceOrderBody", "Receipt", "BalanceItem", "BalancePage", "OrderPlaced"} <= schemas.keys()


def test_every_reference_of_the_description_leads_somewhere(app: FastAPI) -> None:
    document = app.openapi()
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', document_text(document)))
    assert named <= document["components"]["schemas"].keys()


def test_every_decision_shows_an_example() -> None:
    assert EXAMPLES.keys() == {named(declared) for declared in DECISIONS}


@pytest.mark.anyio
async def test_every_answer_is_as_described(app: FastAPI, house: House) -> None:
    # Add a member to any answer without describing it → this fails.
    document = app.openapi()
    scene = await scene_in(house)
    for declared in (*QUESTIONS, *DECISIONS):
        apart = declared.tag in ("declines", "refunds", "payouts", "unmatched", "returns", "suppliers")
        here = await scene_in(house, declared) if apart else scene
        answer = await here.ask(declared, house.owner)
        assert answer.status_code == declared.status, (named(declared), answer.text)
        operation = document["paths"][declared.path][declared.method.lower()]
        described = operation["responses"][str(declared.status)]["content"]["application/json"]["schema"]
        validator_for({**described, "components": document["components"]}).validate(answer.json())


class Served:
    """The application served over a socket, on a loop of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.url = self.key = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> "Served":
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    def catches_up(self) -> None:
        """Wait until the read models hold all that was written: a list that is behind rightly answers 503."""
        models = self._house.book.read_models
        waiting = models.readers.wait_for(self._house.book.position, 20)
        assert asyncio.run_coroutine_threadsafe(waiting, self._loop).result(30)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        ledger = await Ledger.open(self._database.app_conninfo, MASTER)
        app = create_app(ledger)
        self._house = house = await opened_house(ledger, app, f"book-{uuid4().hex}")
        self.scene = await scene_in(house)
        self.key = house.owner.key
        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, log_level="warning", ws="none", interface="asgi3"
        )
        listening = config.bind_socket()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._server = uvicorn.Server(config)
        async with followed(ledger, house.book):
            self._ready.set()
            await self._server.serve([listening])
        await ledger.close()


@pytest.fixture(scope="module")
def served(database: Database) -> Iterator[Served]:
    # The pool draws a random number for every connection it opens, in the thread that serves; hypothesis
    # would take that for a strategy that cannot be repeated, and say so now and then.
    with pytest.MonkeyPatch.context() as patch, Served(database) as served:
        patch.setattr("psycopg_pool.base.random", Random(1).random)
        yield served


@pytest.mark.parametrize("declared", [it for it in DECLARED if not it.streams], ids=named)
@pytest.mark.parametrize("mode", GenerationMode)
def test_whatever_is_sent_is_answered_as_described(
    app: FastAPI, served: Served, declared: Declared, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(app.openapi())
    operation = schema[declared.path][declared.method]

    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def conforms(case: schemathesis.Case) -> None:
        if mode is GenerationMode.POSITIVE:
            # Otherwise chance hardly gets past the caller and the address to the content.
            case.headers.pop("On-Behalf-Of", None)
            case.headers.pop("If-Match", None)
            case.path_parameters.update(served.scene.names(declared))
        if declared.lists_rows:
            served.catches_up()
        headers = {"Authorization": f"Bearer {served.key}"}
        case.call_and_validate(base_url=served.url, headers=headers, checks=CONFORMS)

    conforms()
