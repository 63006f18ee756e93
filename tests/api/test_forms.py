"""In which form an address answers, and what it says to who asks for another one."""

import csv
import io
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from api.call import Call
from api.section import Declared
from api.tables import page_reply
from tests.api.house import House, eur, order_body
from tests.api.scene import DECISIONS, NEEDED, QUESTIONS, Scene, closable_month, named, scene_in

pytestmark = pytest.mark.anyio


async def test_the_service_itself_says_what_it_is_and_every_link_leads_somewhere(house: House) -> None:
    stranger = AsyncClient(transport=ASGITransport(house.app), base_url="http://makegood")
    welcome = await stranger.get("/")
    assert welcome.status_code == 200
    assert welcome.json()["name"] == "Makegood"
    for place in welcome.json()["links"].values():
        assert (await stranger.get(place)).status_code == 200, place


async def test_products_are_given_as_csv(house: House) -> None:
    sku = "ARMCHAIR-IN-CSV"
    body = {"sku": sku, "description": "Armchair", "list_price": eur(1299), "our_cost": eur(700)}
    await house.recorded("/v1/products", body | {"makes_redundant": ["STOOL", "RUG"]})
    for path in (f"/v1/products?sku={sku}", "/v1/products?limit=200"):
        answer = await house.agent.get(path, headers={"Accept": "text/csv"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = {row["sku"]: row for row in csv.DictReader(io.StringIO(answer.text))}
        if len(rows) < 200:  # else it may be on a later page: other tests list products too
            assert (rows[sku]["list_price"], rows[sku]["makes_redundant"]) == ("12.99", "STOOL RUG")


async def test_no_text_in_a_csv_is_a_formula(house: House) -> None:
    # Write texts as they are → this fails: a spreadsheet runs what a customer or supplier wrote.
    texts = ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "1=1", "'=1"]
    for text in texts:
        sku = uuid4().hex
        body = {"sku": sku, "description": text, "list_price": eur(0), "our_cost": eur(700)}
        await house.recorded("/v1/products", body)
        answer = await house.agent.get(f"/v1/products?sku={sku}", headers={"Accept": "text/csv"})
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert row["description"] == (text if text[0] in "1'" else f"'{text}")
        assert row["our_cost"] == "7.00"
    owing = {"our_cost": {"amount": -1299, "currency": "EUR"}, "sku": "\t=1", "list_price": None}
    call = SimpleNamespace(raw={b"accept": b"text/csv"})
    told = bytes(page_reply(cast(Call, call), {"items": [owing], "next": None}, tuple(owing)).body).decode()
    assert told == "our_cost,sku,list_price\r\n-12.99,'\t=1,\r\n"


async def test_an_order_is_told_as_csv(house: House) -> None:
    order = await house.paid_order()
    answer = await house.agent.get(f"/v1/orders/{order}/timeline", headers={"Accept": "text/csv"})
    steps = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(step["what"], step["amount"]) for step in steps[-2:]] == [
        ("placed", "20.00"),
        ("captured", "20.00"),
    ]


async def test_closed_months_are_a_list_as_any_other(house: House) -> None:
    # Answer them whole, under a name of their own → this fails: no page, and no CSV.
    months = [closable_month() for _ in range(2)]
    closings = [(await house.recorded("/v1/periods", {"month": month}))["position"] for month in months]
    first = await house.agent.get(f"/v1/periods?limit=1&cursor={closings[0] - 1}")
    assert [period["month"] for period in first.json()["items"]] == months[:1]
    path = f"/v1/periods?cursor={first.json()['next']}"
    rest = await house.agent.get(path, headers={"Accept": "text/csv"})
    heading, line = csv.reader(io.StringIO(rest.text))
    assert heading == ["month", "through", "position"]
    assert (line[0], line[2]) == (months[1], str(closings[1]))


@pytest.fixture(scope="module")
async def scene(house: House) -> Scene:
    return await scene_in(house)


@pytest.mark.parametrize("declared", [it for it in QUESTIONS if not it.flat], ids=named)
async def test_what_is_no_list_of_flat_rows_is_not_given_as_csv(scene: Scene, declared: Declared) -> None:
    # Answer JSON to whoever asks for CSV → this fails, and a spreadsheet reads braces.
    answer = await scene.ask(declared, scene.house.owner, headers={"Accept": "text/csv"})
    assert answer.status_code == 406
    assert answer.json()["type"] == "/problems/not-acceptable"
    either = await scene.ask(declared, scene.house.owner, headers={"Accept": "text/csv, */*;q=0.1"})
    assert either.headers["content-type"] == "application/json"


@pytest.mark.parametrize("declared", [it for it in QUESTIONS if it.flat], ids=named)
async def test_a_csv_says_in_its_headers_what_its_lines_cannot(scene: Scene, declared: Declared) -> None:
    # Leave the next page out of a list's headers → whoever reads CSV takes its first page for the whole.
    needed = NEEDED.get(named(declared), "").format_map(scene.ids)
    query = f"{needed}{'&' if needed else '?'}limit=1"
    told = await scene.ask(declared, scene.house.owner, query)
    if told.status_code == 422:  # it is whole in one page, and takes no limit
        query, told = needed, await scene.ask(declared, scene.house.owner)
    assert told.status_code == 200
    answer = await scene.ask(declared, scene.house.owner, query, headers={"Accept": "text/csv"})
    assert len(list(csv.reader(io.StringIO(answer.text)))) == 1 + len(told.json()["items"])
    assert ("link" in answer.headers) == told.json()["has_more"]
    assert ("ledger-position" in answer.headers) == ("as_of_position" in told.json())
    if told.json()["has_more"]:
        assert f"cursor={told.json()['next']}" in answer.headers["link"]
        following = await scene.house.owner.get(
            answer.headers["link"].partition(">")[0].strip("<"), headers={"Accept": "text/csv"}
        )
        assert following.status_code == 200
        assert following.text.splitlines()[1] != answer.text.splitlines()[1]


async def test_nothing_is_recorded_for_who_could_not_read_the_receipt(house: House) -> None:
    before = await house.head()
    answer = await house.agent.post("/v1/orders", order_body(), headers={"Accept": "text/html"})
    assert answer.status_code == 406
    assert await house.head() == before


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/*", "text/csv; charset=utf-8"),
        ("application/json, text/csv", "application/json"),
        ("application/json;q=0.5, text/csv", "text/csv; charset=utf-8"),
        ("text/csv;q=0.5, application/json;q=0.6", "application/json"),
        ("text/csv;q=0, */*", "application/json"),
        ("*/*", "application/json"),
        ("text/html, text/csv;q=nonsense", "text/csv; charset=utf-8"),
    ],
)
async def test_a_list_comes_in_the_form_that_is_preferred(house: House, accept: str, form: str) -> None:
    answer = await house.agent.get("/v1/products", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, form)


async def test_a_list_says_that_it_depends_on_the_form_asked_for(house: House) -> None:
    for accept in ("text/csv", "application/json"):
        answer = await house.agent.get("/v1/products", headers={"Accept": accept})
        assert answer.headers["Vary"] == "Accept"


def test_every_answer_that_decides_comes_as_json_alone(app: FastAPI) -> None:
    document = app.openapi()
    for declared in DECISIONS:
        answers = document["paths"][declared.path]["post"]["responses"]
        assert answers[str(declared.status)]["content"].keys() == {"application/json"}
