"""Products: what is sold, at which list price, at what cost to us, from whom; the stream `prd_…`, the sku
claimed.

An order states its own prices; the list price serves where none was paid (R-G4) and the cost what we bear.
Source: R-G4, R-P6
"""

from dataclasses import dataclass

import msgspec

from domain.causes import expect_cause
from domain.command import LONGEST_TEXT, Command, OutOfRange, expect_amount, expect_text
from domain.decision import Claim, Decision, Given
from domain.entry import Entry, Event, Minor
from domain.ids import expect_id
from domain.moments import Moment
from domain.money import is_currency
from domain.orders.pricing import CurrencyUnknown
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise

MOST_REDUNDANT = 100


class ProductListed(Event, frozen=True, kw_only=True):
    """A product is offered under a sku."""

    product: str
    sku: str
    description: str
    currency: str
    list_price: Minor
    our_cost: Minor
    supplier: str | None
    makes_redundant: tuple[str, ...]
    """Skus nobody needs who buys this one: advise against them. Source: R-P6"""


class ProductRepriced(Event, frozen=True, kw_only=True):
    """A product has another list price or cost from now on."""

    product: str
    sku: str
    currency: str
    list_price: Minor
    our_cost: Minor


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a product's stream: as listed, at its current prices."""

    listed: ProductListed
    position: int
    list_price: int
    our_cost: int
    listed_at: Moment
    priced_at: int
    """Position that set the current prices."""


def evolve_product(state: Product | None, entry: Entry) -> Product:
    """The product after one more entry of its stream. Raises: TypeError for an event of another stream."""
    match entry.event, state:
        case ProductListed() as it, None:
            return Product(
                listed=it,
                position=entry.position,
                list_price=it.list_price,
                our_cost=it.our_cost,
                listed_at=entry.effective_at,
                priced_at=entry.position,
            )
        case ProductRepriced() as it, Product():
            return msgspec.structs.replace(
                state, list_price=it.list_price, our_cost=it.our_cost, priced_at=entry.position
            )
        case event, _:
            raise TypeError(f"{type(event).__name__} does not belong at {entry.stream} {entry.version}")


class ListProduct(Command, frozen=True, kw_only=True):
    """Offer a product under a sku."""

    product: str
    sku: str
    description: str
    currency: str
    list_price: Minor
    our_cost: Minor
    supplier: str | None = None
    makes_redundant: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        expect_id("prd", self.product)
        expect_text("sku", self.sku)
        expect_text("description", self.description, LONGEST_TEXT)
        expect_amount("list_price", self.list_price)
        expect_amount("our_cost", self.our_cost)
        expect_text("supplier", self.supplier)
        if len(self.makes_redundant) > MOST_REDUNDANT:
            raise OutOfRange("makes_redundant", f"must name at most {MOST_REDUNDANT} skus")
        for sku in self.makes_redundant:
            expect_text("makes_redundant", sku)

    def writes(self) -> tuple[str, ...]:
        return (self.product,)


class RepriceProduct(Command, frozen=True, kw_only=True):
    """Give a product another list price or cost, in the currency it is listed in."""

    product: str
    list_price: Minor
    our_cost: Minor

    def __post_init__(self) -> None:
        expect_amount("list_price", self.list_price)
        expect_amount("our_cost", self.our_cost)

    def writes(self) -> tuple[str, ...]:
        return (self.product,)


@dataclass(unsafe_hash=True)
class ProductUnknown(Refusal):
    """No product with this id is listed in this book."""

    rule = "H-known"
    way_out = "List the product first, or find its id by its sku."

    product: str


def list_product(command: ListProduct, given: Given) -> Decision:
    """Lists a product and claims its sku. Checks: retry; currency known (I1)."""
    event = ProductListed(
        product=command.product,
        sku=command.sku,
        description=command.description,
        currency=command.currency,
        list_price=command.list_price,
        our_cost=command.our_cost,
        supplier=command.supplier,
        makes_redundant=command.makes_redundant,
    )
    state = given.state(command.product, Product)
    if state is not None:
        if state.listed != event:
            raise AlreadyRecordedOtherwise(command.product)
        return Decision(already=(state.position,))
    if not is_currency(command.currency):
        raise CurrencyUnknown(command.currency)
    return Decision(events=((command.product, event),), claims=(Claim("sku", command.sku),))


def reprice_product(command: RepriceProduct, given: Given) -> Decision:
    """Sets a product's list price and cost.

    Checks, in this order: product known; retry, which is: these are its prices already; not before it was
    listed.
    """
    state = given.state(command.product, Product)
    if state is None:
        raise ProductUnknown(command.product)
    if (state.list_price, state.our_cost) == (command.list_price, command.our_cost):
        return Decision(already=(state.priced_at,))
    expect_cause(state.listed_at, given)
    event = ProductRepriced(
        product=command.product,
        sku=state.listed.sku,
        currency=state.listed.currency,
        list_price=command.list_price,
        our_cost=command.our_cost,
    )
    return Decision(events=((command.product, event),))
