"""The two endpoints over `Application.save`: FastAPI, sync handlers, pydantic, the default pool and threads.

Run: POSTGRES_DBNAME=… POSTGRES_HOST=… POSTGRES_USER=… POSTGRES_PASSWORD=… \
     uvicorn --factory benchmarks.baseline.app:create
"""

import os
from typing import Annotated, Any
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field, StringConstraints

from benchmarks.baseline.orders import NotAcceptable, Order, Orders

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class Money(BaseModel):
    """An amount in whole minor units."""

    amount: Annotated[int, Field(ge=0)]
    currency: Currency


class ContactPoint(BaseModel):
    """Where the customer can be reached."""

    kind: Text
    value: Text


class NewCustomer(BaseModel):
    """The customer, given with the order."""

    external_ref: Text
    name: Text
    contact_points: list[ContactPoint] = []


class Line(BaseModel):
    """One line of the order."""

    sku: Text
    description: Text
    quantity: Annotated[int, Field(gt=0)]
    unit_price: Money
    discount: Money | None = None
    tax: Money | None = None


class NewOrder(BaseModel):
    """An order as it is placed."""

    channel: Text
    external_ref: Text
    customer: NewCustomer
    lines: Annotated[list[Line], Field(min_length=1)]
    shipping: Money | None = None


class NewPayment(BaseModel):
    """A payment as it was captured."""

    amount: Money
    processor: Text
    reference: Text


def create() -> FastAPI:
    """The application, on the database the POSTGRES_* environment names."""
    app = FastAPI()
    orders = Orders(env={"PERSISTENCE_MODULE": "eventsourcing.postgres", **os.environ})

    @app.post("/v1/orders", status_code=201)
    def place_order(body: NewOrder) -> dict[str, Any]:
        currency = body.lines[0].unit_price.currency

        def minor(money: Money | None) -> int:
            if money is None:
                return 0
            if money.currency != currency:
                raise HTTPException(422, "one currency per order")
            return money.amount

        lines = [
            {
                "sku": line.sku,
                "description": line.description,
                "quantity": line.quantity,
                "unit_price": minor(line.unit_price),
                "discount": minor(line.discount),
                "tax": minor(line.tax),
            }
            for line in body.lines
        ]
        try:
            order = orders.place(
                body.customer.model_dump(),
                body.channel,
                body.external_ref,
                currency,
                lines,
                minor(body.shipping),
            )
        except NotAcceptable as refused:
            raise HTTPException(409, str(refused)) from refused
        return shown(order)

    @app.post("/v1/orders/{order_id}/payments", status_code=201)
    def capture_payment(order_id: UUID, body: NewPayment) -> dict[str, Any]:
        try:
            order = orders.capture(
                order_id, body.amount.amount, body.amount.currency, body.processor, body.reference
            )
        except AggregateNotFoundError as missing:
            raise HTTPException(404, "no such order") from missing
        except NotAcceptable as refused:
            raise HTTPException(409, str(refused)) from refused
        return shown(order)

    return app


def shown(order: Order) -> dict[str, Any]:
    """The order as the response body says it."""
    return {
        "id": str(order.id),
        "customer": str(order.customer_id),
        "channel": order.channel,
        "external_ref": order.external_ref,
        "currency": order.currency,
        "lines": order.lines,
        "total": {"amount": order.total, "currency": order.currency},
        "paid": {"amount": order.paid, "currency": order.currency},
        "version": order.version,
    }
