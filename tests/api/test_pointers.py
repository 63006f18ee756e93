"""Whatever is wrong with a request's content, `errors` says where."""

from collections.abc import Iterator
from typing import cast

import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from api.grammars import SENTENCES
from tests.api.house import House, eur, order_body, payment_body, shipment_body
from tests.api.scene import EVERY, named

pytestmark = pytest.mark.anyio

TWICE = [{"line": 1, "quantity": 1}, {"line": 1, "quantity": 1}]


async def pointers(house: House, path: str, body: object) -> list[str]:
    """Where the faults of a refused body are."""
    answer = await house.owner.post(path, body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid"), answer.text
    return [fault["pointer"] for fault in answer.json()["errors"]]


@pytest.mark.parametrize("what", ["shipments", "deliveries", "cancellation"])
async def test_a_line_named_twice_is_pointed_at(house: House, what: str) -> None:
    # Turn `OutOfRange` into one sentence for everything → this fails.
    order = await house.paid_order(3)
    about = {"shipments": shipment_body(), "deliveries": {"shipment": await house.shipment(order)}}
    assert await pointers(house, f"/v1/orders/{order}/{what}", about.get(what, {}) | {"parts": TWICE}) == [
        "/parts"
    ]


async def test_an_empty_list_is_refused_and_never_means_everything(house: House) -> None:
    # Let an empty list stand for one left out → a mistake of a program cancels the whole order, this fails.
    order = await house.paid_order(3)
    shipment = {"shipment": await house.shipment(order)}
    path, head = f"/v1/orders/{order}", await house.head()
    assert await pointers(house, f"{path}/cancellation", {"parts": []}) == ["/parts"]
    assert await pointers(house, f"{path}/shipments", shipment_body() | {"parts": []}) == ["/parts"]
    assert await pointers(house, f"{path}/deliveries", shipment | {"parts": []}) == ["/parts"]
    assert await house.head() == head
    cancelled = await house.recorded(f"{path}/cancellation", {})
    assert cancelled["entries"][0]["data"]["parts"] == [{"line": 1, "quantity": 2}]


@pytest.mark.parametrize(
    ("operation", "field"),
    [("ask_goods_back", "goods"), ("file_supplier_claim", "parts"), ("waive_supplier_claims", "parts")],
)
def test_where_left_out_means_everything_no_list_is_empty(operation: str, field: str) -> None:
    (declared,) = [each for each in EVERY if named(each) == operation]
    (body,) = [each for each in declared.endpoint.__annotations__.values() if hasattr(each, "model_fields")]
    with pytest.raises(ValidationError, match="at least 1 item"):
        body.model_validate({field: []})


async def test_no_line_has_a_number_no_order_can_have(house: House) -> None:
    order = await house.order()
    parts = [{"line": 5_001, "quantity": 1}]
    assert await pointers(house, f"/v1/orders/{order}/cancellation", {"parts": parts}) == ["/parts/0/line"]


async def test_a_payment_of_nothing_is_pointed_at(house: House) -> None:
    order = await house.order()
    assert await pointers(house, f"/v1/orders/{order}/payments", payment_body(0)) == ["/amount"]


async def test_an_order_beyond_every_amount_is_pointed_at(house: House) -> None:
    lines = [{"sku": "A", "quantity": 1_000_000_000, "unit_price": eur(2**53)}]
    assert await pointers(house, "/v1/orders", order_body(lines=lines)) == ["/lines"]


async def test_what_is_wrong_with_the_whole_has_the_empty_pointer(house: House) -> None:
    answer = await house.agent.get("/v1/orders?limit=1&limit=2")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [""]


@pytest.mark.parametrize(
    ("changed", "pointer", "said"),
    [
        ({"colour": 1}, "", "Takes no other members than: customer_id, customer, terms, effective_at, "),
        ({"customer": {"colour": 1}}, "/customer", "Takes no other members than: name, external_ref, "),
        ({"lines": [{"colour": 1}]}, "/lines/0", "Takes no other members than: sku, description, "),
        ({"lines": [{"currency": 1}]}, "/lines/0", "Takes no other members than: sku, description, "),
        ({"external_ref": "No. 5"}, "/external_ref", "Should be 1 to 80 letters, digits and _ . / -"),
        ({"customer_id": "5"}, "/customer_id", "Should be an id like cus_"),
        ({"reason": "\u200b \u200b"}, "/reason", "Should be text that is not blank"),
    ],
)
async def test_what_is_wrong_is_said_where_it_is(
    house: House, changed: dict[str, object], pointer: str, said: str
) -> None:
    # Point at an unknown member itself, or quote the pattern → this fails.
    answer = await house.owner.post("/v1/orders", order_body() | changed)
    faults = {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]}
    assert faults[pointer].startswith(said)


async def test_a_parameter_nobody_takes_is_answered_with_those_that_are(house: House) -> None:
    answer = await house.agent.get("/v1/events?colour=1")
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == ""
    assert fault["detail"].startswith("Takes no other parameters than: cursor, limit, type, ")


def test_every_grammar_has_a_sentence(app: FastAPI) -> None:
    # Leave `grammar` out of one → this fails: the caller would read a regular expression.
    patterns = set(patterns_in(app.openapi()))
    assert len(patterns) > 10
    assert patterns <= SENTENCES.keys()


def patterns_in(schema: object) -> Iterator[str]:
    """Every pattern a text is matched with, but a header's, which has a problem of its own."""
    match schema:
        case {"in": "header"}:
            pass
        case {"pattern": str(pattern)}:
            yield pattern
        case dict():
            for inner in cast(dict[str, object], schema).values():
                yield from patterns_in(inner)
        case list():
            for inner in cast(list[object], schema):
                yield from patterns_in(inner)
        case _:
            pass


@pytest.mark.parametrize(
    "path", ["/v1/policy", "/v1/orders/{order}", "/v1/orders", "/v1/customers/{customer}"]
)
async def test_a_past_that_has_not_been_is_pointed_at(house: House, path: str) -> None:
    # Answer with what there is → this fails: it would be taken for the past asked about.
    customer = await house.customer()
    path = path.format(customer=customer, order=await house.order(customer_id=customer))
    head = await house.head()
    assert (await house.agent.get(f"{path}?as_of_position={head}")).status_code == 200
    beyond = await house.agent.get(f"{path}?as_of_position={head + 1}")
    assert beyond.status_code == 422
    assert [fault["pointer"] for fault in beyond.json()["errors"]] == ["as_of_position"]
