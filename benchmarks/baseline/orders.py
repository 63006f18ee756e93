"""Two aggregates and an application, plainly: `@event` methods, checks before them, the default recorder."""

from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event


class NotAcceptable(Exception):
    """The order or the payment breaks a rule; the message says which."""


class Customer(Aggregate):
    """Whoever orders."""

    @event("Registered")
    def __init__(self, external_ref: str, name: str, contact_points: list[dict[str, str]]) -> None:
        self.external_ref = external_ref
        self.name = name
        self.contact_points = contact_points


class Order(Aggregate):
    """What was ordered and what was paid for it, in whole minor units of one currency."""

    @event("Placed")
    def __init__(
        self,
        customer_id: UUID,
        channel: str,
        external_ref: str,
        currency: str,
        lines: list[dict[str, Any]],
        total: int,
    ) -> None:
        self.customer_id = customer_id
        self.channel = channel
        self.external_ref = external_ref
        self.currency = currency
        self.lines = lines
        self.total = total
        self.paid = 0
        self.references: list[str] = []

    def capture(self, amount: int, currency: str, processor: str, reference: str) -> None:
        """Record the payment. Raises: NotAcceptable."""
        if currency != self.currency:
            raise NotAcceptable(f"the order is in {self.currency}")
        if not 0 < amount <= self.total - self.paid:
            raise NotAcceptable("the payment is more than what is still to pay")
        if f"{processor}/{reference}" in self.references:
            raise NotAcceptable("the payment is recorded already")
        self._capture(amount=amount, processor=processor, reference=reference)

    @event("PaymentCaptured")
    def _capture(self, amount: int, processor: str, reference: str) -> None:
        self.paid += amount
        self.references.append(f"{processor}/{reference}")


def total_of(lines: list[dict[str, Any]], shipping: int) -> int:
    """What the order costs. Raises: NotAcceptable if a discount is more than its line."""
    total = shipping
    for line in lines:
        price = line["quantity"] * line["unit_price"]
        if line["discount"] > price:
            raise NotAcceptable("the discount is more than its line")
        total += price - line["discount"] + line["tax"]
    return total


class Orders(Application[UUID]):
    """Place orders and capture payments, each with one `save`."""

    def place(
        self,
        customer: dict[str, Any],
        channel: str,
        external_ref: str,
        currency: str,
        lines: list[dict[str, Any]],
        shipping: int,
    ) -> Order:
        """A new customer and their order, saved in one transaction."""
        buyer = Customer(**customer)
        order = Order(
            customer_id=buyer.id,
            channel=channel,
            external_ref=external_ref,
            currency=currency,
            lines=lines,
            total=total_of(lines, shipping),
        )
        self.save(buyer, order)
        return order

    def capture(self, order_id: UUID, amount: int, currency: str, processor: str, reference: str) -> Order:
        """The order with the payment recorded. Raises: AggregateNotFoundError, NotAcceptable."""
        order: Order = self.repository.get(order_id)
        order.capture(amount, currency, processor, reference)
        self.save(order)
        return order
