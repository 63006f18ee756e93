"""Orders of thousands of lines over HTTP: what is done about them as a whole is done, and said truly."""

from collections.abc import Sequence
from typing import Any

import pytest

from api.app import create_app
from ledger.composition import Ledger
from ledger.connection import Reader, Row
from ledger.database import Database
from tests.api.conftest import MASTER
from tests.api.house import Caller, House, eur, shipment_body

pytestmark = pytest.mark.anyio


def parts(lines: int, quantity: int) -> list[dict[str, int]]:
    """So many units of each line."""
    return [{"line": line, "quantity": quantity} for line in range(1, lines + 1)]


async def ordered(house: House, lines: int) -> str:
    """Three units of each of so many lines are ordered on account, and two of each arrive."""
    asked = [{"sku": f"A{line}", "quantity": 3, "unit_price": eur(7), "tax": eur(1)} for line in range(lines)]
    body = {"customer": {"name": "Ann"}, "terms": "bill_after", "lines": asked}
    order = (await house.recorded("/v1/orders", body))["subject"]
    body = shipment_body() | {"parts": parts(lines, 2)}
    shipment = _said(await house.recorded(f"/v1/orders/{order}/shipments", body), "shipment")
    await house.recorded(f"/v1/orders/{order}/deliveries", {"shipment": shipment})
    return order


async def test_all_of_a_long_order_is_refunded_at_once_and_its_goods_are_asked_back(
    house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let its seconds begin with the command → a service that just started, and looked at the order only,
    answers 409 busy, however often it is asked.
    """
    lines = 2_000
    order = await ordered(house, lines)
    await refunded(house, await ordered(house, 1))  # so there are numbers of this year, and a day of hers
    monkeypatch.setattr("ledger.book.PERSISTENCE", 0.0)
    restarted = await Ledger.open(database.app_conninfo, MASTER)
    owner = Caller(create_app(restarted), house.owner.key, house.owner.person)
    assert (await owner.get(f"/v1/orders/{order}")).status_code == 200
    granted = await owner.post(f"/v1/orders/{order}/refunds", {"parts": parts(lines, 3)})
    await restarted.close()
    assert granted.status_code == 201, granted.text
    refund = _said(granted.json(), "refund")
    asked = await house.recorded(f"/v1/refunds/{refund}/goods", {"decided": "return", "reason": "Torn"})
    (entry,) = asked["entries"]
    assert sum(each["quantity"] for each in entry["data"]["goods"]) == 2 * lines
    claimed = await house.recorded(f"/v1/refunds/{refund}/supplier-claims", {"amount": eur(5)})
    assert len(claimed["entries"][0]["data"]["units"]) == lines


def _said(receipt: dict[str, Any], field: str) -> str:
    return next(entry["data"][field] for entry in receipt["entries"] if field in entry["data"])


async def refunded(house: House, order: str) -> str:
    """One unit of the first line is refunded."""
    return _said(await house.recorded(f"/v1/orders/{order}/refunds", {"parts": parts(1, 1)}), "refund")


async def test_what_is_claimed_of_many_lines_asks_the_database_no_more_often_than_of_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Look each sku up by itself → forty lines ask some forty times.
    reads = list[object]()
    rows = Reader.rows

    async def counted(reader: Reader, query: Any, parameters: Sequence[object] = ()) -> list[Row]:
        reads.append(query)
        return await rows(reader, query, parameters)

    claims = [await refunded(house, await ordered(house, lines)) for lines in (1, 40)]
    monkeypatch.setattr(Reader, "rows", counted)
    asked = list[int]()
    for refund in claims:
        reads.clear()
        await house.recorded(f"/v1/refunds/{refund}/supplier-claims", {"amount": eur(5)})
        asked.append(len(reads))
    assert asked[1] < asked[0] + 20  # others read meanwhile
