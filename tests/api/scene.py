"""A house in which every address names something, so that a test can go through all routes."""

import re
from typing import Any
from uuid import uuid4

from httpx2 import Response

from api.app import SECTIONS
from api.examples import EXAMPLES
from api.section import Declared
from tests.api.house import Caller, House, order_body, payment_body

DECLARED = [declared for section in SECTIONS for declared in section.declared]
"""Every route that needs a key."""
DECISIONS = [declared for declared in DECLARED if declared.decides]
QUESTIONS = [declared for declared in DECLARED if not declared.decides and not declared.streams]


def named(declared: Declared) -> str:
    """The operation, as a test's id."""
    return declared.endpoint.__name__


NEEDED = {"explain_account": "?account=assets:customers&currency=EUR"}
"""What some questions cannot do without."""


class Scene:
    """A house with a customer, a product, a cart, and a paid order of which one unit is under way."""

    def __init__(self, house: House, ids: dict[str, str], shipment: str) -> None:
        self.house, self.ids, self.shipment = house, ids, shipment
        self.new = uuid4().hex
        """A reference that nothing has claimed yet."""

    def names(self, declared: Declared) -> dict[str, str]:
        """What the address of a route names, as it is called in this book."""
        order = self.ids["cart"] if declared.path.startswith("/v1/carts") else self.ids["order"]
        known = self.ids | {"order": order}
        if named(declared) == "correct_entry":
            known["position"] = self.ids["payment"]
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
            case "capture_payment":
                body |= {"amount": {"amount": 1000, "currency": "EUR"}, "reference": self.new}
            case "list_product":
                body["sku"] = self.new
            case "adopt_policy":  # another than the last one, which would change nothing
                body["edition"] = body["edition"] | {"backdating_days": 90 + int(self.new, 16) % 30_000}
            case "register_customer":
                body["external_ref"] = self.new
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
        return await caller.get(path if query else path + NEEDED.get(named(declared), ""), **sent)


async def scene_in(house: House) -> Scene:
    """Something under every kind of address."""
    registered = await house.recorded(
        "/v1/customers",
        {"name": "Ann", "contact_points": [{"kind": "email", "value": "ann@example.com"}]},
    )
    customer = registered["subject"]
    point = registered["entries"][0]["data"]["contact_points"][0]["id"]
    order = (await house.recorded("/v1/orders", order_body(3, customer_id=customer)))["subject"]
    paid = await house.recorded(f"/v1/orders/{order}/payments", payment_body(2000))
    shipment = await house.shipment(order)
    cart = (await house.recorded("/v1/carts", EXAMPLES["prepare_cart"]))["subject"]
    listed = await house.recorded("/v1/products", EXAMPLES["list_product"] | {"sku": uuid4().hex})
    ids = {
        "customer": customer,
        "contact_point": point,
        "order": order,
        "cart": cart,
        "product": listed["subject"],
        "position": "1",
        "payment": str(paid["position"]),
    }
    return Scene(house, ids, shipment)
