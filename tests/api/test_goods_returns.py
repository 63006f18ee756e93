"""Refunded goods over HTTP: kept or returned, counted, claimed from their supplier; what is read of it."""

from typing import Any
from uuid import uuid4

import pytest

from ledger.composition import Ledger
from ledger.processors.trial_cards import TrialCards
from ledger.reacting.catalogue import ERRANDS, REACTIONS
from ledger.reacting.reactor import Reactor
from tests.api.conftest import followed
from tests.api.house import House, eur, payment_body

pytestmark = pytest.mark.anyio


async def delivered(house: House, quantity: int = 2) -> str:
    """An order of armchairs at 10.00, paid, shipped and delivered."""
    order = await house.paid_order(quantity)
    shipment = await house.shipment(order, quantity)
    await house.recorded(f"/v1/orders/{order}/deliveries", {"shipment": shipment})
    return order


async def refunded(house: House, order: str, quantity: int, **asked: Any) -> str:
    """Some of it is refunded."""
    body = {"parts": [{"line": 1, "quantity": quantity}], **asked}
    receipt = await house.recorded(f"/v1/orders/{order}/refunds", body)
    return next(entry["data"]["refund"] for entry in receipt["entries"] if entry["type"] == "refund.granted")


async def items(house: House, path: str) -> list[dict[str, Any]]:
    """A list, which holds all that was recorded."""
    separator = "&" if "?" in path else "?"
    answer = await house.owner.get(f"{path}{separator}min_position={await house.head()}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_wrong_item_is_kept_where_its_return_costs_too_much(
    ledger: Ledger, fresh_house: House
) -> None:
    """Scenario A: two shirts at 9.00 came instead of two dresses; 18.00 < 25.00, and 11.50 are avoided."""
    house = fresh_house
    shirt = {
        "sku": "SHIRT",
        "description": "A shirt",
        "list_price": eur(900),
        "our_cost": eur(300),
        "supplier": "Weavers",
    }
    await house.recorded("/v1/products", shirt)
    order = await delivered(house)
    refund = await refunded(house, order, 2, observed_problem="wrong_item", proactive=True)
    asked = {"goods": [{"sku": "SHIRT", "quantity": 2}]}
    receipt = await house.recorded(f"/v1/refunds/{refund}/goods", asked)
    (entry,) = receipt["entries"]
    assert entry["type"] == "goods.left_with_customer"
    assert entry["data"]["weighed"] | {"decided": "keep"} == entry["data"]["weighed"]
    assert entry["data"]["avoided"] == eur(1150)
    claim = await house.owner.post(f"/v1/refunds/{refund}/supplier-claims", {"amount": eur(600)})
    assert (claim.status_code, claim.json()["type"]) == (409, "/problems/wrong-item-is-ours")
    async with followed(ledger, house.book):
        (kept,) = await items(house, "/v1/returns")
        assert (kept["status"], kept["left"], kept["value"]) == ("kept", 2, eur(1800))
        tasks = f"/v1/tasks?order={order}&kind=supplier_claim&due_by=2099-01-01T00:00:00Z"
        assert await items(house, tasks) == []


async def test_goods_come_back_are_counted_and_claimed_from_their_supplier(
    ledger: Ledger, fresh_house: House
) -> None:
    house = fresh_house
    chair = {
        "sku": "CRUNCHY-ARMCHAIR",
        "description": "Armchair",
        "list_price": eur(1000),
        "our_cost": eur(400),
        "supplier": "Weavers",
    }
    await house.recorded("/v1/products", chair)
    order = await delivered(house, 3)
    refund = await refunded(house, order, 3)
    back = await house.recorded(f"/v1/refunds/{refund}/goods", {})
    data = back["entries"][0]["data"]
    assert (back["entries"][0]["type"], data["weighed"]["value"]) == ("goods_return.requested", eur(3000))
    returned, tasks = data["goods_return"], f"/v1/tasks?order={order}&due_by=2099-01-01T00:00:00Z"
    async with followed(ledger, house.book):
        kinds = {item["kind"] for item in await items(house, tasks)}
        assert {"return_label", "supplier_claim"} <= kinds
        label = {"method": "parcel", "tracking": "RT1", "channel": "email"}
        await house.recorded(f"/v1/returns/{returned}/labels", label)
        (there,) = await items(house, f"/v1/returns?refund={refund}")
        assert there["status"] == "label_sent"
        came = {
            "goods": [
                {"line": 1, "quantity": 1, "condition": "empty"},
                {"line": 1, "quantity": 1, "condition": "unused"},
            ]
        }
        await house.recorded(f"/v1/returns/{returned}/arrivals", came)
        too_many = {"goods": [{"line": 1, "quantity": 2, "condition": "used"}]}
        refused = await house.owner.post(f"/v1/returns/{returned}/arrivals", too_many)
        assert (refused.status_code, refused.json()["figures"]["left"]) == (409, 1)
        no_reason = await house.owner.post(f"/v1/returns/{returned}/leaving", {})
        assert no_reason.json()["type"] == "/problems/reason-missing"
        await house.recorded(f"/v1/returns/{returned}/leaving", {"reason": "Moved abroad."})
        (item,) = await items(house, "/v1/returns?status=left")
        assert (item["empty"], item["unused"], item["left"], item["avoided"]) == (1, 1, 1, eur(350))

        filed = {"parts": [{"line": 1, "quantity": 2}], "sends_goods": True}
        receipt = await house.recorded(f"/v1/refunds/{refund}/supplier-claims", filed)
        claim = receipt["entries"][0]["data"]
        assert (claim["amount"], claim["supplier"]) == (eur(800), "Weavers")
        (on_hand,) = await items(house, "/v1/goods-on-hand?sku=CRUNCHY-ARMCHAIR")
        assert (on_hand["empty"], on_hand["sent"], on_hand["on_hand"]) == (1, 2, 0)
        await house.recorded(
            f"/v1/refunds/{refund}/supplier-claims/waiver", {"reason": "Not worth the postage."}
        )
        assert not {"return_label", "supplier_claim"} & {item["kind"] for item in await items(house, tasks)}
        settlement = f"/v1/supplier-claims/{claim['claim']}/settlement"
        paid = {"amount": eur(700), "reference": "RF18"}
        first = await house.recorded(settlement, paid)
        (settled,) = await items(house, "/v1/supplier-claims?status=part_settled")
        assert (settled["claimed"], settled["recovered"], settled["units"]) == (eur(800), eur(700), 2)
        assert (await house.recorded(settlement, paid))["entries"] == first["entries"], "the same money"
        rest = {"amount": eur(150), "reference": "RF19"}
        too_much = await house.owner.post(settlement, rest)
        assert (too_much.status_code, too_much.json()["figures"]["left"]) == (409, eur(100))
        await house.recorded(settlement, rest | {"reason": "They paid the postage too."})
        (settled,) = await items(house, "/v1/supplier-claims?status=settled")
        assert (settled["recovered"], settled["reference"]) == (eur(850), "RF19")
        (audited,) = await items(house, "/v1/refund-audit")
        assert (audited["recovered"], audited["claims_settled"]) == (eur(850), 1)
        assert "recovered_more_than_claimed" in audited["anomalies"].split()
        accounts = {item["account"]: item for item in await items(house, "/v1/trial-balance")}
        assert accounts["revenue:supplier recoveries"]["balance"] == eur(-850)
        assert accounts["assets:customers"]["balance"] == eur(-3000)  # owed, whatever became of the goods


async def test_a_claim_is_refused_and_given_up(fresh_house: House) -> None:
    house = fresh_house
    refund = await refunded(house, await delivered(house), 2)
    path = f"/v1/refunds/{refund}/supplier-claims"
    unknown = await house.owner.post(path, {})
    assert unknown.json()["type"] == "/problems/claim-amount-unknown"
    other = await house.owner.post(path, {"amount": {"amount": 1, "currency": "USD"}})
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "/amount/currency")
    one = {"amount": eur(400), "parts": [{"line": 1, "quantity": 1}]}
    claims = [(await house.recorded(path, one))["entries"][0]["data"]["claim"] for _ in range(2)]
    refused = await house.recorded(f"/v1/supplier-claims/{claims[0]}/refusal", {"note": "Worn."})
    assert refused["entries"][0]["data"]["note"] == "Worn."
    again = await house.owner.post(f"/v1/supplier-claims/{claims[0]}/waiver", {"reason": "why"})
    assert again.json()["type"] == "/problems/supplier-claim-answered"
    waived = await house.recorded(f"/v1/supplier-claims/{claims[1]}/waiver", {"reason": "Old friends."})
    assert waived["entries"][0]["meta"]["reason"] == "Old friends."


async def test_what_we_answer_for_is_read_by_window_and_what_is_left_of_it(
    ledger: Ledger, fresh_house: House
) -> None:
    house = fresh_house
    order = await delivered(house, 3)
    async with followed(ledger, house.book):
        (whole,) = await items(house, "/v1/guarantees")
        assert (whole["delivered"], whole["open"], whole["exposure"]) == (3, 3, eur(3000))
        await refunded(house, order, 2)
        (rest,) = await items(house, "/v1/guarantees?open=true")
        assert (rest["refunded"], rest["open"], rest["exposure"]) == (2, 1, eur(1000))
        assert rest["refunded_amount"] == eur(2000)
        later = f"/v1/guarantees?open=true&as_of={int(rest['guarantee_until'][:4]) + 1}-01-01T00:00:00Z"
        assert (await house.owner.get(later)).json()["items"] == []
        await refunded(house, order, 1)
        assert await items(house, "/v1/guarantees?open=true") == []
        assert len(await items(house, f"/v1/guarantees?order={order}")) == 1


async def test_return_rates_are_told_by_product_and_age(ledger: Ledger, fresh_house: House) -> None:
    house = fresh_house
    for quantity in (3, 5):
        order = await delivered(house, quantity)
    await refunded(house, order, 2)
    async with followed(ledger, house.book):
        rates = {item["age"]: item for item in await items(house, "/v1/return-rates")}
    told = ("units", "measured_by", "of_units", "basis_points")
    assert [rates["all"][name] for name in told] == [2, "delivered", 8, 2500]
    assert [rates["0-30"][name] for name in told] == [2, "delivered", 8, 2500]
    assert set(rates) == {"all", "0-30"}  # of no other age is there anything


async def test_pages_of_return_rates_leave_out_and_repeat_nothing(ledger: Ledger, fresh_house: House) -> None:
    """Hold a page only to what comes after its last sku → the ages of that sku are lost, and this fails."""
    house = fresh_house
    for sku in ("A", "B", "C"):
        line = {"sku": sku, "description": "Armchair", "quantity": 2, "unit_price": eur(1000)}
        order = await house.order(lines=[line])
        await house.recorded(f"/v1/orders/{order}/payments", payment_body(2000))
        shipment = await house.shipment(order, 2)
        await house.recorded(f"/v1/orders/{order}/deliveries", {"shipment": shipment})
        await refunded(house, order, 1)
    async with followed(ledger, house.book):
        for sort in ("sku", "-units"):
            asked = f"/v1/return-rates?sort={sort}"
            whole = await items(house, asked)
            pages, following = list[dict[str, Any]](), ""
            while following is not None:
                page = (await house.owner.get(f"{asked}&limit=1{following}")).json()
                pages += page["items"]
                following = f"&cursor={page['next']}" if page["has_more"] else None
            assert (len(pages), pages) == (6, whole)


async def test_what_was_refunded_on_the_way_is_no_part_of_what_arrived(
    ledger: Ledger, fresh_house: House
) -> None:
    """Count units that never arrived in `all`, or measure those under way by what arrived → this fails."""
    house = fresh_house
    order = await house.paid_order(3)
    shipment = await house.shipment(order, 3)
    await refunded(house, order, 2)
    arrived = {"shipment": shipment, "parts": [{"line": 1, "quantity": 1}]}

    async def rates() -> list[tuple[int, int, int]]:
        told = {item["age"]: item for item in await items(house, "/v1/return-rates")}
        return [
            (told[age]["units"], told[age]["of_units"], told[age]["basis_points"])
            for age in ("all", "before_delivery")
        ]

    async with followed(ledger, house.book):
        assert await rates() == [(0, 0, 0), (2, 3, 6667)]
        await house.recorded(f"/v1/orders/{order}/deliveries", arrived)
        assert await rates() == [(0, 1, 0), (2, 3, 6667)]
        await house.recorded(f"/v1/orders/{order}/deliveries", arrived)
        assert await rates() == [(1, 2, 5000), (2, 3, 6667)]
        await refunded(house, order, 1)
        assert await rates() == [(2, 2, 10_000), (2, 3, 6667)]


async def test_goods_are_valued_in_the_currency_of_their_refund(house: House) -> None:
    refund = await refunded(house, await delivered(house), 2)
    value = {"amount": 1, "currency": "USD"}
    asked = {"goods": [{"sku": uuid4().hex, "quantity": 1, "value": value}]}
    answer = await house.owner.post(f"/v1/refunds/{refund}/goods", asked)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/goods")
    nobody = {"goods": [{"sku": uuid4().hex, "quantity": 1}]}
    unknown = await house.owner.post(f"/v1/refunds/{refund}/goods", nobody)
    assert unknown.json()["type"] == "/problems/goods-value-unknown"


async def test_a_payout_follows_a_grant_over_http(ledger: Ledger, fresh_house: House) -> None:
    """Charged by the trial processor, refunded, and sent back by itself: the order owes nothing."""
    house = fresh_house
    house.book.gateway = TrialCards()
    order = await house.order(2)
    paid = payment_body(2000) | {"processor": "trial_cards"}
    await house.recorded(f"/v1/orders/{order}/payments", paid)
    shipment = await house.shipment(order, 2)
    await house.recorded(f"/v1/orders/{order}/deliveries", {"shipment": shipment})
    refund = await refunded(house, order, 2)
    said = await house.recorded(f"/v1/refunds/{refund}/settlement", {})
    assert [entry["type"] for entry in said["entries"]] == ["refund.payout_asked"]
    await Reactor(house.book, REACTIONS, ERRANDS).catch_up()
    events = (await house.owner.get(f"/v1/orders/{order}/events")).json()["items"]
    assert (events[-1]["type"], events[-1]["meta"]["origin"]) == ("refund.paid", "reaction")
    rules = (await house.owner.get("/v1/reactions")).json()["items"]
    failed = {rule["rule"]: rule["failures"] for rule in rules}
    assert failed["payout_follows_grant"] == []
