"""Any figure of any read model, over HTTP: the entries that made it, as the command line has them."""

from collections.abc import Iterator
from typing import Any

import pytest

from ledger.projecting.explain import figures_of
from projections.catalogue import PROJECTIONS
from projections.folding import folding_of
from projections.projection import AnyProjection, Row
from tests.api.house import House, eur
from tests.api.scene import DECISIONS, named, scene_in
from tests.api.test_projection_reads import got

pytestmark = pytest.mark.anyio


@pytest.fixture
async def every_row(house: House) -> House:
    """A house in which every read model has a row: beside the rest an order on bill, and one released."""
    (release,) = [declared for declared in DECISIONS if named(declared) == "release_order"]
    await scene_in(house)
    scene = await scene_in(house, release)
    assert (await scene.ask(release, house.owner)).status_code == 201
    await house.shipment(await house.order(2, terms="bill_after"))
    return house


async def rows(house: House, projection: AnyProjection) -> list[Row]:
    """Its rows, folded from the entries there are."""
    folding, after = folding_of(projection), 0
    while entries := await house.book.page(after, 500):
        for entry in entries:
            after = entry.position
            if type(entry.event) in projection.handles:
                folding.feed(entry)
    return list(folding.rows())


def paths(projection: AnyProjection, row: Row) -> Iterator[tuple[str, int]]:
    """Every figure of a row: its address, and what it is."""
    key = ",".join([str(getattr(row, name)) for name in projection.key])
    for column in figures_of(projection):
        path = f"/v1/projections/{projection.name}/explain?key={key}&column={column}"
        yield path, getattr(row, column)


async def test_every_figure_of_every_read_model_is_explained(every_row: House) -> None:
    # Leave a read model out, or an entry of an explanation → this fails.
    house, explained = every_row, set[str]()
    for projection in PROJECTIONS:
        for row in (await rows(house, projection))[-1:]:
            currency: str | None = getattr(row, "currency", None)
            for path, figure in paths(projection, row):
                answer = await got(house, f"{path}&limit=2")
                said = answer["figure"]
                assert said in (figure, {"amount": figure, "currency": currency}), path
                deltas = await house.every(f"{path}&limit=2")
                assert sum([_minor(each["delta"]) for each in deltas]) == figure, path
                explained.add(projection.name)
    assert explained == {each.name for each in PROJECTIONS if figures_of(each)}


def _minor(figure: Any) -> int:
    return figure if isinstance(figure, int) else figure["amount"]


async def test_an_amount_says_its_currency_and_a_count_is_a_number(house: House) -> None:
    # Show every figure as a number → nobody knows of what, and this fails.
    order = await house.order(2)
    path = f"/v1/projections/orders/explain?key={order}"
    total = (await house.agent.get(f"/v1/orders/{order}")).json()["total"]
    assert (await got(house, f"{path}&column=total"))["figure"] == total == eur(total["amount"])
    units = await got(house, f"{path}&column=units")
    assert (units["figure"], [each["delta"] for each in units["items"]]) == (2, [2])


@pytest.mark.parametrize(
    ("name", "query", "pointer"),
    [
        ("orders", "key={order}&column=customer", "column"),
        ("orders", "key={order},EUR&column=total", "key"),
        ("journal", "key=first&column=amount", "key"),
        ("journal", "key=1" + "0" * 30 + "&column=amount", "key"),
    ],
)
async def test_what_is_no_figure_or_key_is_pointed_at(
    house: House, name: str, query: str, pointer: str
) -> None:
    order = await house.order()
    answer = await house.agent.get(f"/v1/projections/{name}/explain?{query.format(order=order)}")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_amounts_of_several_currencies_are_not_added(house: House) -> None:
    customer = await house.customer()
    for currency in ("EUR", "USD"):
        price = {"amount": 900, "currency": currency}
        line = {"sku": "MUG", "description": "A mug", "quantity": 1, "unit_price": price}
        order = await house.order(lines=[line], customer_id=customer)
        await house.recorded(
            f"/v1/orders/{order}/payments",
            {"amount": price, "processor": "acme", "reference": order},
        )
    path = f"/v1/projections/customer_balance/explain?column=received&key={customer}"
    both = await house.agent.get(path)
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "key")
    assert (await got(house, f"{path},USD"))["figure"] == {"amount": 900, "currency": "USD"}


async def test_a_row_is_found_by_its_own_id_as_lists_show_it(every_row: House) -> None:
    # Ask for the whole key → who has a bill's id alone is told there is no such bill, this fails.
    house, found = every_row, set[str]()
    listed = {each["name"]: each for each in (await got(house, "/v1/projections"))["items"]}
    await got(house, f"/v1/unpaid-bills?min_position={await house.head()}")
    for projection in PROJECTIONS:
        shown = listed[projection.name]
        assert (shown["key"], shown["figures"]) == (list(projection.key), list(figures_of(projection)))
        if shown["own_id"] is None or not shown["figures"]:
            continue
        row = (await rows(house, projection))[-1]
        await house.book.read_models.readers.wait_for(await house.head(), 10.0)
        path = f"/v1/projections/{projection.name}/explain?column={shown['figures'][0]}&key="
        prefix = projection.key[: projection.key.index(shown["own_id"]) + 1]
        whole = ",".join([str(getattr(row, name)) for name in prefix])
        assert await got(house, path + getattr(row, shown["own_id"])) == await got(house, path + whole)
        found.add(projection.name)
    assert {"unpaid_bills", "refund_audit", "goods_returns"} <= found


async def test_a_key_that_no_row_has_is_answered_with_the_parts_of_one(house: House) -> None:
    answer = await house.agent.get("/v1/projections/unpaid_bills/explain?key=bil_x&column=open")
    assert answer.status_code == 404
    assert "order,bill, or its beginning, or bill alone" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["nothing/explain?key=1&column=x", "orders/explain?key=x&column=total"])
async def test_what_is_not_there_is_not_explained(house: House, path: str) -> None:
    assert (await house.agent.get(f"/v1/projections/{path}")).status_code == 404


async def test_a_key_that_no_text_can_hold_is_invalid(house: House) -> None:
    # Take any text → the database refuses it, a fault of ours, and this fails.
    answer = await house.owner.get("/v1/projections/customer_balance/explain?key=cus_%00&column=charged")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
