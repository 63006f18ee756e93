"""The bare yardstick: each request is one `save`, and nothing more is promised.

It takes anybody's word: no API key, no Idempotency-Key, and no reference is unique. A request sent twice is
recorded twice.

Run: POSTGRES_DBNAME=… POSTGRES_HOST=… POSTGRES_PORT=… POSTGRES_USER=… POSTGRES_PASSWORD=… \
     uvicorn --factory benchmarks.baseline.bare:create
"""

import os
from collections.abc import Mapping
from uuid import UUID

from eventsourcing.application import Application
from fastapi import FastAPI

from benchmarks.baseline.endpoints import (
    Answer,
    NewOrder,
    NewPayment,
    answer,
    application,
    goods_of,
    person_of,
)
from benchmarks.baseline.orders import Customer, Goods, Order, Person


class Orders(Application[UUID]):
    """Place orders and capture payments, each with one `save`."""

    def place(self, person: Person, goods: Goods) -> Order:
        """A new customer and their order, saved in one transaction."""
        customer = Customer(**person)
        order = Order(customer_id=customer.id, **goods)
        self.save(customer, order)
        return order

    def capture(self, order_id: UUID, amount: int, currency: str, processor: str, reference: str) -> Order:
        """The order with the payment recorded. Raises: AggregateNotFoundError, NotAcceptable."""
        order: Order = self.repository.get(order_id)
        order.capture(amount, currency, processor, reference)
        self.save(order)
        return order


def create(environment: Mapping[str, str] = os.environ) -> FastAPI:
    """The application, on the database that POSTGRES_* names."""
    orders = Orders(env={"PERSISTENCE_MODULE": "eventsourcing.postgres", **environment})
    app = application(orders)

    @app.post("/v1/orders", status_code=201)
    def place_order(body: NewOrder) -> Answer:
        return answer(orders.place(person_of(body), goods_of(body)))

    @app.post("/v1/orders/{order_id}/payments", status_code=201)
    def capture_payment(order_id: UUID, body: NewPayment) -> Answer:
        money = body.amount
        return answer(orders.capture(order_id, money.amount, money.currency, body.processor, body.reference))

    return app
