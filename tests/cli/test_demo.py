"""The demo book's stories, told once however often the service starts."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cli.demo.opening import Demo, demo_ready
from cli.demo.stories import BOOK
from cli.options import settings, with_ledger
from tests.cli.commandline import Makegood


@pytest.fixture
def entries(makegood: Makegood, keys_folder: Path) -> list[dict[str, Any]]:
    """Every entry of the demo book, told twice."""

    def told() -> Demo:
        return with_ledger(
            settings(None, os.environ["MAKEGOOD_DSN"]), lambda ledger: demo_ready(ledger, keys_folder)
        )

    first = told()
    before = makegood("events", "tail", "--after", 0, "--book", BOOK, "--json")
    assert told() == first, "the same order, and the key of the first start"
    again = makegood("events", "tail", "--after", 0, "--book", BOOK, "--json")
    assert again.out == before.out, "Leave out the keys of the sentences → this fails"
    return again.json()


def test_every_story_ends_as_it_is_told(entries: list[dict[str, Any]]):
    types = Counter(entry["type"] for entry in entries)
    assert types["person.registered"] == 3
    assert types["product.listed"] == 6
    assert types["order.placed"] == 19
    assert (types["cart.prepared"], types["order.units_cancelled"]) == (1, 1)
    assert (types["order.placed_on_hold"], types["payment.declined"]) == (3, 3)
    assert (types["order.released_without_payment"], types["order.released"]) == (1, 1)
    assert (types["bill.written_off"], types["refund.paid"]) == (1, 1)
    bills = [entry["data"]["amount"]["amount"] for entry in entries if entry["type"] == "bill.issued"]
    assert sorted(bills) == [4495, 8490, 8490]
    refunds = [entry["data"] for entry in entries if entry["type"] == "refund.granted"]
    assert sorted((refund["basis"], refund["granted"]["amount"]) for refund in refunds) == [
        ("original_charges", 1750),
        ("original_charges", 2300),
        ("original_charges", 4195),
        ("original_charges", 8490),
        ("undelivered", 3995),
    ]
    assert (types["goods.left_with_customer"], types["goods_return.requested"]) == (1, 1)
    assert (types["return_label.sent"], types["goods.returned"], types["supplier_claim.filed"]) == (1, 1, 2)
    assert (types["supplier_claim.settled"], types["supplier_claim.refused"]) == (1, 1)
    (watched,) = (entry["data"] for entry in entries if entry["data"].get("watched_for"))
    assert watched["external_ref"] == "W-1006"
    standings = {
        entry["data"]["external_ref"]: entry["data"]["standing"]
        for entry in entries
        if entry["type"] == "order.placed"
    }
    assert {ref for ref, standing in standings.items() if standing == "existing"} == {
        "W-0981",
        "W-1004",
        "W-0899",
        "W-1006",
        "W-1000",
    }


def test_stories_lie_in_the_past_and_each_order_in_the_order_of_its_story(entries: list[dict[str, Any]]):
    opened = entries[0]["recorded_at"]
    for order in {entry["stream"] for entry in entries if entry["stream"].startswith("ord_")}:
        moments = [entry["effective_at"] for entry in entries if entry["stream"] == order]
        assert max(moments) < opened
        assert moments[0] == min(moments)
