"""Carts: goods put together for a customer to check out; one stream from cart to order. Source: I11, R-S5"""

from dataclasses import dataclass

from domain.causes import expect_cause
from domain.command import Command
from domain.customers.registering import RegisterCustomer, known_customer
from domain.decision import Decision, Given
from domain.ids import expect_id
from domain.orders.order import Draft, OrderUnknown, Placed
from domain.orders.order_events import CartPrepared, Terms
from domain.orders.placing import (
    already_placed,
    expect_buyer,
    goods_of,
    order_claims,
    order_placed,
    registration_of,
)
from domain.orders.pricing import AskedGoods, price_goods
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class PrepareCart(AskedGoods, frozen=True, kw_only=True):
    """Put goods together in a cart, for a known customer or for whoever will check out.

    Raises: ValueError.
    """

    customer: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.customer is not None:
            expect_id("cus", self.customer)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return () if self.customer is None else (self.customer,)


class CheckOutCart(Command, frozen=True, kw_only=True):
    """The customer orders what is in the cart, at its prices. Raises: ValueError."""

    order: str
    customer: str
    register: RegisterCustomer | None = None
    """The customer, where they are not yet known."""
    terms: Terms = "card"

    def __post_init__(self) -> None:
        expect_buyer(self.customer, self.register, self.terms)

    def writes(self) -> tuple[str, ...]:
        return (self.order, self.customer) if self.register else (self.order,)

    def reads(self) -> tuple[str, ...]:
        return () if self.register else (self.customer,)

    def facts_of(self) -> str | None:
        return self.customer


@dataclass(unsafe_hash=True)
class CartOfAnotherCustomer(Refusal):
    """This cart was prepared for another customer."""

    rule = "I11"
    way_out = (
        "Check the cart out for the customer it was prepared for, or prepare a new one for this customer."
    )

    order: str
    customer: str


@dataclass(unsafe_hash=True)
class CartBecameOrder(Refusal):
    """This cart has become an order."""

    rule = "H-retry"
    way_out = "Look at the order, which has the cart's id. For another order, prepare another cart."

    order: str


def prepare_cart(command: PrepareCart, given: Given) -> Decision:
    """Puts a cart together and claims its external reference within its channel.

    Checks, in this order: prices (I1); retry, which compares them, also when it was checked out since;
    customer known.
    """
    goods = price_goods(command)
    state = given.states[command.order]
    prepared = state.cart if isinstance(state, Placed) else state
    if isinstance(prepared, Draft):
        if prepared.cart.customer != command.customer or goods_of(prepared.cart) != goods:
            raise AlreadyRecordedOtherwise(command.order)
        return Decision(customer=command.customer, already=(prepared.position,))
    if state is not None:
        raise AlreadyRecordedOtherwise(command.order)
    if command.customer is not None:
        known_customer(given, command.customer)
    cart = CartPrepared(
        order=command.order,
        customer=command.customer,
        channel=goods.channel,
        external_ref=goods.external_ref,
        currency=goods.currency,
        lines=goods.lines,
        shipping=goods.shipping,
        shipping_tax=goods.shipping_tax,
        shipping_credit=goods.shipping_credit,
        total=goods.total,
    )
    return Decision(
        events=((command.order, cart),), claims=order_claims(command.order, goods), customer=command.customer
    )


def check_out_cart(command: CheckOutCart, given: Given) -> Decision:
    """Turns a cart into an order.

    Checks, in this order: retry; cart known; the customer it was prepared for; customer known, or registered
    with it; not before the cart.
    """
    state = given.states[command.order]
    if isinstance(state, Placed):
        if state.cart is None:
            raise AlreadyRecordedOtherwise(command.order)
        if (state.placed.customer, state.placed.terms) != (command.customer, command.terms):
            raise CartBecameOrder(command.order)
        return already_placed(state, command, given)
    if not isinstance(state, Draft):
        raise OrderUnknown(command.order)
    if state.cart.customer not in (None, command.customer):
        raise CartOfAnotherCustomer(command.order, command.customer)
    registration = registration_of(given, command.customer, command.register)
    expect_cause(state.at, given)
    placed = order_placed(command.order, goods_of(state.cart), command.customer, command.terms, given)
    return Decision(
        events=(*registration.events, (command.order, placed)),
        claims=registration.claims,
        customer=command.customer,
    )
