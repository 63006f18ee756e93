"""Killed with -9 under load, the service loses nothing it acknowledged."""

import http.client
import json
import os
import signal
import threading
from contextlib import closing
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.service import Service, postmaster_of, serving

CALLERS = 8


def order(number: int) -> bytes:
    """A small order of a new customer."""
    money = {"amount": 1900, "currency": "EUR"}
    return json.dumps(
        {
            "external_ref": f"K-{number}",
            "customer": {"external_ref": f"K-{number}", "name": "Kim Kill"},
            "terms": "card",
            "lines": [{"sku": "MUG", "description": "A mug", "quantity": 1, "unit_price": money}],
        }
    ).encode()


class Load:
    """Callers that place orders until the service is gone, and remember what was acknowledged."""

    def __init__(self, service: Service, numbers: "count[int]") -> None:
        self.acknowledged: dict[str, int] = {}
        """Order → position of its last entry."""
        self.enough = threading.Event()
        self._service = service
        self._numbers = numbers
        self._threads = [threading.Thread(target=self._place, daemon=True) for _ in range(CALLERS)]

    def run_until(self, orders: int) -> None:
        """Returns while the callers go on, once so many orders are acknowledged."""
        self._orders = orders
        for thread in self._threads:
            thread.start()
        assert self.enough.wait(60)

    def ended(self) -> None:
        """Wait for the callers to notice that the service is gone."""
        for thread in self._threads:
            thread.join(60)

    def _place(self) -> None:
        with closing(
            http.client.HTTPConnection(urlsplit(self._service.url).netloc, timeout=30)
        ) as connection:
            self._place_over(connection)

    def _place_over(self, connection: http.client.HTTPConnection) -> None:
        while True:
            number = next(self._numbers)
            headers = {
                "Authorization": f"Bearer {self._service.key}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"k-{number}",
            }
            try:
                connection.request("POST", "/v1/orders", order(number), headers)
                reply = connection.getresponse()
                receipt = json.loads(reply.read())
            except (OSError, http.client.HTTPException, ValueError):
                return  # no whole answer came: nothing was acknowledged
            if reply.status == 503:
                return  # the database went first
            assert reply.status == 201, receipt
            self.acknowledged[receipt["subject"]] = receipt["entries"][-1]["position"]
            if len(self.acknowledged) >= self._orders:
                self.enough.set()


def entries_of(service: Service) -> list[dict[str, object]]:
    """Every entry of the book, in pages."""
    entries: list[dict[str, object]] = []
    path: str | None = "/v1/events?limit=200"
    while path:
        status, body = service.get(path)
        assert status == 200
        page = json.loads(body)
        entries += page["items"]
        path = page["next"] and f"/v1/events?limit=200&cursor={page['next']}"
    return entries


def kill_under_load(data: Path, rounds: int, orders: int, *, server_too: bool) -> None:
    """Each round: load, kill -9, start again, and look for everything acknowledged so far."""
    acknowledged: dict[str, int] = {}
    numbers = count()
    for _ in range(rounds):
        with serving(data) as service:
            load = Load(service, numbers)
            load.run_until(orders)
            if server_too:
                os.kill(postmaster_of(data), signal.SIGKILL)
            os.killpg(service.process.pid, signal.SIGKILL)
            service.process.wait()
            load.ended()
            acknowledged |= load.acknowledged
        with serving(data) as service:
            entries = entries_of(service)
            assert service.stopped_by(signal.SIGTERM) == 0
        assert [entry["position"] for entry in entries] == list(range(1, len(entries) + 1))
        stored = {(entry["stream"], entry["position"]) for entry in entries}
        assert set(acknowledged.items()) <= stored


# Negative control: answer before the commit (ledger/record/writer.py, `_finish` before `store`): both fail.


@pytest.mark.parametrize("server_too", [False, True], ids=["the-service", "the-service-and-its-database"])
def test_no_acknowledged_order_is_lost(run_folder: Path, server_too: bool):
    kill_under_load(run_folder / f"killed-{os.getpid()}-{server_too}", 1, 60, server_too=server_too)


@pytest.mark.long
@pytest.mark.parametrize("server_too", [False, True], ids=["the-service", "the-service-and-its-database"])
def test_no_acknowledged_order_is_lost_in_twenty_kills(run_folder: Path, server_too: bool):
    kill_under_load(run_folder / f"campaign-{os.getpid()}-{server_too}", 20, 500, server_too=server_too)
