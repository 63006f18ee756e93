"""Products: what is sold, at which list price and cost."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.answers import Amount, Answer, Page, Receipt
from api.bodies import Money, Writing, one_currency
from api.call import Call, asked
from api.grammars import ProductInPath, ShortText, Sku
from api.paging import AsOfQuery, Paging, page_of_entries, single
from api.permissions import Permission
from api.problems import Fault, Invalid
from api.render import money
from api.section import Section
from domain.entry import Entry
from domain.orders.products import ListProduct, Product, RepriceProduct
from ledger.identity import mint

products = Section("products", "What is sold, at which list price and cost. An order states its own prices.")

PLACE = "/v1/products/"


class ListProductBody(Writing):
    """A product to offer."""

    sku: Sku
    description: ShortText
    list_price: Money
    our_cost: Money
    supplier: ShortText | None = Field(default=None, max_length=100)
    makes_redundant: list[Sku] = Field(default=[], max_length=100)


class RepriceProductBody(Writing):
    """New prices, in the currency the product is listed in."""

    list_price: Money
    our_cost: Money


class ProductsQuery(Paging):
    """One product by its SKU, or all."""

    sku: Sku | None = None


class ProductAnswer(Answer):
    """A product as of an entry of the book."""

    id: str
    version: int
    position: int
    sku: str
    description: str
    list_price: Amount
    our_cost: Amount
    supplier: str | None
    makes_redundant: list[str]


COLUMNS = tuple(ProductAnswer.model_fields)


@products.decision("/v1/products", Permission.KEEP_PRODUCTS, answers=Receipt)
async def list_product(call: Call, body: ListProductBody) -> Response:
    """Offer a product

    The SKU is unique in the book. `makes_redundant` names SKUs nobody needs who buys this one, so that honest
    advice can be given.
    """
    currency = one_currency((body.list_price, body.our_cost), ("/list_price", "/our_cost"))
    command = asked(
        ListProduct,
        product=mint("prd"),
        sku=body.sku,
        description=body.description,
        currency=currency,
        list_price=body.list_price.amount,
        our_cost=body.our_cost.amount,
        supplier=body.supplier,
        makes_redundant=tuple(body.makes_redundant),
    )
    return await call.decide(command, body, subject="prd", place=PLACE)


@products.question("/v1/products", Permission.READ, answers=Page[ProductAnswer], flat=True)
async def find_products(call: Call, query: Annotated[ProductsQuery, Query()]) -> Response:
    """Find a product by its SKU, or list all"""
    if query.sku is not None:
        holder = await call.book.claimed("sku", query.sku)
        return single(call, await _products(call, [holder] if holder else []), COLUMNS)

    async def shown(entries: list[Entry]) -> list[object]:
        return await _products(call, [entry.stream for entry in entries])

    return await page_of_entries(call, query, shown, types=frozenset({"product.listed"}), columns=COLUMNS)


@products.question("/v1/products/{product}", Permission.READ, answers=ProductAnswer)
async def show_product(call: Call, product: ProductInPath, query: AsOfQuery) -> Response:
    """Show a product"""
    shown = _shown(*await call.found_as_of(product, Product, query.at))
    return call.answer(shown, {"ETag": f'"{shown["version"]}"'})


@products.decision(
    "/v1/products/{product}/price", Permission.KEEP_PRODUCTS, answers=Receipt, conditional=True
)
async def reprice_product(call: Call, product: ProductInPath, body: RepriceProductBody) -> Response:
    """Give a product another list price or cost"""
    listed = (await call.found(product, Product)).listed
    amounts = (("/list_price", body.list_price), ("/our_cost", body.our_cost))
    others = tuple(
        Fault(place, "Should be in the currency the product is listed in")
        for place, amount in amounts
        if amount.currency != listed.currency
    )
    if others:
        raise Invalid(faults=others)
    command = asked(
        RepriceProduct, product=product, list_price=body.list_price.amount, our_cost=body.our_cost.amount
    )
    return await call.decide(command, body, subject="prd", stream=product, place=PLACE)


async def _products(call: Call, products: list[str]) -> list[object]:
    return [_shown(*found) for found in await call.found_all(products, Product)]


def _shown(state: Product, last: Entry) -> dict[str, object]:
    listed = state.listed
    return {
        "id": listed.product,
        "version": last.version,
        "position": last.position,
        "sku": listed.sku,
        "description": listed.description,
        "list_price": money(state.list_price, listed.currency),
        "our_cost": money(state.our_cost, listed.currency),
        "supplier": listed.supplier,
        "makes_redundant": list(listed.makes_redundant),
    }
