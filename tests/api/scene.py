"""A house in which every address names something, so that a test can go through all routes."""

import re
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import uuid4

from httpx2 import Response

from api.app import SECTIONS
from api.examples import EXAMPLES
from api.section import Declared
from domain.orders.order import Placed
from ledger.errors import OutOfReach
from ledger.processors.gateway import Charge, Charged, ChargeDeclined
from ledger.processors.trial_cards import TrialCards
from tests.api.house import Caller, House, eur, order_body, payment_body, shipment_body

EVERY = [declared for section in SECTIONS for declared in section.declared]
"""Every route that is not public."""
DECLARED = [declared for declared in EVERY if not declared.signed]
"""Every route that needs a key."""
DECISIONS = [declared for declared in DECLARED if declared.decides]
QUESTIONS = [declared for declared in DECLARED if not declared.decides and not declared.streams]


def named(declared: Declared) -> str:
    """The operation, as a test's id."""
    return declared.endpoint.__name__


NEEDED = {
    "explain_account": "?account=assets:customers&currency=EUR",
    "explain_figure": "?key={customer},EUR&column=charged",
}
"""What some questions cannot do without."""


ELSEWHERE = {
    "/v1/carts/": "cart",
    "/v1/watched-orders/": "reviewed",
    "/v1/orders/{order}/credit": "watched",
    "/v1/orders/{order}/disputes": "disputed",
    "/v1/orders/{order}/payment-reversals": "disputed",
}
"""Addresses whose order is another one than the paid one."""
MONTHS = count(1900 * 12)
"""Months to close, each later than the one before."""


def closable_month() -> str:
    """A month later than any that is closed."""
    year, month = divmod(next(MONTHS), 12)
    return f"{year:04}-{month + 1:02}"


class Scene:
    """A house with a customer, a product, a cart, and a paid order of which one unit is under way.

    The customer has credit, an overdue bill and a newer order; another order's payment was taken back; goods
    of a refund are asked back.
    """

    def __init__(self, house: House, ids: dict[str, str], shipment: str, refunds: "Refunds | None") -> None:
        self.house, self.ids, self.shipment, self.refunds = house, ids, shipment, refunds
        self.new = uuid4().hex
        """A reference that nothing has claimed yet."""
        self.month = closable_month()

    def names(self, declared: Declared) -> dict[str, str]:
        """What the address of a route names, as it is called in this book."""
        place = (name for beginning, name in ELSEWHERE.items() if declared.path.startswith(beginning))
        order = "declined" if declared.tag in ("declines", "charges") else next(place, "order")
        known = self.ids | {"order": self.ids.get(order, self.ids["order"])}
        if self.refunds is not None and declared.tag in ("refunds", "payouts"):
            known["refund"] = self.refunds.of(named(declared))
        if named(declared) == "return_money":
            known["unmatched"] = self.ids["returned"]
        if named(declared) == "record_failed_return":
            known["unmatched"] = self.ids["went_back"]
        if named(declared) == "withdraw_store_credit":
            known["credit"] = self.ids["unwanted"]
        if named(declared) == "abandon_charge":
            known |= {"order": self.ids["unresolved"], "payment": self.ids["attempt"]}
        if named(declared) == "close_notice":
            known["position"] = self.ids["notice"]
        if named(declared) == "correct_entry":
            known["position"] = self.ids["captured"]
        if named(declared) == "explain_figure":
            known["projection"] = "customer_balance"
        return {name: known[name] for name in re.findall(r"{(\w+)}", declared.path)}

    def path(self, declared: Declared) -> str:
        """The address of a route, naming what is in this book."""
        return declared.path.format_map(self.names(declared))

    def body(self, declared: Declared) -> dict[str, Any]:
        """A body the route takes: the documented example, about what is in this book."""
        body = dict(EXAMPLES[named(declared)])
        match named(declared):
            case "deliver_shipment":
                body["shipment"] = self.shipment
            case "charge_card":
                body["payment_method"] = self.ids["card"]
            case "capture_payment":
                body |= {"amount": {"amount": 1000, "currency": "EUR"}, "reference": self.new}
            case "record_payment_failure":
                body["amount"] = eur(100)  # which the declined order still needs
            case "open_dispute":
                body["payment"] = self.ids["payment"]
            case "reverse_payment":
                body |= {"payment": self.ids["payment"], "reference": self.new}
            case "close_period":
                body["month"] = self.month
            case "record_returned_payout" if self.refunds is not None:
                body["payout"] = self.refunds.payout
            case "dismiss_fraud_signal" if self.refunds is not None:
                body["refund"] = self.refunds.signalled
            case "return_money":
                body["reference"] = f"re_{self.new}"
            case "record_failed_return":
                body["settlement"] = self.ids["settlement"]
            case "assign_money":
                body["order"] = self.ids["order"]
            case "list_product":
                body["sku"] = self.new
            case "adopt_policy":  # another than the last one, which would change nothing
                body["edition"] = body["edition"] | {"backdating_days": 90 + int(self.new, 16) % 30_000}
            case "register_customer":
                body["external_ref"] = self.new
            case "settle_refund" | "reinstate_payment":  # other money than what was captured under its own
                body["reference"] = f"{named(declared)}_{self.new}"
            case _:
                pass
        return body

    async def ask(self, declared: Declared, caller: Caller, query: str = "", **sent: Any) -> Response:
        """What the route answers to that caller."""
        path = self.path(declared) + query
        if declared.decides:
            return await caller.post(path, sent.pop("body", self.body(declared)), **sent)
        if declared.repeatable:
            return await caller.post(path, sent.pop("body", {}), **sent)
        return await caller.get(
            path if query else path + NEEDED.get(named(declared), "").format_map(self.ids), **sent
        )


async def declined_in(house: House) -> dict[str, str]:
    """An order on hold of a new customer with a card on file, whom nobody has reached in three weeks."""
    house.book.gateway = TrialCards()
    then = (datetime.now(UTC) - timedelta(days=21)).isoformat(timespec="seconds").replace("+00:00", "Z")
    who = {"contact_points": [{"kind": "email", "value": "bea@example.com"}], "effective_at": then}
    registered = await house.recorded("/v1/customers", who)
    customer, point = registered["subject"], registered["entries"][0]["data"]["contact_points"][0]["id"]
    card = EXAMPLES["store_payment_method"] | {"token": "pm_1NxTok8Example"}
    stored = await house.recorded(f"/v1/customers/{customer}/payment-methods", card)
    ordered = order_body(3, customer_id=customer, effective_at=then)
    order = (await house.recorded("/v1/orders", ordered))["subject"]
    failure = EXAMPLES["record_payment_failure"] | {"effective_at": then, "reference": "ch_scene"}
    failure |= {"amount": eur(3000)}
    await house.recorded(f"/v1/orders/{order}/payment-failures", failure)
    tried = {"channel": "email", "contact_point": point, "reached": False}
    for _ in range(5):
        await house.recorded(f"/v1/orders/{order}/contact-attempts", tried)
    method = stored["entries"][0]["data"]["payment_method"]
    return {"declined": order, "card": method, **await _unresolved(house, customer, method)}


class NeverReached(TrialCards):
    """A processor that is out of reach, and was taken off."""

    processor = "card_machine"

    async def charge(self, charge: Charge) -> Charged | ChargeDeclined:
        raise OutOfReach("the line is dead")


async def _unresolved(house: House, customer: str, card: str) -> dict[str, str]:
    """An order of which nobody knows what became of a charge, and no processor that is connected either."""
    order = (await house.recorded("/v1/orders", order_body(1, customer_id=customer)))["subject"]
    connected, house.book.gateway = house.book.gateway, NeverReached()
    await house.agent.post(f"/v1/orders/{order}/charges", {"payment_method": card})
    house.book.gateway = connected
    state = await house.book.state(order)
    assert isinstance(state, Placed)
    return {"unresolved": order, "attempt": next(iter(state.declines.attempts))}


async def scene_in(house: House, declared: Declared | None = None) -> Scene:
    """Something under every kind of address; declines and refunds only for routes about them, or for all."""
    registered = await house.recorded(
        "/v1/customers",
        {"name": "Ann", "contact_points": [{"kind": "email", "value": "ann@example.com"}]},
    )
    customer = registered["subject"]
    point = registered["entries"][0]["data"]["contact_points"][0]["id"]
    bill = await _overdue_bill(house, customer)
    order = (await house.recorded("/v1/orders", order_body(3, customer_id=customer)))["subject"]
    paid = await house.recorded(f"/v1/orders/{order}/payments", payment_body(2000))
    shipment = await house.shipment(order)
    watched = (await house.recorded("/v1/orders", order_body(1, customer_id=customer)))["subject"]
    credit = f"/v1/customers/{customer}/credit"
    await house.recorded(credit, EXAMPLES["grant_store_credit"])
    above = EXAMPLES["grant_store_credit"] | {"amount": eur(5001)}
    waiting = [(await house.agent.post(credit, above)).json()["entries"][0]["data"] for _ in range(2)]
    cart = (await house.recorded("/v1/carts", EXAMPLES["prepare_cart"]))["subject"]
    listed = await house.recorded("/v1/products", EXAMPLES["list_product"] | {"sku": uuid4().hex})
    ids = {
        "customer": customer,
        "credit": waiting[0]["credit"],
        "unwanted": waiting[1]["credit"],
        "contact_point": point,
        "order": order,
        "captured": str(paid["position"]),
        "watched": watched,
        "bill": bill,
        "cart": cart,
        "product": listed["subject"],
        "position": "1",
        **await _taken_back(house),
        "reviewed": await _watched(house),
        "unmatched": await house.unmatched(1000),
        "returned": await house.unmatched(1000),
        **await _went_back(house),
        "notice": await house.notice_of_no_currency(),
    }
    if declared is None or declared.tag in ("declines", "charges"):
        ids |= await declined_in(house)
    if declared is None or declared.tag in ("returns", "suppliers"):
        ids |= await returned_in(house)
    about_refunds = declared is None or declared.tag in ("refunds", "payouts")
    refunds = await refunds_in(house, customer) if about_refunds else None
    return Scene(house, ids, shipment, refunds)


async def _overdue_bill(house: House, customer: str) -> str:
    """A bill of 45 days ago, about which the customer was reached."""
    when = {"effective_at": (datetime.now(UTC) - timedelta(days=45)).isoformat(timespec="seconds")}
    placed = order_body(1, customer_id=customer, terms="bill_after") | when
    order = (await house.recorded("/v1/orders", placed))["subject"]
    shipped = await house.recorded(f"/v1/orders/{order}/shipments", shipment_body() | when)
    bill = shipped["entries"][1]["data"]["bill"]
    await house.recorded(f"/v1/bills/{bill}/calls", EXAMPLES["record_collection_call"])
    return bill


async def _watched(house: House) -> str:
    """An order of a customer whose bill is overdue, and stays so."""
    customer = (await house.recorded("/v1/customers", {"name": "Cleo"}))["subject"]
    await _overdue_bill(house, customer)
    return (await house.recorded("/v1/orders", order_body(1, customer_id=customer)))["subject"]


async def _went_back(house: House) -> dict[str, str]:
    """Money without a place that went back, and what that return is called."""
    money = await house.unmatched(1000)
    receipt = await house.recorded(f"/v1/unmatched/{money}/return", {"reference": f"re_{uuid4().hex}"})
    return {"went_back": money, "settlement": receipt["entries"][0]["data"]["settlement"]}


async def _taken_back(house: House) -> dict[str, str]:
    """An order of whose payment one half was disputed and taken back."""
    order = await house.order(2)
    paid = await house.recorded(f"/v1/orders/{order}/payments", payment_body(2000))
    payment = {"payment": paid["entries"][0]["data"]["payment"], "amount": eur(1000)}
    opened = await house.recorded(f"/v1/orders/{order}/disputes", EXAMPLES["open_dispute"] | payment)
    reversal = EXAMPLES["reverse_payment"] | payment | {"reference": uuid4().hex}
    taken = await house.recorded(f"/v1/orders/{order}/payment-reversals", reversal)
    return {
        "disputed": order,
        "payment": payment["payment"],
        "dispute": opened["entries"][0]["data"]["dispute"],
        "reversal": taken["entries"][0]["data"]["reversal"],
    }


async def returned_in(house: House) -> dict[str, str]:
    """A refund of three delivered units, which are asked back and of which one is claimed."""
    order = await house.order(3)
    await house.recorded(f"/v1/orders/{order}/payments", payment_body(3000))
    shipment = await house.shipment(order, 3)
    await house.recorded(f"/v1/orders/{order}/deliveries", {"shipment": shipment})
    parts = {"parts": [{"line": 1, "quantity": 3}]}
    refund = refund_in(await house.recorded(f"/v1/orders/{order}/refunds", parts))
    back = await house.recorded(f"/v1/refunds/{refund}/goods", {})
    filed = await house.recorded(f"/v1/refunds/{refund}/supplier-claims", EXAMPLES["file_supplier_claim"])
    return {
        "refund": refund,
        "goods_return": back["entries"][0]["data"]["goods_return"],
        "claim": filed["entries"][0]["data"]["claim"],
    }


class Refunds(NamedTuple):
    """A customer's refunds, as far as each has come."""

    requested: str
    granted: str
    paid: str
    payout: str
    signalled: str

    def of(self, operation: str) -> str:
        """The refund that operation can be about."""
        match operation:
            case "approve_refund" | "withdraw_refund":
                return self.requested
            case "record_returned_payout":
                return self.paid
            case _:
                return self.granted


async def refunds_in(house: House, customer: str) -> Refunds:
    """One asked for, one granted, one paid; the third within days is a signal."""
    order = (await house.recorded("/v1/orders", order_body(9, customer_id=customer)))["subject"]
    await house.recorded(f"/v1/orders/{order}/payments", payment_body(9000))
    await house.shipment(order, 9)
    path, parts = f"/v1/orders/{order}/refunds", [{"line": 1, "quantity": 1}]
    asked = await house.owner.post(path, {"parts": parts, "only_request": True})
    assert asked.status_code == 202
    three = [refund_in(await house.recorded(path, {"parts": parts})) for _ in range(3)]
    settled = await house.recorded(f"/v1/refunds/{three[0]}/settlement", {})
    payout = settled["entries"][0]["data"]["payout"]
    return Refunds(refund_in(asked.json()), three[1], three[0], payout, three[2])


def refund_in(receipt: dict[str, Any]) -> str:
    """The refund a receipt is about."""
    return receipt["entries"][0]["data"]["refund"]
