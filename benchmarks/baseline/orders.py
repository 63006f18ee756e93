"""What both yardsticks record, plainly: `@event` methods with checks before them."""

from typing import TypedDict
from uuid import UUID

from eventsourcing.domain import Aggregate, event


class NotAcceptable(Exception):
    """The order or the payment breaks a rule; the message says which."""


class PricedLine(TypedDict):
    """One line, its amounts in minor units."""

    sku: str
    description: str
    quantity: int
    unit_price: int
    discount: int
    tax: int


class Goods(TypedDict):
    """What an order holds, in minor units of one currency."""

    channel: str
    external_ref: str
    currency: str
    lines: list[PricedLine]
    total: int


class Person(TypedDict):
    """A customer as the caller knows them."""

    channel: str
    external_ref: str
    name: str
    contact_points: list[dict[str, str]]


class Customer(Aggregate):
    """Whoever orders."""

    @event("Registered")
    def __init__(
        self, channel: str, external_ref: str, name: str, contact_points: list[dict[str, str]]
    ) -> None:
        self.channel = channel
        self.external_ref = external_ref
        self.name = name
        self.contact_points = contact_points


class Order(Aggregate):
    """What was ordered and what was paid for it."""

    @event("Placed")
    def __init__(
        self,
        customer_id: UUID,
        channel: str,
        external_ref: str,
        currency: str,
        lines: list[PricedLine],
        total: int,
    ) -> None:
        self.customer_id = customer_id
        self.channel = channel
        self.external_ref = external_ref
        self.currency = currency
        self.lines = lines
        self.total = total
        self.paid = 0
        self.captured: dict[str, int] = {}

    def capture(self, amount: int, currency: str, processor: str, reference: str) -> bool:
        """Record the payment; False where the same one is recorded already. Raises: NotAcceptable."""
        if currency != self.currency:
            raise NotAcceptable(f"the order is in {self.currency}")
        recorded = self.captured.get(f"{processor}/{reference}")
        if recorded == amount:
            return False
        if recorded is not None:
            raise NotAcceptable("the reference is recorded with another amount")
        if not 0 < amount <= self.total - self.paid:
            raise NotAcceptable("the payment is more than what is still to pay")
        self._capture(amount=amount, processor=processor, reference=reference)
        return True

    @event("PaymentCaptured")
    def _capture(self, amount: int, processor: str, reference: str) -> None:
        self.paid += amount
        self.captured[f"{processor}/{reference}"] = amount
