"""What both yardsticks say over HTTP: strict bodies, the answer, refusals as statuses."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from benchmarks.baseline.orders import Goods, NotAcceptable, Order, Person, PricedLine

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_.-]{1,80}$")]
"""A name that others are told apart by; it holds no slash."""
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class Body(BaseModel):
    """A JSON object with known members only; nothing is converted silently."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Money(Body):
    """An amount in whole minor units."""

    amount: Annotated[int, Field(ge=0, le=10**12)]
    currency: Currency


class ContactPoint(Body):
    """Where the customer can be reached."""

    kind: Text
    value: Text


class NewCustomer(Body):
    """The customer, given with the order."""

    external_ref: Name
    name: Text
    contact_points: list[ContactPoint] = []


class Line(Body):
    """One line of the order; discount and tax are those of the whole line."""

    sku: Text
    description: Text
    quantity: Annotated[int, Field(gt=0, le=10**6)]
    unit_price: Money
    discount: Money | None = None
    tax: Money | None = None


class NewOrder(Body):
    """An order as it is placed."""

    channel: Name
    external_ref: Name
    customer: NewCustomer
    lines: Annotated[list[Line], Field(min_length=1)]
    shipping: Money | None = None


class NewPayment(Body):
    """A payment as it was captured."""

    amount: Money
    processor: Name
    reference: Name


class Answer(BaseModel):
    """The order as it stands after what was asked; amounts in its currency's minor units."""

    id: UUID
    version: int
    customer: UUID
    currency: str
    total: int
    paid: int


def application(orders: Application[UUID]) -> FastAPI:
    """An application without endpoints yet, which closes `orders` with itself."""

    @asynccontextmanager
    async def closing(_: FastAPI) -> AsyncGenerator[None]:
        yield
        orders.close()

    app = FastAPI(lifespan=closing)
    answer_refusal(app, NotAcceptable, 409)
    answer_refusal(app, AggregateNotFoundError, 404)
    return app


def answer_refusal(app: FastAPI, refusal: type[Exception], status: int) -> None:
    """Answer with that status where the refusal is raised."""

    async def answered(_: Request, refused: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(refused)}, status)

    app.add_exception_handler(refusal, answered)


def answer(order: Order) -> Answer:
    """What the caller is told of the order."""
    return Answer(
        id=order.id,
        version=order.version,
        customer=order.customer_id,
        currency=order.currency,
        total=order.total,
        paid=order.paid,
    )


def person_of(body: NewOrder) -> Person:
    """The customer a body describes."""
    customer = body.customer
    return {
        "channel": body.channel,
        "external_ref": customer.external_ref,
        "name": customer.name,
        "contact_points": [point.model_dump() for point in customer.contact_points],
    }


def goods_of(body: NewOrder) -> Goods:
    """What a body asks for, priced. Raises: NotAcceptable."""
    currency = body.lines[0].unit_price.currency
    lines = [_priced(line, currency) for line in body.lines]
    return {
        "channel": body.channel,
        "external_ref": body.external_ref,
        "currency": currency,
        "lines": lines,
        "total": sum(map(_total, lines)) + _minor(body.shipping, currency),
    }


def _priced(line: Line, currency: str) -> PricedLine:
    return {
        "sku": line.sku,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": _minor(line.unit_price, currency),
        "discount": _minor(line.discount, currency),
        "tax": _minor(line.tax, currency),
    }


def _minor(money: Money | None, currency: str) -> int:
    if money is None:
        return 0
    if money.currency != currency:
        raise NotAcceptable("one currency per order")
    return money.amount


def _total(line: PricedLine) -> int:
    price = line["quantity"] * line["unit_price"]
    if line["discount"] > price:
        raise NotAcceptable("the discount is more than its line")
    return price - line["discount"] + line["tax"]
