"""What was just written is read by its position: in any list, from either of two services, under load."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import cycle
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.cli.service import Service, serving

WRITERS, LOAD = 6, 2
"""Callers who write and read, and callers who only write."""
PAYMENTS = 20
"""Of one order."""
CENTS = 100

_soon = Event()


class Caller:
    """A customer's agent, who writes to one service and reads from it, or from another one."""

    def __init__(self, here: Service, there: Service) -> None:
        self._connections = [
            http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60) for service in (here, there)
        ]
        self._key = here.key
        self.customer = self.post("/v1/customers", {"name": "Rey Your-Writes"})["subject"]
        self.order, self.orders, self.paid, self.paid_of_order = "", 0, 0, 0
        self.refused = 0
        """Answers that the rows were behind: an honest no, and asked again."""

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def post(self, path: str, body: object) -> dict[str, Any]:
        """The receipt."""
        status, receipt = self._ask(0, "POST", path, json.dumps(body).encode())
        assert status == 201, receipt
        return receipt

    def get(self, path: str, where: int) -> dict[str, Any]:
        """The answer of the service written to (0) or of the other (1)."""
        while True:
            status, answer = self._ask(where, "GET", path)
            if status == 200:
                return answer
            assert status == 503, answer
            self.refused += 1
            assert self.refused < 100
            _soon.wait(0.2)

    def place(self) -> None:
        """A new order of the customer."""
        line = {"sku": "MUG", "description": "A mug", "quantity": 1, "unit_price": eur(PAYMENTS * CENTS)}
        receipt = self.post("/v1/orders", {"customer_id": self.customer, "lines": [line]})
        self.order, self.orders, self.paid_of_order = receipt["subject"], self.orders + 1, 0

    def pay(self) -> int:
        """A part of the order's price; the position of what was recorded."""
        if not self.order or self.paid_of_order == PAYMENTS * CENTS:
            self.place()
        body = {"amount": eur(CENTS), "processor": "acme", "reference": uuid4().hex}
        position: int = self.post(f"/v1/orders/{self.order}/payments", body)["position"]
        self.paid, self.paid_of_order = self.paid + CENTS, self.paid_of_order + CENTS
        return position

    def _ask(self, where: int, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._key}"}
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": uuid4().hex}
        connection = self._connections[where]
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())


def eur(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "EUR"}


def ways(caller: Caller) -> Iterator[tuple[str, str, Any]]:
    """How the last payment is read back in turn: a list, a field of its first item, what it must say."""
    customer = f"/v1/customers/{caller.customer}"
    for way in cycle(range(5)):
        match way:
            case 0:
                yield f"{customer}/balance?", "received", eur(caller.paid)
            case 1:
                yield f"{customer}/statement?sort=-position&limit=1&", "position", None
            case 2:
                yield f"/v1/journal?customer={caller.customer}&sort=-position&limit=1&", "position", None
            case 3:
                yield f"/v1/orders?search={caller.order}&", "received", eur(caller.paid_of_order)
            case _:
                yield f"/v1/customers?search={caller.customer}&", "orders", caller.orders


def write_and_read(here: Service, there: Service, pairs: int) -> int:
    """Pays and looks, again and again; how often the rows were said to be behind."""
    with closing(Caller(here, there)) as caller:
        reading = ways(caller)
        for number in range(pairs):
            position = caller.pay()
            path, field, expected = next(reading)
            answer = caller.get(f"{path}min_position={position}", where=number // 5 % 2)
            assert answer["as_of_position"] >= position
            found = answer["items"][0][field]
            assert found == (position if expected is None else expected), (path, found, expected)
        return caller.refused


def only_write(here: Service, enough: Event) -> None:
    with closing(Caller(here, here)) as caller:
        while not enough.is_set():
            caller.pay()


def read_your_writes(data: Path, pairs: int) -> None:
    """Answer without waiting for `min_position` → this fails."""
    enough = Event()
    with serving(data) as one, serving(data) as other, ThreadPoolExecutor(WRITERS + LOAD) as callers:
        load = [callers.submit(only_write, one, enough) for _ in range(LOAD)]
        try:
            sides = [(one, other) if number % 2 else (other, one) for number in range(WRITERS)]
            share = -(-pairs // WRITERS)
            reading = [callers.submit(write_and_read, *side, share) for side in sides]
            refused = sum(each.result() for each in reading)
        finally:
            enough.set()
        for each in load:
            each.result()
    assert refused <= pairs / 100


def test_what_was_written_is_read_from_either_of_two_services(run_folder: Path):
    read_your_writes(run_folder / f"reading-{uuid4().hex[:8]}", 180)


@pytest.mark.long
def test_ten_thousand_writes_are_read_by_their_position_from_either_of_two_services(run_folder: Path):
    read_your_writes(run_folder / f"reading-{uuid4().hex[:8]}", 10_000)
