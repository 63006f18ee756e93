"""The yardstick that keeps the same contract to its caller as Makegood, by the means the library documents.

- Who calls: an API key, whose SHA-256 is looked up in memory.
- Idempotency-Key: the same key and request again is answered the same, and records nothing; another request
  under it is refused with 422.
- An order's external reference is unique in its channel. A customer given inline is the one whose reference
  the channel knows, else new. A processor's reference counts once: again with the same amount it records
  nothing, with another amount or for another order it is refused with 409.

What must be unique is the id of an aggregate, a version 5 UUID of the name, as in the library's example of a
wiki; all aggregates of a request go into one `save`, so the database refuses the second of two at once, and
the library's `retry` looks again. Customers and orders carry such ids themselves, so no index aggregates are
needed for them.

Makegood does more for the same request, which this leaves out in its own favour: no text is sealed under a
customer's key, there is no blind index to find a customer by email, no hash chain, no policy, standing,
guarantee or deadline frozen with the order, no roles; of the bodies it knows only what the benchmark sends.

Run: as `benchmarks.baseline.bare`, with BENCH_API_KEY=… and `benchmarks.baseline.contract:create`.
"""

import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, NamedTuple, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError
from eventsourcing.utils import retry
from fastapi import Depends, FastAPI, Header, Request

from benchmarks.baseline.endpoints import (
    Answer,
    NewOrder,
    NewPayment,
    answer,
    answer_refusal,
    application,
    goods_of,
    person_of,
)
from benchmarks.baseline.orders import Customer, Goods, NotAcceptable, Order, Person

API_KEY = "BENCH_API_KEY"
"""The environment variable with the one API key there is."""
ATTEMPTS = 10

Found = TypeVar("Found", bound=Aggregate)


class Unauthenticated(Exception):
    """Nobody holds this API key."""


class KeyReused(Exception):
    """The Idempotency-Key was used for another request."""


class Asked(NamedTuple):
    """Who asks, under which Idempotency-Key, and a digest of what."""

    person: str
    key: str
    digest: str


class KnownCustomer(Customer):
    """A customer that no other customer of the channel shares the reference with."""

    @staticmethod
    def create_id(channel: str, external_ref: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/customers/{channel}/{external_ref}")


class KnownOrder(Order):
    """An order that no other order of the channel shares the reference with."""

    @staticmethod
    def create_id(channel: str, external_ref: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/orders/{channel}/{external_ref}")


class Payment(Aggregate):
    """Which order a processor's reference was captured for."""

    @event("Captured")
    def __init__(self, processor: str, reference: str, order_id: UUID) -> None:
        self.order_id = order_id

    @staticmethod
    def create_id(processor: str, reference: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/payments/{processor}/{reference}")


class Receipt(Aggregate):
    """What was asked under an Idempotency-Key, and the version of the order that answered it."""

    @event("Given")
    def __init__(self, person: str, key: str, digest: str, order_id: UUID, order_version: int) -> None:
        self.digest = digest
        self.order_id = order_id
        self.order_version = order_version

    @staticmethod
    def create_id(person: str, key: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/receipts/{person}/{key}")


class Orders(Application[UUID]):
    """Place orders and capture payments: a request is looked up by its key, then recorded with one `save`."""

    @retry(IntegrityError, max_attempts=ATTEMPTS)
    def place(self, asked: Asked, person: Person, goods: Goods) -> Order:
        """The order, and the customer unless the channel knows them. Raises: KeyReused, NotAcceptable."""
        if (answered := self._answered(asked)) is not None:
            return answered
        customer_id = KnownCustomer.create_id(person["channel"], person["external_ref"])
        new = [] if customer_id in self.repository else [KnownCustomer(**person)]
        order = KnownOrder(customer_id=customer_id, **goods)
        receipt = Receipt(*asked, order_id=order.id, order_version=order.version)
        try:
            self.save(*new, order, receipt)
        except IntegrityError:
            # In this order: whoever placed it under our own key has saved both at once.
            if order.id in self.repository and receipt.id not in self.repository:
                raise NotAcceptable("external_ref is that of another order") from None
            raise
        return order

    @retry(IntegrityError, max_attempts=ATTEMPTS)
    def capture(
        self, asked: Asked, order_id: UUID, amount: int, currency: str, processor: str, reference: str
    ) -> Order:
        """The order with the payment recorded. Raises: AggregateNotFoundError, KeyReused, NotAcceptable."""
        if (answered := self._answered(asked)) is not None:
            return answered
        order: KnownOrder = self.repository.get(order_id)
        is_new = order.capture(amount, currency, processor, reference)
        new = [Payment(processor, reference, order_id)] if is_new else []
        receipt = Receipt(*asked, order_id=order_id, order_version=order.version)
        try:
            self.save(order, *new, receipt)
        except IntegrityError:
            payment = self._found(Payment, Payment.create_id(processor, reference))
            if payment is not None and payment.order_id != order_id:
                raise NotAcceptable("the reference is recorded for another order") from None
            raise
        return order

    def _answered(self, asked: Asked) -> Order | None:
        """The order as this very request was answered before. Raises: KeyReused."""
        receipt = self._found(Receipt, Receipt.create_id(asked.person, asked.key))
        if receipt is None:
            return None
        if receipt.digest != asked.digest:
            raise KeyReused("the Idempotency-Key was used for another request")
        return self.repository.get(receipt.order_id, version=receipt.order_version)

    def _found(self, _: type[Found], aggregate_id: UUID) -> Found | None:
        try:
            found: Found = self.repository.get(aggregate_id)
        except AggregateNotFoundError:
            return None
        return found


def create(environment: Mapping[str, str] = os.environ) -> FastAPI:
    """The application, on the database that POSTGRES_* names."""
    orders = Orders(env={"PERSISTENCE_MODULE": "eventsourcing.postgres", **environment})
    app = application(orders)
    answer_refusal(app, Unauthenticated, 401)
    answer_refusal(app, KeyReused, 422)
    persons = {_digest(environment[API_KEY].encode()): "clerk"}

    # Asynchronous: it waits for nothing, and would otherwise take a thread of the pool for itself.
    async def asked(
        request: Request,
        idempotency_key: Annotated[str, Header(pattern="^[A-Za-z0-9._:/+=-]{1,128}$")],
        authorization: Annotated[str, Header()] = "",
    ) -> Asked:
        person = persons.get(_digest(authorization.removeprefix("Bearer ").encode()))
        if person is None:
            raise Unauthenticated("no such API key")
        return Asked(
            person, idempotency_key, _digest(request.url.path.encode() + b"\n" + await request.body())
        )

    @app.post("/v1/orders", status_code=201)
    def place_order(body: NewOrder, asked: Annotated[Asked, Depends(asked)]) -> Answer:
        return answer(orders.place(asked, person_of(body), goods_of(body)))

    @app.post("/v1/orders/{order_id}/payments", status_code=201)
    def capture_payment(order_id: UUID, body: NewPayment, asked: Annotated[Asked, Depends(asked)]) -> Answer:
        money = body.amount
        return answer(
            orders.capture(asked, order_id, money.amount, money.currency, body.processor, body.reference)
        )

    return app


def _digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()
