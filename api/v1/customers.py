"""Customers: who they are, how to reach them, what they may pay with; and finding one by what they say."""

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field, model_validator
from starlette.responses import Response

from api.answers import Answer, Receipt
from api.bodies import Body, Writing
from api.call import Call, asked
from api.grammars import (
    TEXT,
    Brand,
    Channel,
    ContactPointInPath,
    CustomerInPath,
    CustomerReference,
    Expiry,
    LastFour,
    ShortText,
    Token,
    contact_value,
)
from api.lists import RowsPage
from api.paging import AsOfQuery
from api.permissions import Permission
from api.render import Opened
from api.section import Section
from api.v1.customer_list import CustomerItemAnswer, CustomersQuery, customers_found
from domain.customers.registering import (
    AddContactPoint,
    ContactPoint,
    Customer,
    InvalidateContactPoint,
    PaymentMethodStored,
    RegisterCustomer,
    StorePaymentMethod,
)
from domain.entry import Entry
from ledger.identity import mint
from ledger.record.submission import Lookup

customers = Section(
    "customers", "Who orders, how to reach them and what they may pay with. Personal data is kept sealed."
)

PLACE = "/v1/customers/"
LOOKED_UP = {"email": "email", "phone": "phone", "fax": "phone"}
"""Kind of contact point → kind of blind-index row. Postal addresses are not looked up."""


class ContactPointBody(Body):
    """One way to reach a customer."""

    kind: Literal["email", "phone", "mail", "fax"]
    value: Annotated[str, Field(max_length=500, pattern=TEXT, examples=["ann@example.com"])]

    @model_validator(mode="after")
    def _looks_like_its_kind(self) -> "ContactPointBody":
        contact_value(self.kind, self.value)
        return self


class NewCustomer(Body):
    """A customer as the caller knows them."""

    name: ShortText | None = None
    external_ref: CustomerReference | None = Field(
        default=None, description="The customer's id in the shop; unique per channel."
    )
    contact_points: list[ContactPointBody] = Field(default=[], max_length=50)


class RegisterCustomerBody(NewCustomer, Writing):
    """A customer to register."""

    channel: Channel = "api"


class AddContactPointBody(Writing):
    """A contact point to add."""

    contact_point: ContactPointBody


class InvalidateContactPointBody(Writing):
    """Nothing but when and why."""


class StorePaymentMethodBody(Writing):
    """A card as the processor's token. The number itself never comes here."""

    token: Token
    brand: Brand
    last4: LastFour
    expiry: Expiry
    reuse_consent: bool = Field(
        description="Whether the customer agreed that this card is tried again later."
    )


class ContactPointAnswer(Answer):
    """A way to reach a customer."""

    id: str
    kind: str
    value: str
    valid: bool


class PaymentMethodAnswer(Answer):
    """A card on file."""

    id: str
    token: str
    brand: str
    last4: str
    expiry: str
    reuse_consent: bool


class CustomerAnswer(Answer):
    """A customer as of an entry of the book."""

    id: str
    version: int
    position: int
    name: str | None
    channel: str
    external_ref: str | None
    contact_points: list[ContactPointAnswer]
    payment_methods: list[PaymentMethodAnswer]


@customers.decision("/v1/customers", Permission.SERVE_CUSTOMERS, answers=Receipt)
async def register_customer(call: Call, body: RegisterCustomerBody) -> Response:
    """Register a customer

    Nobody is matched by email or name: two people may share both. The external reference is unique within its
    channel.
    """
    customer = mint("cus")
    call.seal_under_new_key(customer)
    command, lookups = await registration(call, customer, body, body.channel)
    return await call.decide(command, body, subject="cus", of=customer, place=PLACE, lookups=lookups)


@customers.question("/v1/customers", Permission.READ, answers=RowsPage[CustomerItemAnswer], lists_rows=True)
async def find_customers(call: Call, query: Annotated[CustomersQuery, Query()]) -> Response:
    """Find customers by email, phone, external reference or whole name, or list all

    Email and phone are compared by keyed digests, the way they are commonly written: case, blanks and
    punctuation do not matter. Who is named exactly is looked up in the record itself, so whoever was just
    registered is found. Every other list is of rows that follow the record within moments; `min_position`
    waits for them.
    """
    return await customers_found(call, query)


@customers.question("/v1/customers/{customer}", Permission.READ, answers=CustomerAnswer)
async def show_customer(call: Call, customer: CustomerInPath, query: AsOfQuery) -> Response:
    """Show a customer

    Without the permission `read_personal`, names and contact points read `[withheld]`; after an erasure,
    `[erased]`.
    """
    state, last = await call.found_as_of(customer, Customer, query.at)
    (shown,) = await _shown(call, [(state, last)])
    return call.answer(shown, {"ETag": f'"{last.version}"'})


@customers.decision(
    "/v1/customers/{customer}/contact-points", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def add_contact_point(call: Call, customer: CustomerInPath, body: AddContactPointBody) -> Response:
    """Add a way to reach a customer"""
    await call.found(customer, Customer)
    point = await _contact_point(call, customer, body.contact_point)
    command = asked(AddContactPoint, customer=customer, contact_point=point)
    lookups = _lookups(call, customer, None, [body.contact_point])
    return await call.decide(
        command, body, subject="cus", of=customer, stream=customer, place=PLACE, lookups=lookups
    )


@customers.decision(
    "/v1/customers/{customer}/contact-points/{contact_point}/invalidation",
    Permission.SERVE_CUSTOMERS,
    answers=Receipt,
    conditional=True,
)
async def invalidate_contact_point(
    call: Call, customer: CustomerInPath, contact_point: ContactPointInPath, body: InvalidateContactPointBody
) -> Response:
    """Note that a contact point no longer reaches the customer

    It stays on record: what was tried, and where, is part of the story.
    """
    command = asked(InvalidateContactPoint, customer=customer, contact_point=contact_point)
    return await call.decide(command, body, subject="cus", of=customer, stream=customer, place=PLACE)


@customers.decision(
    "/v1/customers/{customer}/payment-methods", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def store_payment_method(
    call: Call, customer: CustomerInPath, body: StorePaymentMethodBody
) -> Response:
    """Put a card on file, as the processor's token"""
    command = asked(
        StorePaymentMethod,
        customer=customer,
        payment_method=mint("pm"),
        token=body.token,
        brand=body.brand,
        last4=body.last4,
        expiry=body.expiry,
        reuse_consent=body.reuse_consent,
    )
    return await call.decide(command, body, subject="cus", of=customer, stream=customer, place=PLACE)


async def registration(
    call: Call, customer: str, new: NewCustomer, channel: str
) -> tuple[RegisterCustomer, tuple[Lookup, ...]]:
    """The command that registers this customer, sealed, and the rows by which they will be found."""
    command = asked(
        RegisterCustomer,
        customer=customer,
        name=None if new.name is None else await call.seal(customer, "name", new.name),
        channel=channel,
        external_ref=new.external_ref,
        contact_points=tuple([await _contact_point(call, customer, point) for point in new.contact_points]),
    )
    return command, _lookups(call, customer, new.name, new.contact_points)


async def _contact_point(call: Call, customer: str, point: ContactPointBody) -> ContactPoint:
    value = await call.seal(customer, "contact_point", point.value)
    return asked(ContactPoint, id=mint("con"), kind=point.kind, value=value)


def _lookups(
    call: Call, customer: str, name: str | None, points: list[ContactPointBody]
) -> tuple[Lookup, ...]:
    rows = {
        call.sealer.lookup(LOOKED_UP[point.kind], point.value, customer)
        for point in points
        if point.kind in LOOKED_UP
    }
    if name is not None:
        rows.add(call.sealer.lookup("name", name, customer))
    return tuple(rows)


async def _shown(call: Call, found: list[tuple[Customer, Entry]]) -> list[object]:
    opened = await call.reading.texts(text for state, _ in found for text in _sealed_in(state))
    return [_answer(state, last, opened) for state, last in found]


def _sealed_in(state: Customer) -> Iterator[str]:
    if state.registered.name is not None:
        yield state.registered.name
    for known in state.contact_points.values():
        yield known.contact_point.value


def _answer(state: Customer, last: Entry, opened: Opened) -> dict[str, object]:
    name = state.registered.name
    points = [
        {
            "id": known.contact_point.id,
            "kind": known.contact_point.kind,
            "value": opened[known.contact_point.value],
            "valid": known.invalidated is None,
        }
        for known in state.contact_points.values()
    ]
    return {
        "id": state.registered.customer,
        "version": last.version,
        "position": last.position,
        "name": None if name is None else opened[name],
        "channel": state.registered.channel,
        "external_ref": state.registered.external_ref,
        "contact_points": points,
        "payment_methods": [_payment_method(known.stored) for known in state.payment_methods.values()],
    }


def _payment_method(stored: PaymentMethodStored) -> dict[str, object]:
    return {
        "id": stored.payment_method,
        "token": stored.token,
        "brand": stored.brand,
        "last4": stored.last4,
        "expiry": stored.expiry,
        "reuse_consent": stored.reuse_consent,
    }
