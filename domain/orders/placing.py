"""Placing an order: whoever orders gets the goods; prices, terms, standing and the guarantee are frozen.

Source: R-D1, R-D5, R-G1, I1
"""

from typing import Protocol, get_args

from domain.bills.watching import overdue_on
from domain.command import OutOfRange
from domain.customers.registering import RegisterCustomer, known_customer, register_customer
from domain.customers.standing import standing
from domain.deadlines import deadlines_of_order
from domain.decision import Claim, Decision, Given
from domain.ids import expect_id
from domain.moments import day_of
from domain.orders.guarantees import terms_in_force
from domain.orders.order import Placed
from domain.orders.order_events import CartPrepared, OrderPlaced, Terms
from domain.orders.pricing import AskedGoods, PricedGoods, price_goods
from domain.retry import AlreadyRecordedOtherwise

TERMS: tuple[Terms, ...] = get_args(Terms)


class PlaceOrder(AskedGoods, frozen=True, kw_only=True):
    """Place an order for a known customer, or for one registered in the same append. Raises: ValueError."""

    customer: str
    register: RegisterCustomer | None = None
    """The customer, where they are not yet known; a customer already registered just so stays as they are."""
    terms: Terms = "card"

    def __post_init__(self) -> None:
        super().__post_init__()
        expect_buyer(self.customer, self.register, self.terms)

    def writes(self) -> tuple[str, ...]:
        return (self.order, self.customer) if self.register else (self.order,)

    def reads(self) -> tuple[str, ...]:
        return () if self.register else (self.customer,)

    def facts_of(self) -> str | None:
        return self.customer


class Buying(Protocol):
    """Who buys, on which terms: what placing an order and checking out a cart have in common."""

    @property
    def customer(self) -> str: ...
    @property
    def register(self) -> RegisterCustomer | None: ...
    @property
    def terms(self) -> Terms: ...


def expect_buyer(customer: str, register: RegisterCustomer | None, terms: Terms) -> None:
    """A customer, registered under the same id if at all, and terms that exist. Raises: ValueError."""
    expect_id("cus", customer)
    if register is not None and register.customer != customer:
        raise OutOfRange("register", "must name the customer who orders")
    if terms not in TERMS:
        raise OutOfRange("terms", f"must be one of {', '.join(TERMS)}")


def place_order(command: PlaceOrder, given: Given) -> Decision:
    """Places an order and claims its external reference within its channel.

    Checks, in this order: prices (I1); retry, which compares them; customer known, or registered with it.
    """
    state = given.states[command.order]
    goods = price_goods(command)
    if isinstance(state, Placed) and state.cart is None and goods_of(state.placed) == goods:
        return already_placed(state, command, given)
    if state is not None:
        raise AlreadyRecordedOtherwise(command.order)
    registration = registration_of(given, command.customer, command.register)
    placed = order_placed(command.order, goods, command.customer, command.terms, given)
    return Decision(
        events=(*registration.events, (command.order, placed)),
        claims=(*registration.claims, *order_claims(command.order, goods)),
        customer=command.customer,
    )


def already_placed(state: Placed, asked: Buying, given: Given) -> Decision:
    """The order as it was placed.

    Raises: AlreadyRecordedOtherwise for another customer, registered otherwise, or other terms.
    """
    it = state.placed
    if (it.customer, it.terms) != (asked.customer, asked.terms):
        raise AlreadyRecordedOtherwise(it.order)
    registration_of(given, asked.customer, asked.register)
    return Decision(customer=it.customer, already=state.positions)


def registration_of(given: Given, customer: str, register: RegisterCustomer | None) -> Decision:
    """What registers the customer who orders; nothing where they are known already.

    Raises: CustomerUnknown, AlreadyRecordedOtherwise.
    """
    if register is not None:
        return register_customer(register, given)
    known_customer(given, customer)
    return Decision()


def order_placed(order: str, goods: PricedGoods, customer: str, terms: Terms, given: Given) -> OrderPlaced:
    """The order as frozen: prices, the customer's standing and what it rests on, the guarantee promised."""
    found = standing(given.customer)
    ordered_on = day_of(given.at, given.book.zone)
    overdue = overdue_on(given.customer, ordered_on)
    is_covered = terms == "bill_after" or goods.total == 0
    return OrderPlaced(
        order=order,
        customer=customer,
        channel=goods.channel,
        external_ref=goods.external_ref,
        currency=goods.currency,
        terms=terms,
        ordered_on=ordered_on,
        lines=goods.lines,
        shipping=goods.shipping,
        shipping_tax=goods.shipping_tax,
        shipping_credit=goods.shipping_credit,
        total=goods.total,
        standing=found.kind,
        standing_rests_on=found.rests_on,
        guarantee=terms_in_force(given.policy, given.at),
        watched_for=overdue,
        deadlines=deadlines_of_order(given, is_covered=is_covered, is_watched=bool(overdue)),
    )


def order_claims(order: str, goods: PricedGoods) -> tuple[Claim, ...]:
    """The external reference of an order or cart, unique within its channel."""
    if goods.external_ref is None:
        return ()
    return (Claim("order_ref", f"{goods.channel}/{goods.external_ref}", order),)


def goods_of(it: CartPrepared | OrderPlaced) -> PricedGoods:
    """What a cart or order holds, as it was priced."""
    return PricedGoods(
        channel=it.channel,
        external_ref=it.external_ref,
        currency=it.currency,
        lines=it.lines,
        shipping=it.shipping,
        shipping_tax=it.shipping_tax,
        shipping_credit=it.shipping_credit,
        total=it.total,
    )
