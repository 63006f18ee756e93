"""The yardstick of the REST path keeps to its caller what Makegood keeps; else they could not be compared."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from benchmarks.baseline import contract
from benchmarks.rest import TOKEN, library_environment
from ledger.embedded import EmbeddedServer

DATABASE = "bench_contract_test"
PRICE = 1_000


@pytest.fixture(scope="module")
def library(server: EmbeddedServer, worker_id: str) -> Iterator[TestClient]:
    """The yardstick, called by the holder of its key."""
    app = contract.create(library_environment(server, f"{DATABASE}_{worker_id}"))
    with TestClient(app, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def name() -> str:
    """A reference and key that no other test uses."""
    return uuid4().hex


def place(
    library: TestClient, reference: str, *, key: str = "", customer: str = "", quantity: int = 1
) -> Response:
    body = {
        "channel": "web",
        "external_ref": reference,
        "customer": {"external_ref": customer or reference, "name": "Ada Lovelace"},
        "lines": [
            {
                "sku": "SHIRT",
                "description": "T-shirt",
                "quantity": quantity,
                "unit_price": {"amount": PRICE, "currency": "EUR"},
            }
        ],
    }
    return library.post("/v1/orders", json=body, headers={"Idempotency-Key": key or uuid4().hex})


def pay(library: TestClient, order: str, amount: int, reference: str, *, key: str = "") -> Response:
    body = {
        "amount": {"amount": amount, "currency": "EUR"},
        "processor": "cardhouse",
        "reference": reference,
    }
    return library.post(
        f"/v1/orders/{order}/payments", json=body, headers={"Idempotency-Key": key or uuid4().hex}
    )


def placed(library: TestClient, reference: str, quantity: int = 1) -> str:
    answer = place(library, reference, quantity=quantity)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_the_same_request_again_is_answered_the_same(library: TestClient, name: str) -> None:
    # No `_answered` in `place` → the second is refused with 409; in `capture` → it shows what came after.
    first = place(library, name, key=name, quantity=2)
    order = first.json()["id"]
    paid = pay(library, order, PRICE, f"{name}-1", key=f"{name}-pay")
    pay(library, order, PRICE, f"{name}-2")

    assert first.status_code == paid.status_code == 201
    assert place(library, name, key=name, quantity=2).json() == first.json()
    assert pay(library, order, PRICE, f"{name}-1", key=f"{name}-pay").json() == paid.json()
    assert paid.json()["paid"] == PRICE


def test_another_request_under_the_same_key_is_refused(library: TestClient, name: str) -> None:
    # No digest compared in `_answered` → the other request is answered like the first.
    order = place(library, name, key=name).json()["id"]

    assert place(library, f"{name}-other", key=name).status_code == 422
    assert pay(library, order, PRICE, name, key=name).status_code == 422


def test_many_at_once_under_one_key_have_one_effect(library: TestClient, name: str) -> None:
    # No `retry` → those that lost the race are answered with an error.
    with ThreadPoolExecutor(8) as at_once:
        answers = list(at_once.map(lambda _: place(library, name, key=name), range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1


def test_an_order_reference_is_placed_once(library: TestClient, name: str) -> None:
    # Ids of `KnownOrder` at random → the second order is placed.
    placed(library, name)

    assert place(library, name).status_code == 409


def test_a_known_customer_is_not_registered_again(library: TestClient, name: str) -> None:
    # Ids of `KnownCustomer` at random → two customers.
    first = place(library, f"{name}-1", customer=name)
    second = place(library, f"{name}-2", customer=name)

    assert first.status_code == second.status_code == 201
    assert first.json()["customer"] == second.json()["customer"]


def test_a_processor_reference_counts_once(library: TestClient, name: str) -> None:
    # No `Payment` saved → the other order takes the reference too.
    order, other = placed(library, f"{name}-1", 3), placed(library, f"{name}-2", 3)
    first = pay(library, order, PRICE, name)
    again = pay(library, order, PRICE, name)

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert pay(library, order, PRICE + 1, name).status_code == 409
    assert pay(library, other, PRICE, name).status_code == 409


def test_no_more_is_captured_than_is_open(library: TestClient, name: str) -> None:
    order = placed(library, name, 2)

    assert pay(library, order, 2 * PRICE + 1, f"{name}-1").status_code == 409
    assert pay(library, order, PRICE, f"{name}-2").json()["paid"] == PRICE
    assert pay(library, order, PRICE + 1, f"{name}-3").status_code == 409
    assert pay(library, order, 0, f"{name}-4").status_code == 409


def test_strangers_and_unknown_members_are_refused(library: TestClient, name: str) -> None:
    # No lookup of the key, or bodies that are not closed and strict → 201.
    order = placed(library, name)
    path, key = f"/v1/orders/{order}/payments", {"Idempotency-Key": name}
    body = {"amount": {"amount": 1, "currency": "EUR"}, "processor": "cardhouse", "reference": name}

    stranger = library.post(path, json=body, headers={**key, "Authorization": "Bearer other"})
    assert stranger.status_code == 401
    assert library.post(path, json=body).status_code == 422  # no Idempotency-Key
    assert library.post(path, json={**body, "more": 1}, headers=key).status_code == 422
    text = {"amount": "1", "currency": "EUR"}
    assert library.post(path, json={**body, "amount": text}, headers=key).status_code == 422
    assert pay(library, str(uuid4()), PRICE, name).status_code == 404
