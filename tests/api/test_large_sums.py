"""A book whose sums are beyond 2^63 minor units is read like any other."""

import asyncio

import pytest

from domain.command import LARGEST_AMOUNT
from domain.customers.giving_credit import GrantStoreCredit
from domain.decision import Actor
from ledger.composition import Ledger
from ledger.identity import mint
from ledger.record.submission import Submission
from tests.api.conftest import followed
from tests.api.house import EUR, House, eur

pytestmark = pytest.mark.anyio

CUSTOMERS, EACH = 3, 400
"""So many customers, each given the largest amount so many times: one by one they are within 2^63."""
ALL = CUSTOMERS * EACH * LARGEST_AMOUNT


async def test_sums_beyond_what_a_column_holds_are_told_exactly(ledger: Ledger, fresh_house: House) -> None:
    # Cast a sum to bigint → 500, and this fails.
    house = fresh_house
    assert ALL > 2**63
    owner = Submission(actor=Actor(person=house.owner.person, role="owner"), origin="api")
    customers = [await house.customer() for _ in range(CUSTOMERS)]
    for customer in customers:
        gift = {"customer": customer, "kind": "goodwill", "amount": LARGEST_AMOUNT, "currency": EUR}
        grants = [GrantStoreCredit(credit=mint("crd"), **gift) for _ in range(EACH)]  # pyright: ignore[reportArgumentType]
        await asyncio.gather(*[house.book.execute(grant, owner) for grant in grants])
    async with followed(ledger, house.book):

        async def items(path: str) -> list[dict[str, object]]:
            joined = f"{path}{'&' if '?' in path else '?'}min_position={await house.head()}"
            answer = await house.owner.get(joined)
            assert answer.status_code == 200, answer.text
            return answer.json()["items"]

        accounts = {item["account"]: item["balance"] for item in await items("/v1/trial-balance")}
        assert accounts == {"assets:customers": eur(-ALL), "expenses:goodwill": eur(ALL)}
        for by in ("books", "effective", "recorded"):
            (month,) = await items(f"/v1/period-report?by={by}")
            assert month["goodwill"] == eur(ALL)
        (given,) = await items("/v1/store-credit-report")
        assert (given["amount"], given["credits"]) == (eur(ALL), CUSTOMERS * EACH)
        csv = await house.owner.get("/v1/trial-balance", {"Accept": "text/csv"})
        assert f"{ALL // 100}.{ALL % 100:02}" in csv.text
